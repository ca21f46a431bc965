import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { ExecOptions } from "./transport.js";

/** Bytes of each stream kept in a result when the caller names no cap. */
export const DEFAULT_CAP_BYTES = 64 * 1024;

/** One output stream of a command: the first bytes are kept, and once they are too many, all of them go to a file. */
class CappedStream {
  readonly #capBytes: number;
  readonly #file: string | null;
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #descriptor: number | null = null;
  #fileFailed = false;
  truncated = false;

  constructor(capBytes: number, file: string | null) {
    this.#capBytes = capBytes;
    this.#file = file;
  }

  add(chunk: Uint8Array): void {
    const room = this.#capBytes - this.#keptBytes;
    if (!this.truncated && chunk.length > room) {
      this.truncated = true;
      this.#openFile();
    }
    if (this.truncated) this.#write(chunk);
    if (room <= 0) return;
    // A copy: the chunk may be a view on a buffer that the transport uses again.
    const part = Uint8Array.from(chunk.subarray(0, room));
    this.#kept.push(part);
    this.#keptBytes += part.length;
  }

  /** The kept bytes as text. A character that the cap cut in two is left out, not shown as a replacement. */
  text(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(this.#kept), {
      stream: this.truncated,
    });
  }

  /** Closes the file; its path when it holds the whole stream. */
  close(): string | null {
    const written = this.#descriptor !== null;
    this.#closeFile();
    return written && !this.#fileFailed ? this.#file : null;
  }

  #openFile(): void {
    if (this.#file === null) return;
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      this.#descriptor = openSync(this.#file, "w", 0o600);
    } catch {
      this.#fileFailed = true;
      return;
    }
    for (const part of this.#kept) this.#write(part);
  }

  #write(chunk: Uint8Array): void {
    if (this.#descriptor === null || this.#fileFailed) return;
    try {
      let offset = 0;
      while (offset < chunk.length) offset += writeSync(this.#descriptor, chunk, offset);
    } catch {
      // A file that lacks a part would be taken for the whole stream: it is not kept, and not listed in the result.
      this.#fileFailed = true;
      this.#closeFile();
      if (this.#file !== null) rmSync(this.#file, { force: true });
    }
  }

  #closeFile(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}

/** What one command wrote. Its files are written synchronously: 32 KiB pieces to the page cache, and in order. */
export class OutputCapture {
  readonly #streams: { readonly stdout: CappedStream; readonly stderr: CappedStream };
  readonly #onOutput: ExecOptions["onOutput"];
  /** `performance.now()` of the last piece. */
  lastAt = 0;
  /** What `onOutput` threw first; nothing is passed to it after that. */
  callbackError: unknown = undefined;

  constructor(options: ExecOptions) {
    const cap = options.capBytes ?? DEFAULT_CAP_BYTES;
    const fileOf = (name: string): string | null =>
      options.evidencePrefix === undefined ? null : `${options.evidencePrefix}.${name}`;
    this.#streams = {
      stdout: new CappedStream(cap, fileOf("stdout")),
      stderr: new CappedStream(cap, fileOf("stderr")),
    };
    this.#onOutput = options.onOutput;
  }

  add(stream: "stdout" | "stderr", chunk: Uint8Array): void {
    this.lastAt = performance.now();
    this.#streams[stream].add(chunk);
    if (this.#onOutput === undefined || this.callbackError !== undefined) return;
    try {
      this.#onOutput(stream, chunk);
    } catch (thrown) {
      this.callbackError = thrown ?? new Error("onOutput failed");
    }
  }

  /** Closes the evidence files and returns the output's part of an `ExecResult`. */
  finish(): {
    readonly stdout: string;
    readonly stderr: string;
    readonly truncated: { readonly stdout: boolean; readonly stderr: boolean };
    readonly evidenceFiles: readonly string[];
  } {
    const { stdout, stderr } = this.#streams;
    const files = [stdout.close(), stderr.close()].filter((file) => file !== null);
    return {
      stdout: stdout.text(),
      stderr: stderr.text(),
      truncated: { stdout: stdout.truncated, stderr: stderr.truncated },
      evidenceFiles: files,
    };
  }
}
