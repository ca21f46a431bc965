import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf } from "../../errors.js";

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
    throw unreadable(file, thrown);
  }
}

/** Why reading a file failed. */
export function unreadable(file: string, thrown: unknown): UnreadableEvents {
  if (thrown instanceof UnreadableEvents) return thrown;
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  if (code.startsWith("Z_")) {
    const message = `${file} cannot be unpacked: ${messageOf(thrown)}`;
    return new UnreadableEvents("events-compression", message, "what came before the fault was read");
  }
  const message =
    code === "ENOENT" ? `${file} does not exist` : `${file} cannot be read: ${messageOf(thrown)}`;
  return new UnreadableEvents("file-unreadable", message, "check the path and its permissions");
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
