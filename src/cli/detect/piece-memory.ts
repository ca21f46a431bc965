import { CHUNK_BYTES } from "./file-chunks.js";

/** A piece is a chunk with what was left of the one before. */
const SLOT_BYTES = 2 * CHUNK_BYTES;

/**
 * Memory that threads share, used again and again: pieces of files are given to other threads without a copy. Buffers that
 * are copied or handed over for each piece cost more than the scan: V8 collects all garbage again and again for their sake.
 */
export class PieceMemory {
  readonly #free: SharedArrayBuffer[] = [];

  /** Bytes of no particular content. */
  take(length: number): Buffer {
    const slot = length > SLOT_BYTES ? undefined : this.#free.pop();
    return Buffer.from(slot ?? new SharedArrayBuffer(Math.max(length, SLOT_BYTES)), 0, length);
  }

  /** Takes back what nobody reads any more. */
  release({ buffer }: Buffer): void {
    if (buffer instanceof SharedArrayBuffer && buffer.byteLength === SLOT_BYTES) this.#free.push(buffer);
  }
}
