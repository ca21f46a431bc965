import { Readable, Writable } from "node:stream";
import { feed } from "../feed.js";
import type { ExecOptions } from "../transport.js";

/** Sends one piece of input, which fits a message; rejects when the command takes no more. */
export type SendInput = (piece: Uint8Array, end: boolean) => Promise<void>;

/** A command's standard input: pieces no larger than a message carries, one after the other, and then its end. */
export class StandardInput {
  readonly #sink: Writable;
  readonly #source: Readable | null;

  /**
   * Begins to write.
   * @param onError told once when the input could not be sent; nothing is sent after that
   */
  constructor(
    stdin: NonNullable<ExecOptions["stdin"]>,
    mostBytes: number,
    send: SendInput,
    onError: (error: unknown) => void,
  ) {
    this.#sink = new Writable({
      highWaterMark: mostBytes,
      write: (chunk: Buffer, _encoding, done) => {
        void settle(inPieces(chunk, mostBytes, send), done);
      },
      final: (done) => {
        void settle(send(Buffer.alloc(0), true), done);
      },
    });
    this.#sink.on("error", onError);
    if (stdin instanceof Readable) {
      this.#source = stdin;
      feed(stdin, this.#sink);
    } else {
      this.#source = null;
      this.#sink.end(typeof stdin === "string" ? Buffer.from(stdin, "utf8") : Buffer.from(stdin));
    }
  }

  /** Sends what was written, and the end. */
  end(): void {
    this.#source?.unpipe(this.#sink);
    this.#sink.end();
  }

  /** Sends nothing more. */
  destroy(): void {
    this.#source?.unpipe(this.#sink);
    this.#sink.destroy();
  }
}

async function inPieces(chunk: Buffer, mostBytes: number, send: SendInput): Promise<void> {
  for (let from = 0; from < chunk.length; from += mostBytes) {
    await send(chunk.subarray(from, from + mostBytes), false);
  }
}

async function settle(work: Promise<void>, done: (error: Error | null) => void): Promise<void> {
  let failure: Error | null = null;
  try {
    await work;
  } catch (thrown) {
    failure = thrown instanceof Error ? thrown : new Error(String(thrown));
  }
  done(failure);
}
