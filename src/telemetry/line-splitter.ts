/** One line of a followed log, without its line feed. */
export interface FollowedLine {
  readonly text: string;
  /** Where it begins; grows from line to line, also across rotations. */
  readonly position: number;
}

const LINE_FEED = 0x0a;

/**
 * Cuts a stream of bytes into lines. A line is decoded only when it is whole, so that a multi-byte character may be split
 * anywhere. A line that is longer than the maximum is dropped as a whole, and counted.
 */
export class LineSplitter {
  readonly #maximumBytes: number;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  /** Where the unfinished line begins. */
  #begins: number;
  #skipping = false;
  #dropped = 0;

  /** @param position of the first byte; @param skipFirst the stream begins in the middle of a line, which is left out */
  constructor(position: number, maximumBytes: number, skipFirst: boolean) {
    this.#begins = position;
    this.#maximumBytes = maximumBytes;
    this.#skipping = skipFirst;
  }

  /** Bytes of the unfinished line. */
  get unfinishedBytes(): number {
    return this.#keptBytes;
  }

  /** Lines dropped for their length since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  push(chunk: Buffer, position: number): FollowedLine[] {
    const lines: FollowedLine[] = [];
    let from = 0;
    for (;;) {
      const to = chunk.indexOf(LINE_FEED, from);
      if (to === -1) break;
      const piece = chunk.subarray(from, to);
      if (this.#skipping) this.#skipping = false;
      else if (this.#keptBytes + piece.length > this.#maximumBytes) this.#dropped += 1;
      else lines.push({ text: this.#join(piece), position: this.#begins });
      this.#kept = [];
      this.#keptBytes = 0;
      from = to + 1;
      this.#begins = position + from;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  #join(piece: Buffer): string {
    return this.#kept.length === 0
      ? piece.toString("utf8")
      : Buffer.concat([...this.#kept, piece]).toString("utf8");
  }

  #keep(rest: Buffer): void {
    if (this.#skipping || rest.length === 0) return;
    if (this.#keptBytes + rest.length > this.#maximumBytes) {
      this.#kept = [];
      this.#keptBytes = 0;
      this.#skipping = true;
      this.#dropped += 1;
      return;
    }
    // copied: the chunk is a view of a buffer that is read into again
    this.#kept.push(Buffer.from(rest));
    this.#keptBytes += rest.length;
  }
}
