import { Readable, Writable } from "node:stream";
import { feed } from "./feed.js";
import type { ExecOptions } from "./transport.js";

/** Sends one piece of input, which fits a message; rejects when the command takes no more. */
export type SendInput = (piece: Uint8Array, end: boolean) => Promise<void>;

/** A command's standard input: pieces no larger than a message carries, one after the other, and with the last of them its end. */
export class StandardInput {
  readonly #mostBytes: number;
  readonly #send: SendInput;
  /** Where a stream is read into; null for input that is here already. */
  readonly #sink: Writable | null;
  readonly #source: Readable | null;
  #destroyed = false;
  #sending: Promise<void> = Promise.resolve();

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
    this.#mostBytes = mostBytes;
    this.#send = send;
    if (stdin instanceof Readable) {
      this.#source = stdin;
      this.#sink = this.#openSink(onError);
      feed(stdin, this.#sink);
    } else {
      this.#source = null;
      this.#sink = null;
      const input = typeof stdin === "string" ? Buffer.from(stdin, "utf8") : Buffer.from(stdin);
      this.#write(input, true).catch(onError);
    }
  }

  /** Settles when nothing is on its way; never rejects. */
  get idle(): Promise<void> {
    return this.#sending;
  }

  /** Sends what was written, and the end. */
  end(): void {
    if (this.#sink !== null) this.#source?.unpipe(this.#sink);
    this.#sink?.end();
  }

  /** Sends nothing more. */
  destroy(): void {
    this.#destroyed = true;
    if (this.#sink !== null) this.#source?.unpipe(this.#sink);
    this.#sink?.destroy();
  }

  #openSink(onError: (error: unknown) => void): Writable {
    const sink = new Writable({
      highWaterMark: this.#mostBytes,
      write: (chunk: Buffer, _encoding, done) => void settle(this.#write(chunk, false), done),
      final: (done) => void settle(this.#write(Buffer.alloc(0), true), done),
    });
    sink.on("error", onError);
    return sink;
  }

  async #write(chunk: Buffer, end: boolean): Promise<void> {
    for (let from = 0; !this.#destroyed; from += this.#mostBytes) {
      const next = from + this.#mostBytes;
      const isLast = next >= chunk.length;
      const sent = this.#send(chunk.subarray(from, next), end && isLast);
      this.#sending = sent.catch(() => {});
      await sent;
      if (isLast) return;
    }
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
