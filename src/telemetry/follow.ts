import { watch } from "node:fs";
import type { FSWatcher, Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { messageOf } from "../errors.js";
import { LineSplitter } from "./line-splitter.js";
import type { FollowedLine } from "./line-splitter.js";

export type { FollowedLine } from "./line-splitter.js";

/** Who is told what a follower meets. Nothing is ever told after `close`. */
export interface FollowSink {
  lines(lines: readonly FollowedLine[]): void;
  /** The same file was begun anew: what was read before says nothing about what follows. */
  restarted(): void;
  /** A part of the log that can never be read: a line over the maximum, one cut by a rotation, a truncated rest. */
  lost(what: string): void;
  /** The log cannot be read at present, and why; null when it can again. The follower goes on trying. */
  failure(reason: string | null): void;
}

export interface FollowOptions {
  /** Where reading begins in a file that exists already; a file that appears later is always read from its start. */
  readonly from: "start" | "end" | { readonly lastBytes: number };
  /** A longer line is dropped and told as `lost`. Default 16 MiB: an argument vector of 2 MiB, every byte escaped, fits. */
  readonly maximumLineBytes?: number;
  /** Milliseconds between looks at the file, for changes that the file system does not announce. Default 50. */
  readonly pollMs?: number;
}

const CHUNK_BYTES = 256 * 1024;
const HEAD_BYTES = 64;
/** Milliseconds between a change that the file system announces and the look at it: one look serves many changes. */
const ANNOUNCED_MS = 5;
/** Milliseconds that the path may be missing, as between the two steps of a rotation, before that is a failure. */
const MISSING_MS = 2000;
/** Older files of a rotation (`audit.log.1`, ...) that are looked at when several rotations came at once. */
const ROTATED_FILES = 9;

/**
 * Follows a growing file across rotation (renamed and made anew, several times too) and truncation. A renamed file is read
 * to its end before the new one; the new one is taken up when it has content, because a writer may still hold the old.
 */
export class FileFollower {
  readonly #path: string;
  readonly #sink: FollowSink;
  readonly #from: FollowOptions["from"];
  readonly #maximumLineBytes: number;
  readonly #pollMs: number;
  readonly #buffer = Buffer.alloc(CHUNK_BYTES);
  #handle: FileHandle | null = null;
  #identity: Pick<Stats, "ino" | "dev"> = { ino: 0, dev: 0 };
  #offset = 0;
  /** Position of the current file's first byte. */
  #base = 0;
  #head: Buffer = Buffer.alloc(0);
  #splitter: LineSplitter;
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | null = null;
  #announced: NodeJS.Timeout | null = null;
  #failure: string | null = null;
  #missingSince: number | null = null;
  #firstLook = true;
  #closed = false;
  /** The round that runs, and the one that is to run after it. */
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(path: string, options: FollowOptions, sink: FollowSink) {
    this.#path = path;
    this.#sink = sink;
    this.#from = options.from;
    this.#maximumLineBytes = options.maximumLineBytes ?? 16 * 1024 * 1024;
    this.#pollMs = options.pollMs ?? 50;
    this.#splitter = new LineSplitter(0, this.#maximumLineBytes, false);
    this.#schedule(0);
  }

  /** Why the file cannot be read at present; null when it can. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Reads everything that is in the file at the moment of the call; the sink has been given it when this resolves. Never rejects. */
  catchUp(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (this.#running === null) {
      this.#running = this.#round().finally(() => {
        this.#running = null;
      });
      return this.#running;
    }
    // the running round may have passed the end already, so another one is needed; one serves all who ask meanwhile
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      return this.catchUp();
    });
    return this.#next;
  }

  /** Ends following and releases the file, the watch and the timer. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#announced !== null) clearTimeout(this.#announced);
    this.#unwatch();
    await this.#running;
    await this.#handle?.close();
    this.#handle = null;
  }

  #schedule(delay: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      void this.catchUp().then(() => this.#schedule(this.#pollMs));
    }, delay);
  }

  async #round(): Promise<void> {
    try {
      if (this.#handle === null) await this.#open();
      await this.#read();
      await this.#checkPath();
    } catch (thrown) {
      this.#fail(messageOf(thrown));
    } finally {
      this.#firstLook = false;
    }
  }

  #fail(reason: string | null): void {
    if (this.#closed || this.#failure === reason) return;
    this.#failure = reason;
    this.#sink.failure(reason);
  }

  async #open(): Promise<void> {
    // looked at before it is opened: opening a named pipe would wait for its writer
    const found = await stat(this.#path);
    if (!found.isFile()) throw new Error(`${this.#path} is not a regular file`);
    const handle = await open(this.#path, "r");
    const opened = await handle.stat();
    this.#handle = handle;
    this.#identity = opened;
    this.#head = Buffer.alloc(0);
    this.#offset = 0;
    if (this.#firstLook && this.#from === "end") this.#offset = opened.size;
    if (this.#firstLook && typeof this.#from === "object") {
      this.#offset = Math.max(0, opened.size - this.#from.lastBytes);
    }
    const inLine = this.#offset > 0 && (await this.#byteBefore(handle, this.#offset)) !== 0x0a;
    this.#splitter = new LineSplitter(this.#base + this.#offset, this.#maximumLineBytes, inLine);
    this.#firstLook = false;
    this.#watch();
  }

  async #byteBefore(handle: FileHandle, offset: number): Promise<number | undefined> {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(1), 0, 1, offset - 1);
    return bytesRead === 1 ? buffer[0] : undefined;
  }

  /** Reads the open file up to the size that it has now. */
  async #read(): Promise<void> {
    const handle = this.#handle;
    if (handle === null) return;
    const { size } = await handle.stat();
    if (size < this.#offset || (size > this.#offset && (await this.#headChanged(handle)))) this.#restart();
    while (this.#offset < size && !this.#closed) {
      const { bytesRead } = await handle.read(this.#buffer, 0, CHUNK_BYTES, this.#offset);
      if (bytesRead === 0 || this.#closed) break;
      const position = this.#base + this.#offset;
      this.#offset += bytesRead;
      const lines = this.#splitter.push(this.#buffer.subarray(0, bytesRead), position);
      if (lines.length > 0) this.#sink.lines(lines);
      const dropped = this.#splitter.takeDropped();
      if (dropped > 0) {
        this.#sink.lost(`${dropped} line(s) of ${this.#path} longer than ${this.#maximumLineBytes} bytes`);
      }
    }
  }

  /** Whether the file was truncated and has already grown beyond the place where reading had stopped. */
  async #headChanged(handle: FileHandle): Promise<boolean> {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.subarray(0, bytesRead);
    const changed = !head.subarray(0, this.#head.length).equals(this.#head);
    this.#head = head;
    return changed;
  }

  #restart(): void {
    this.#sink.lost(`${this.#path} was truncated; what was written just before is not known`);
    this.#base += this.#offset;
    this.#offset = 0;
    this.#head = Buffer.alloc(0);
    this.#splitter = new LineSplitter(this.#base, this.#maximumLineBytes, false);
    this.#sink.restarted();
  }

  /** Looks whether the path still leads to the open file, and moves on to its successor when it does not. */
  async #checkPath(): Promise<void> {
    let found: Stats;
    try {
      found = await stat(this.#path);
    } catch (thrown) {
      this.#missingSince ??= Date.now();
      if (Date.now() - this.#missingSince < MISSING_MS) return;
      throw thrown;
    }
    this.#missingSince = null;
    if (!isSame(found, this.#identity) && found.size > 0) {
      await this.#read();
      await this.#succeed();
    }
    this.#fail(null);
  }

  async #succeed(): Promise<void> {
    const missed = await this.#missedRotations();
    await this.#leave();
    for (const path of missed) {
      try {
        this.#handle = await open(path, "r");
        this.#head = Buffer.alloc(0);
        await this.#read();
      } catch (thrown) {
        this.#sink.lost(`${path} was rotated before it was read: ${messageOf(thrown)}`);
      }
      await this.#leave();
    }
    await this.#open();
    await this.#read();
  }

  /** Files that were written and renamed between two looks, oldest first. */
  async #missedRotations(): Promise<string[]> {
    const newer: string[] = [];
    for (let number = 1; number <= ROTATED_FILES; number += 1) {
      const path = `${this.#path}.${number}`;
      const found = await stat(path).catch(() => null);
      if (found === null) return [];
      if (isSame(found, this.#identity)) return newer.toReversed();
      newer.push(path);
    }
    return [];
  }

  async #leave(): Promise<void> {
    this.#unwatch();
    if (this.#splitter.unfinishedBytes > 0)
      this.#sink.lost(`the last line of a rotated ${this.#path} was cut`);
    await this.#handle?.close();
    this.#handle = null;
    this.#base += this.#offset;
    this.#offset = 0;
    this.#splitter = new LineSplitter(this.#base, this.#maximumLineBytes, false);
  }

  #watch(): void {
    this.#unwatch();
    if (this.#closed) return;
    try {
      this.#watcher = watch(this.#path, () => {
        if (this.#closed) return;
        this.#announced ??= setTimeout(() => {
          this.#announced = null;
          void this.catchUp();
        }, ANNOUNCED_MS);
      });
      // a watch that is lost costs up to one poll interval, nothing else
      this.#watcher.on("error", () => this.#unwatch());
    } catch {
      this.#watcher = null;
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = null;
  }
}

function isSame(one: Pick<Stats, "ino" | "dev">, other: Pick<Stats, "ino" | "dev">): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}
