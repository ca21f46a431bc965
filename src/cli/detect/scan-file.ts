import type { StreamingMatcher } from "../../detection/matcher.js";
import type { Logsource } from "../../telemetry/files/event-shape.js";
import { EventScan, type ScanResult } from "./event-scan.js";
import { cutOf, marked } from "./file-chunks.js";
import type { Threads } from "./threads.js";

/** A result with the number of lines before its first. */
export interface PlacedResult {
  readonly result: ScanResult;
  readonly linesBefore: number;
}

/** Pieces that each thread is given in advance. */
const AHEAD = 2;

/** Scans a file in this thread. */
export async function* scanHere(
  chunks: AsyncIterable<Buffer>,
  matcher: StreamingMatcher,
  logsource: Logsource | null,
): AsyncGenerator<PlacedResult> {
  const scan = new EventScan(matcher, logsource, true);
  for await (const { bytes, last } of marked(chunks)) {
    yield { result: scan.push(bytes, last), linesBefore: 0 };
  }
}

interface Piece {
  readonly bytes: Buffer;
  readonly last: boolean;
  readonly result: Promise<ScanResult>;
}

/**
 * Scans a file on several threads, with the same results in the same order as on one. Pieces are cut where an event seems to
 * start, and each is scanned as if a file began there. Where a piece turns out to end inside an event or a list, what was
 * found of those after it is thrown away, and from there on this thread scans piece by piece.
 */
export async function* scanOnThreads(
  chunks: AsyncIterable<Buffer>,
  threads: Threads,
): AsyncGenerator<PlacedResult> {
  const pieces = piecesOf(marked(chunks))[Symbol.asyncIterator]();
  const pending: Piece[] = [];
  let linesBefore = 0;
  let given = 0;
  let exhausted = false;
  const give = async (): Promise<void> => {
    while (!exhausted && pending.length < threads.count * AHEAD) {
      const next = await pieces.next();
      if (next.done === true) {
        exhausted = true;
        return;
      }
      const { bytes, last } = next.value;
      const result = threads.scanAlone(bytes, { atStart: given === 0, last });
      // Whoever waits for it gets the failure; until then nobody does.
      result.catch(() => {});
      pending.push({ bytes, last, result });
      given++;
    }
  };
  for (;;) {
    await give();
    const piece = pending.shift();
    if (piece === undefined) return;
    const result = await piece.result;
    if (!piece.last && !result.clean) {
      yield* scanInOrder(piece, pending, pieces, threads, linesBefore);
      return;
    }
    yield { result, linesBefore };
    linesBefore += result.lines;
  }
}

/** Scans the rest of a file on this thread, beginning with a piece at which it is known to be between events. */
async function* scanInOrder(
  first: Piece,
  pending: readonly Piece[],
  pieces: AsyncIterator<{ bytes: Buffer; last: boolean }>,
  threads: Threads,
  linesBefore: number,
): AsyncGenerator<PlacedResult> {
  await Promise.allSettled(pending.map(({ result }) => result));
  let begins = true;
  const scan = async ({ bytes, last }: { bytes: Buffer; last: boolean }): Promise<PlacedResult> => {
    const atStart = begins && linesBefore === 0;
    const result = await threads.scanHere({ bytes, last, begins, atStart });
    begins = false;
    return { result, linesBefore };
  };
  for (const piece of [first, ...pending]) yield await scan(piece);
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next())
    yield await scan(next.value);
}

/** The same bytes, cut where events seem to start. */
async function* piecesOf(
  chunks: AsyncIterable<{ bytes: Buffer; last: boolean }>,
): AsyncGenerator<{ bytes: Buffer; last: boolean }> {
  let held: Buffer[] = [];
  for await (const { bytes, last } of chunks) {
    const cut = last ? -1 : cutOf(bytes);
    if (last) yield { bytes: Buffer.concat([...held, bytes]), last };
    else if (cut === -1) yield { bytes: Buffer.concat([...held, bytes]), last: false };
    else {
      yield { bytes: Buffer.concat([...held, bytes.subarray(0, cut)]), last: false };
      held = [bytes.subarray(cut)];
      continue;
    }
    held = [];
  }
}
