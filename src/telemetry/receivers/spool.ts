import { mkdir, open, readdir, truncate, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { messageOf, TyrianError } from "../../errors.js";
import { LineSplitter } from "../line-splitter.js";

export interface SpoolOptions {
  /** Bytes after which the oldest lines are dropped, by the segment. */
  readonly maximumBytes: number;
  /** Bytes of one file. */
  readonly segmentBytes: number;
}

/** Where a line is: the number of its file and its place in it, both counted from 1. The same after a restart. */
export interface Place {
  readonly segment: number;
  readonly line: number;
}

interface Segment {
  readonly number: number;
  readonly file: string;
  /** When its first line was written, milliseconds since 1970. */
  readonly since: number;
  bytes: number;
}

interface Waiting {
  readonly lines: readonly string[];
  readonly resolve: (first: Place) => void;
  readonly reject: (reason: unknown) => void;
}

const namePattern = /^records-(\d{8})-(\d{13})\.ndjson$/;
/** Characters that one write takes: a commit serves all who wait, within reason. */
const WRITE_CHARACTERS = 8 * 1024 * 1024;

/**
 * The lines that receivers took, in files of NDJSON, in order. A line that `append` has confirmed is on disk: all who wait
 * share one write and one fdatasync. One process at a time has a spool.
 */
export class Spool {
  readonly #folder: string;
  readonly #options: SpoolOptions;
  readonly #segments: Segment[];
  #handle: FileHandle | null = null;
  #lines = 0;
  #waiting: Waiting[] = [];
  #waitingCharacters = 0;
  #writing: Promise<void> | null = null;
  #failure: string | null = null;

  private constructor(folder: string, options: SpoolOptions, segments: Segment[]) {
    this.#folder = folder;
    this.#options = options;
    this.#segments = segments;
  }

  /** Opens a folder of lines, made when absent. A last line that a crash has cut was never confirmed, and is taken away. */
  static async open(folder: string, options: SpoolOptions): Promise<Spool> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const segments: Segment[] = [];
    for (const name of (await readdir(folder)).toSorted()) {
      const [, number, since] = namePattern.exec(name) ?? [];
      if (number === undefined) continue;
      const file = join(folder, name);
      segments.push({ number: Number(number), since: Number(since), file, bytes: await wholeBytes(file) });
    }
    return new Spool(folder, options, segments);
  }

  /** Lines written before this moment may be gone (milliseconds since 1970); null while none is. */
  get droppedUntil(): number | null {
    const [first] = this.#segments;
    return first === undefined || first.number === 1 ? null : first.since;
  }

  /** Why lines cannot be written at present; null when they can. */
  get failure(): string | null {
    return this.#failure;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Characters that wait to be written. */
  get waiting(): number {
    return this.#waitingCharacters;
  }

  /** All lines that were there at the opening, in order, in batches. Call it before the first `append`. */
  async *replay(): AsyncGenerator<{ first: Place; lines: string[] }> {
    for (const { file, number: segment } of [...this.#segments]) {
      const splitter = new LineSplitter(0, Infinity, false);
      let [line, position] = [1, 0];
      for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
        const lines = splitter.push(chunk, position).map(({ text }) => text);
        position += chunk.length;
        if (lines.length > 0) yield { first: { segment, line }, lines };
        line += lines.length;
      }
    }
  }

  /**
   * Writes lines, none of which has a line feed.
   * @returns where the first is, once all of them are on disk
   * @throws TyrianError `records-not-stored`; none of them counts as written
   */
  append(lines: readonly string[]): Promise<Place> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ lines, resolve, reject });
      this.#waitingCharacters += charactersOf(lines);
      this.#writing ??= this.#write().finally(() => {
        this.#writing = null;
      });
    });
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#handle?.close();
    this.#handle = null;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      try {
        await this.#commit(batch);
        this.#failure = null;
      } catch (thrown) {
        this.#failure = `${this.#folder}: ${messageOf(thrown)}`;
        const error = new TyrianError("records-not-stored", this.#failure, { cause: thrown });
        for (const { reject } of batch) reject(error);
      }
    }
  }

  #take(): Waiting[] {
    let characters = 0;
    const after = this.#waiting.findIndex(({ lines }) => {
      characters += charactersOf(lines);
      return characters > WRITE_CHARACTERS;
    });
    const taken = this.#waiting.splice(0, after === -1 ? this.#waiting.length : after + 1);
    this.#waitingCharacters -= characters;
    return taken;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const segment = await this.#segment();
    const handle = this.#handle as FileHandle;
    const bytes = Buffer.from(batch.map(({ lines }) => `${lines.join("\n")}\n`).join(""), "utf8");
    try {
      await handle.writeFile(bytes);
      await handle.datasync();
    } catch (thrown) {
      // What is half there must not stand before the next line.
      await handle.truncate(segment.bytes).catch(() => undefined);
      await handle.close().catch(() => undefined);
      this.#handle = null;
      // On a full disk every attempt would leave another empty file.
      if (segment.bytes === 0) await this.#remove(this.#segments.pop());
      throw thrown;
    }
    segment.bytes += bytes.length;
    for (const { lines, resolve } of batch) {
      resolve({ segment: segment.number, line: this.#lines + 1 });
      this.#lines += lines.length;
    }
    await this.#drop();
  }

  /** The file that is written to: one of this process's own, so that the places of its lines are known. */
  async #segment(): Promise<Segment> {
    const last = this.#segments.at(-1);
    if (this.#handle !== null && last !== undefined && last.bytes < this.#options.segmentBytes) return last;
    await this.#handle?.close();
    this.#handle = null;
    const since = Date.now();
    const number = (last?.number ?? 0) + 1;
    const name = `records-${String(number).padStart(8, "0")}-${String(since).padStart(13, "0")}.ndjson`;
    const segment = { number, since, file: join(this.#folder, name), bytes: 0 };
    this.#handle = await open(segment.file, "ax", 0o600);
    this.#segments.push(segment);
    this.#lines = 0;
    await syncFolder(this.#folder);
    return segment;
  }

  async #drop(): Promise<void> {
    while (this.#segments.length > 1 && this.bytes > this.#options.maximumBytes) {
      await this.#remove(this.#segments.shift());
    }
  }

  async #remove(segment: Segment | undefined): Promise<void> {
    if (segment !== undefined) await unlink(segment.file).catch(() => undefined);
  }
}

function charactersOf(lines: readonly string[]): number {
  return lines.reduce((sum, { length }) => sum + length, 0);
}

/** The bytes of a file up to its last line feed; what follows is cut off. */
async function wholeBytes(file: string): Promise<number> {
  const handle = await open(file, "r");
  let end = 0;
  try {
    const { size } = await handle.stat();
    const chunk = Buffer.alloc(64 * 1024);
    for (let to = size; to > 0 && end === 0; to -= chunk.length) {
      const from = Math.max(0, to - chunk.length);
      const { bytesRead } = await handle.read(chunk, 0, to - from, from);
      end = from + chunk.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
      if (end === from) end = 0;
    }
    if (end === size) return size;
  } finally {
    await handle.close();
  }
  await truncate(file, end);
  return end;
}

/** A new file is there after a crash of the machine only when its folder was written too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
