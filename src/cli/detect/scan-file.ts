import type { ByteSource } from "./byte-source.js";
import { type CutPiece, cut } from "./cut-pieces.js";
import type { EventScan, ScanResult } from "./event-scan.js";
import { CHUNK_BYTES } from "./file-chunks.js";
import { PieceMemory } from "./piece-memory.js";
import type { Threads } from "./threads.js";

/** A result with the number of lines before its first. */
export interface PlacedResult {
  readonly result: ScanResult;
  readonly linesBefore: number;
}

/** Pieces of a file that are in memory, for each thread. */
const AHEAD = 4;

/** Scans a file in this thread. @param scan new */
export async function* scanHere(source: ByteSource, scan: EventScan): AsyncGenerator<PlacedResult> {
  const memory = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  try {
    for (let count = -1; count !== 0;) {
      count = await source.read(memory);
      scan.push(memory.subarray(0, count), count === 0);
      yield { result: scan.take(), linesBefore: 0 };
    }
  } finally {
    await source.close();
  }
}

/** A piece that was read, and what was found in it by itself. */
class ReadPiece {
  #alone: Promise<ScanResult> | null = null;

  constructor(readonly piece: CutPiece) {}

  /** Has it scanned as if a file began there, unless that was done. */
  alone(threads: Threads): Promise<ScanResult> {
    return (this.#alone ??= threads.scan(this.piece));
  }

  /** Gives its memory back, as soon as no thread reads it. */
  release(memory: PieceMemory): void {
    const free = (): void => memory.release(this.piece.bytes);
    if (this.#alone === null) free();
    else this.#alone.then(free, free);
  }
}

/**
 * Scans a file on several threads, with the same results in the same order as on one. Pieces are cut where an event seems to
 * start, and each is scanned as if a file began there. Where a piece turns out to end inside an event or a list, what was
 * found of it and of the next is thrown away: this thread scans them, one after the other, until one ends between events.
 */
export async function* scanOnThreads(source: ByteSource, threads: Threads): AsyncGenerator<PlacedResult> {
  const memory = new PieceMemory();
  const pieces = cut(source, (length) => memory.take(length));
  const ahead: Promise<ReadPiece | null>[] = [];
  /** Pieces that no thread was given. */
  const kept = new Set<ReadPiece>();
  /** The scan that goes on from piece to piece, while there is one. */
  let carried: EventScan | null = null;
  const give = (piece: ReadPiece): void => {
    // Whoever waits for it gets the failure; until then nobody does.
    piece.alone(threads).catch(() => {});
  };
  const readOne = async (): Promise<ReadPiece | null> => {
    const next = await pieces.next();
    if (next.done === true) return null;
    const piece = new ReadPiece(next.value);
    if (carried === null) give(piece);
    else kept.add(piece);
    return piece;
  };
  const readAhead = (): void => {
    const read = readOne();
    read.catch(() => {});
    ahead.push(read);
  };
  try {
    while (ahead.length < threads.count * AHEAD) readAhead();
    let linesBefore = 0;
    for (;;) {
      const read = await ahead.shift();
      if (read === null || read === undefined) return;
      readAhead();
      kept.delete(read);
      const { bytes, begin, last } = read.piece;
      let result = carried === null ? await read.alone(threads) : null;
      if (result === null || !(result.clean || last)) {
        carried ??= threads.newScan(begin);
        carried.push(bytes, last);
        result = carried.take();
      }
      read.release(memory);
      yield { result, linesBefore };
      if (!result.clean) continue;
      linesBefore += result.lines;
      carried = null;
      for (const each of kept) give(each);
      kept.clear();
    }
  } finally {
    pieces.return(undefined).catch(() => {});
  }
}
