import { z } from "zod";

/** Where a store of logs, which has no ingest time of its own, holds the one that the collector gave. */
export const stampedShape = {
  /** Seconds from that stamp until the store has the record at most; it is taken for that much later. */
  storedWithinSeconds: z.number().min(0).max(3_600).default(5),
};

/**
 * Milliseconds since 1970 of a stamp as collectors write it: a date, or a number of seconds, milliseconds, microseconds or
 * nanoseconds since 1970, which are told apart by their size. Null for everything else.
 */
export function stampedAt(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d+(?:\.\d+)?$/.test(text)) {
    const time = Date.parse(text);
    return Number.isNaN(time) ? null : time;
  }
  const digits = text.replace(/\..*/, "").length;
  const [unit] = [10, 13, 16, 19].filter((length) => digits <= length);
  return unit === undefined || digits < 9 ? null : Number(text) / 10 ** (unit - 13);
}
