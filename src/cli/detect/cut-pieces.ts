import {
  type Beginning,
  FIRST_BYTES,
  type FormatName,
  formatOf,
} from "../../telemetry/files/event-reader.js";
import type { ByteSource } from "./byte-source.js";
import { CHUNK_BYTES } from "./file-chunks.js";

/** A part of a file's bytes that can be scanned on its own, if the one before it ends between events. */
export interface CutPiece {
  readonly bytes: Buffer;
  /** Nothing comes after it. */
  readonly last: boolean;
  readonly begin: Beginning;
}

/**
 * The bytes of a file, cut where events seem to start; what came before a failure is given before the failure is thrown.
 * @param take gives memory for a piece of so many bytes
 */
export async function* cut(source: ByteSource, take: (length: number) => Buffer): AsyncGenerator<CutPiece> {
  let rest: Buffer = Buffer.alloc(0);
  let begin: Beginning = "file";
  let format: FormatName | null = null;
  try {
    for (;;) {
      const memory = take(rest.length + CHUNK_BYTES);
      memory.set(rest);
      let count: number;
      try {
        count = await source.read(memory.subarray(rest.length));
      } catch (thrown) {
        yield { bytes: memory.subarray(0, rest.length), last: false, begin };
        throw thrown;
      }
      const last = count === 0;
      const bytes = memory.subarray(0, rest.length + count);
      if (format === null && !last && bytes.length < FIRST_BYTES) {
        rest = Buffer.from(bytes);
        continue;
      }
      format ??= formatOf(bytes);
      const place = last ? null : cutOf(bytes.subarray(rest.length), format);
      const end = place === null ? bytes.length : rest.length + place;
      // Copied: the piece's memory may be used again before it is read.
      rest = Buffer.from(bytes.subarray(end));
      yield { bytes: bytes.subarray(0, end), last, begin };
      if (last) return;
      begin = format;
    }
  } finally {
    await source.close();
  }
}

/** Where a piece can be cut so that the rest starts with an event, as far as can be told from here; null for nowhere. */
export function cutOf(bytes: Buffer, format: FormatName): number | null {
  // One does not end before the next is seen to begin.
  if (format === "rendered") return null;
  for (let feed = bytes.lastIndexOf(0x0a); feed > 0; feed = bytes.lastIndexOf(0x0a, feed - 1)) {
    const begins =
      format === "xml"
        ? /^<Event[\s>]/.test(bytes.toString("latin1", feed + 1, feed + 8))
        : bytes[feed + 1] === 0x7b;
    if (begins) return feed + 1;
  }
  return null;
}
