import type { SiemDocument } from "./connector.js";

/** Milliseconds by which a SIEM's time of a document may differ from the record's own: some keep whole seconds. */
const TOLERANCE_MS = 1_000;

/**
 * A SIEM is asked by its own time of a document. Where that is not the record's, a span misses records that belong to it and nobody can
 * tell which.
 * @param timeOf the SIEM's time of a document, milliseconds since 1970
 * @returns why the documents may not be all; null when nothing is wrong
 */
export function timeProblem<T extends SiemDocument>(
  documents: readonly T[],
  timeOf: (document: T) => number,
  fieldName: string,
): string | null {
  const wrong = documents.filter((document) => {
    const own = recordTime(document.text ?? "");
    return own !== null && Math.abs(timeOf(document) - own) > TOLERANCE_MS;
  });
  if (wrong.length === 0) return null;
  return `${wrong.length} of its documents have in ${fieldName} another time than their record: set it to the record's when it is shipped`;
}

/** The time in the stamp of an audit record (`sec.msec:serial`), milliseconds since 1970. */
function recordTime(text: string): number | null {
  const [, seconds, ms] = /\b(\d{9,11})\.(\d{3}):\d{1,15}\b/.exec(text) ?? [];
  return seconds === undefined ? null : Number(seconds) * 1000 + Number(ms);
}
