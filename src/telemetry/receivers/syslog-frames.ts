/** What cannot be a frame: nobody knows where the next one begins, so the connection is of no more use. */
export class FrameError extends Error {}

const LINE_FEED = 0x0a;
const [ZERO, ONE, NINE] = [0x30, 0x31, 0x39];
const BLANK = 0x20;
/** Digits of a length. */
const MOST_DIGITS = 9;

/**
 * Cuts what comes over a connection into syslog messages, in both framings of RFC 6587: counted octets (`MSG-LEN SP
 * SYSLOG-MSG`, section 3.4.1, the only one of RFC 5425) and a line feed behind each (section 3.4.2). A sender uses one of
 * them; which one shows at the first byte of each message, because a message begins with `<` and a length with a digit.
 */
export class SyslogFrames {
  readonly #maximumBytes: number;
  #rest = Buffer.alloc(0);
  /** Bytes of a message that is too long and are still to come; Infinity: up to a line feed. */
  #skipping = 0;
  #dropped = 0;

  /** @param maximumBytes of a message; longer ones are left out */
  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  /** Messages that were left out for their length since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** @throws FrameError */
  push(chunk: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages: Buffer[] = [];
    let at = 0;
    for (;;) {
      at = this.#skip(bytes, at);
      const frame = at >= bytes.length ? null : this.#frame(bytes, at);
      if (frame === null) break;
      if (frame.message !== null && frame.message.length > 0) messages.push(frame.message);
      at = frame.next;
    }
    // Copied: the chunk's memory is used again.
    this.#rest = Buffer.from(bytes.subarray(at));
    return messages;
  }

  /** The message that a closed connection leaves without its line feed; null when there is none. */
  end(): Buffer | null {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    if (rest.length === 0 && this.#skipping === 0) return null;
    // A counted message that did not come whole is lost.
    if (this.#skipping > 0 || isCounted(rest)) {
      this.#dropped += this.#skipping > 0 ? 0 : 1;
      return null;
    }
    return trimmed(rest);
  }

  #frame(bytes: Buffer, at: number): { message: Buffer | null; next: number } | null {
    if (isCounted(bytes.subarray(at))) return this.#counted(bytes, at);
    const feed = bytes.indexOf(LINE_FEED, at);
    const end = feed === -1 ? bytes.length : feed;
    if (end - at > this.#maximumBytes) {
      this.#dropped += 1;
      if (feed === -1) this.#skipping = Infinity;
      return { message: null, next: feed === -1 ? end : end + 1 };
    }
    return feed === -1 ? null : { message: trimmed(bytes.subarray(at, feed)), next: feed + 1 };
  }

  #counted(bytes: Buffer, at: number): { message: Buffer | null; next: number } | null {
    const blank = bytes.indexOf(BLANK, at);
    const digits = bytes.toString("latin1", at, blank === -1 ? bytes.length : blank);
    if (!/^\d+$/.test(digits) || digits.length > MOST_DIGITS) {
      throw new FrameError(
        `a message begins with neither its length nor "<": ${JSON.stringify(digits.slice(0, 20))}`,
      );
    }
    if (blank === -1) return null;
    const [from, length] = [blank + 1, Number(digits)];
    if (length > this.#maximumBytes) {
      this.#dropped += 1;
      this.#skipping = length;
      return { message: null, next: from };
    }
    if (bytes.length < from + length) return null;
    return { message: trimmed(bytes.subarray(from, from + length)), next: from + length };
  }

  #skip(bytes: Buffer, at: number): number {
    if (this.#skipping === 0) return at;
    if (this.#skipping === Infinity) {
      const feed = bytes.indexOf(LINE_FEED, at);
      if (feed === -1) return bytes.length;
      this.#skipping = 0;
      return feed + 1;
    }
    const skipped = Math.min(this.#skipping, bytes.length - at);
    this.#skipping -= skipped;
    return at + skipped;
  }
}

function isCounted(bytes: Buffer): boolean {
  const first = bytes[0] ?? ZERO;
  return first >= ONE && first <= NINE;
}

/** Without the line ends and NULs that some senders put behind a message. */
function trimmed(message: Buffer): Buffer {
  let end = message.length;
  while (end > 0 && [0x0a, 0x0d, 0x00].includes(message[end - 1] as number)) end -= 1;
  return message.subarray(0, end);
}
