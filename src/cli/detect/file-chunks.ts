import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf } from "../../errors.js";
import {
  type Beginning,
  FIRST_BYTES,
  type FormatName,
  formatOf,
} from "../../telemetry/files/event-reader.js";

/** The most that is read at a time. */
export const CHUNK_BYTES = 1024 * 1024;

/** Why a file of events cannot be read (to its end). Does not leave this folder. */
export class UnreadableEvents extends Error {
  constructor(
    readonly code: "file-unreadable" | "events-compression",
    message: string,
    readonly hint: string,
  ) {
    super(message);
    this.name = "UnreadableEvents";
  }
}

/**
 * The bytes of a file in pieces of up to a mebibyte; `-` is standard input. What ends in `.gz` is unpacked on the way.
 * Throws {@link UnreadableEvents}.
 */
export async function* fileChunks(file: string): AsyncGenerator<Buffer> {
  const isStandardInput = file === "-";
  try {
    if (!isStandardInput && (await stat(file)).isDirectory()) {
      throw new UnreadableEvents("file-unreadable", `${file} is a folder`, "name the files in it");
    }
    const source = isStandardInput ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES });
    const packed = file.endsWith(".gz");
    // The error of either stream ends the loop below.
    const stream = packed ? pipeline(source, createGunzip({ chunkSize: CHUNK_BYTES }), () => {}) : source;
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (thrown) {
    if (thrown instanceof UnreadableEvents) throw thrown;
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
    if (code.startsWith("Z_")) {
      const message = `${file} cannot be unpacked: ${messageOf(thrown)}`;
      throw new UnreadableEvents("events-compression", message, "what came before the fault was read");
    }
    const message =
      code === "ENOENT" ? `${file} does not exist` : `${file} cannot be read: ${messageOf(thrown)}`;
    throw new UnreadableEvents("file-unreadable", message, "check the path and its permissions");
  }
}

/** A part of a file's bytes. */
export interface Piece {
  readonly bytes: Buffer;
  /** Nothing comes after it. */
  readonly last: boolean;
}

/**
 * The same bytes with the last piece marked. There is at least one, perhaps empty. What came before a failure is given before
 * the failure is thrown.
 */
export async function* marked(chunks: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  let held: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of chunks) {
      if (held.length > 0) yield { bytes: held, last: false };
      held = chunk;
    }
  } catch (thrown) {
    yield { bytes: held, last: false };
    throw thrown;
  }
  yield { bytes: held, last: true };
}

/** A piece that can be scanned on its own, if the one before it ends between events. */
export interface CutPiece extends Piece {
  readonly begin: Beginning;
}

/**
 * The same bytes, cut where events seem to start; before a failure, too.
 * @param take gives the memory of a piece
 */
export async function* cut(
  pieces: AsyncIterable<Piece>,
  take: (length: number) => Buffer,
): AsyncGenerator<CutPiece> {
  let rest: Buffer = Buffer.alloc(0);
  let begin: Beginning = "file";
  let format: FormatName | null = null;
  try {
    for await (const { bytes, last } of pieces) {
      if (format === null && !last && rest.length + bytes.length < FIRST_BYTES) {
        rest = Buffer.concat([rest, bytes]);
        continue;
      }
      format ??= formatOf(Buffer.concat([rest, bytes]));
      const end = last ? bytes.length : (cutOf(bytes, format) ?? bytes.length);
      const piece = take(rest.length + end);
      piece.set(rest);
      piece.set(bytes.subarray(0, end), rest.length);
      // Copied: it would keep all of the chunk in memory.
      rest = Buffer.from(bytes.subarray(end));
      yield { bytes: piece, last, begin };
      begin = format;
    }
  } catch (thrown) {
    yield { bytes: rest, last: false, begin };
    throw thrown;
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
