import type { FileHandle } from "node:fs/promises";
import { messageOf, TyrianError } from "../errors.js";

interface Waiting {
  readonly line: string;
  readonly barrier: boolean;
  readonly written: () => void;
  readonly resolve: () => void;
  readonly reject: (reason: TyrianError) => void;
}

/**
 * Writes lines to a file in the order in which they were given, with group commit: lines that wait while the disk is
 * busy go out together, in one write and, if one of them is a barrier, one fsync. The first failure is final: it rejects
 * that line and all after it with the same `journal-write-failed`, so that nothing is lost unnoticed.
 */
export class LineWriter {
  readonly #file: FileHandle;
  #waiting: Waiting[] = [];
  #working: Promise<void> | null = null;
  #failure: TyrianError | null = null;
  #closing = false;

  /** The writer owns the handle, which must be open for appending, and closes it. */
  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Why writing has stopped; null while all is well. */
  get failure(): TyrianError | null {
    return this.#failure;
  }

  /**
   * Resolves when the line is written; with `barrier`, when it is on disk. `written` is called just before, in order.
   * @throws TyrianError `journal-write-failed`
   */
  write(line: string, barrier: boolean, written: () => void): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#closing) {
      return Promise.reject(new TyrianError("journal-write-failed", "the journal is closed"));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, barrier, written, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  /** Writes what waits, puts all of it on disk and closes the file. Rejects with the failure if there was one. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    try {
      while (this.#working !== null) await this.#working;
      if (this.#failure === null) await this.#file.sync();
    } catch (error) {
      this.#fail(error);
    } finally {
      await this.#file.close();
    }
    if (this.#failure !== null) throw this.#failure;
  }

  async #work(): Promise<void> {
    // One turn of the microtask queue: appends made in the same turn share the first write too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#writeWhole(Buffer.from(batch.map(({ line }) => line).join("")));
        if (batch.some(({ barrier }) => barrier)) await this.#file.sync();
      } catch (error) {
        const failure = this.#fail(error);
        for (const { reject } of [...batch, ...this.#waiting]) reject(failure);
        this.#waiting = [];
        break;
      }
      for (const { written, resolve } of batch) {
        written();
        resolve();
      }
    }
    this.#working = null;
  }

  async #writeWhole(bytes: Buffer): Promise<void> {
    let offset = 0;
    while (offset < bytes.length) {
      const { bytesWritten } = await this.#file.write(bytes, offset, bytes.length - offset, null);
      if (bytesWritten === 0) throw new Error("the file takes no more bytes");
      offset += bytesWritten;
    }
  }

  #fail(error: unknown): TyrianError {
    this.#failure ??= new TyrianError(
      "journal-write-failed",
      `the journal could not be written: ${messageOf(error)}`,
      { cause: error },
    );
    return this.#failure;
  }
}
