/** Tries of one request, the first included. */
export const MOST_TRIES = 4;
/** Milliseconds before the second try; doubled each time. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

/** Statuses after which the same request may succeed by itself. */
const passing = new Set([408, 429, 502, 503, 504]);

export function mayPass(status: number): boolean {
  return passing.has(status);
}

/**
 * Milliseconds until a request is tried again.
 * @param tries that were made so far
 * @param retryAfter the header: seconds, or a date (RFC 9110, 10.2.3); what cannot be read counts as absent
 */
export function pauseMs(tries: number, retryAfter: string | undefined, now: number): number {
  const asked = retryAfter === undefined ? null : retryAfterMs(retryAfter, now);
  return asked ?? Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
}

function retryAfterMs(text: string, now: number): number | null {
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
