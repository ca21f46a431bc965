import { randomUUID } from "node:crypto";
import { PassThrough, type Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { FaultError } from "./faults.js";
import type { RunningCommand } from "./interpreter.js";
import type { OutputStream } from "./operation.js";

/** A piece of one output stream: one `Stream` element. */
export interface Piece {
  readonly stream: OutputStream;
  readonly data: Buffer;
}

/** What a Receive brings: `exitCode` is there once the command is done and its output handed out. */
export interface Received {
  readonly pieces: readonly Piece[];
  readonly exitCode: number | undefined;
}

/** What output may take of an answer. */
export interface Room {
  /** Characters of XML, of all pieces. */
  readonly characters: number;
  /** Bytes of the largest piece. */
  readonly pieceBytes: number;
}

/** Characters that the element of a piece needs beside its base64. */
const PIECE_OVERHEAD = 120;
/** Bytes of output that are held for a client that does not fetch them; then the command has to wait. */
const MOST_HELD = 1024 * 1024;
/** Milliseconds without output after which a command that has ended is taken to be done, and how often they are waited for. */
const QUIET_MS = 250;
const MOST_WAITS = 8;

/** One command of a shell: its output until it is fetched, and its end. */
export class ShellCommand {
  readonly id = randomUUID().toUpperCase();
  readonly #stdin = new PassThrough();
  readonly #running: RunningCommand;
  #held: Piece[] = [];
  #heldBytes = 0;
  #exitCode: number | undefined;
  #receiving = false;
  /** Bytes of output that have come so far. */
  #seen = 0;
  readonly #stopping = new AbortController();
  /** Wakes the Receive that waits. */
  #wake: () => void = () => {};
  #finished = false;

  constructor(
    readonly commandLine: string,
    start: (stdin: Readable) => RunningCommand,
  ) {
    this.#running = start(this.#stdin);
    const closed = Promise.all([this.#follow("stdout"), this.#follow("stderr")]);
    void this.#running.exitCode.then(async (code) => {
      await this.#drained(closed);
      this.#exitCode = code;
      this.#wake();
    });
  }

  /** Whether a process of it may still run. */
  get running(): boolean {
    return this.#exitCode === undefined;
  }

  /** Whether its end has been fetched: Windows then no longer knows the command. */
  get finished(): boolean {
    return this.#finished;
  }

  /**
   * Waits for output or the end.
   * @throws FaultError TimedOut, Concurrency.
   */
  async receive(streams: readonly OutputStream[], room: Room, waiting: AbortSignal): Promise<Received> {
    if (this.#receiving) throw new FaultError("Concurrency");
    this.#receiving = true;
    try {
      while (!this.#has(streams) && this.running) {
        if (waiting.aborted) throw new FaultError("TimedOut");
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          waiting.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      const pieces = this.#take(streams, room);
      this.#finished = !this.running && !this.#has(streams);
      return { pieces, exitCode: this.#finished ? this.#exitCode : undefined };
    } finally {
      this.#receiving = false;
      this.#wake = () => {};
    }
  }

  /** @throws FaultError InputClosed. */
  send(data: Buffer, end: boolean): void {
    if (!this.running || this.#stdin.writableEnded) throw new FaultError("InputClosed");
    this.#stdin.write(data);
    if (end) this.#stdin.end();
  }

  interrupt(): void {
    this.#running.interrupt();
  }

  /** Ends the command; its output is no longer waited for. */
  stop(): void {
    this.#stopping.abort();
    this.#running.stop();
  }

  async #follow(stream: OutputStream): Promise<void> {
    const source = this.#running[stream];
    source.on("data", (data: Buffer) => {
      this.#held.push({ stream, data });
      this.#heldBytes += data.length;
      this.#seen += data.length;
      if (this.#heldBytes > MOST_HELD) source.pause();
      this.#wake();
    });
    await new Promise<void>((resolve) => {
      source.once("close", resolve);
      source.once("error", () => resolve());
    });
  }

  /** A process in the background may hold the output open: what has ended is done when nothing more comes, or not for long. */
  async #drained(closed: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    const ended = Promise.race([closed, once(this.#stopping.signal)]).then(() => over.abort());
    for (let waits = 0; waits < MOST_WAITS && !over.signal.aborted;) {
      const before = this.#seen;
      await Promise.race([ended, pause(QUIET_MS, undefined, { signal: over.signal }).catch(() => {})]);
      // While the client does not fetch what is held, nothing can come.
      if (this.#heldBytes > MOST_HELD) continue;
      if (this.#seen === before) return;
      waits += 1;
    }
  }

  #has(streams: readonly OutputStream[]): boolean {
    return this.#held.some(({ stream }) => streams.includes(stream));
  }

  /** Cuts what is held into pieces that fit; what does not stays held, in its order. */
  #take(streams: readonly OutputStream[], { characters, pieceBytes }: Room): Piece[] {
    const taken: Piece[] = [];
    const kept: Piece[] = [];
    let left = characters;
    for (const { stream, data } of this.#held) {
      let from = 0;
      while (streams.includes(stream) && from < data.length) {
        // Base64 makes four characters of three bytes.
        const fits = Math.min(pieceBytes, Math.floor((left - PIECE_OVERHEAD) / 4) * 3);
        if (fits < 1) left = 0;
        if (left === 0) break;
        const part = data.subarray(from, from + fits);
        taken.push({ stream, data: part });
        from += part.length;
        left -= PIECE_OVERHEAD + Math.ceil(part.length / 3) * 4;
      }
      if (from < data.length) kept.push({ stream, data: data.subarray(from) });
      this.#heldBytes -= from;
    }
    this.#held = kept;
    if (this.#heldBytes <= MOST_HELD) {
      this.#running.stdout.resume();
      this.#running.stderr.resume();
    }
    return taken;
  }
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
