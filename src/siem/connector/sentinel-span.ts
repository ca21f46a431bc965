/** Milliseconds before now in which the sentinels of a trial are looked for, and after it, for hosts whose clock is wrong. */
const BEFORE_MS = 8 * 86_400_000;
const AFTER_MS = 2 * 86_400_000;

/** The span of event time in which the sentinels of trials are looked for, inclusive: milliseconds since 1970. */
export function sentinelSpan(): { readonly from: number; readonly to: number } {
  const now = Date.now();
  return { from: now - BEFORE_MS, to: now + AFTER_MS };
}
