import { eventIdOf } from "../connector/host-events.js";
import type { SiemDocument } from "../connector/connector.js";
import type { TelemetryFormat } from "../connector/settings.js";
import { type Found, MOST_ROWS } from "../http/pages.js";
import type { HostSpan } from "../siem.js";

/** Milliseconds before now that are looked at, one after the other, until there is something. */
const REACHES = [600_000, 3_600_000, 86_400_000, 8 * 86_400_000] as const;
/** Milliseconds after now, for hosts whose clock is ahead. */
const AHEAD_MS = 3_600_000;
/** How often a span with more than can be had is halved. */
const MOST_HALVES = 20;

/** The newest record of a host. Milliseconds since 1970, the host's clock; null when the last days have none. */
export interface Newest {
  readonly at: number | null;
  /** Documents that are no records of the sensor, where nothing newer is one. */
  readonly others: number;
  /** Why there may be a newer one; null when there is none. */
  readonly lacks: string | null;
}

/** What the search for the newest asks: a connector, or the port of a served SIEM. Times are milliseconds since 1970. */
export type RecordTimes = (
  span: HostSpan,
) => Promise<{ readonly times: readonly (number | null)[]; readonly lacks: string | null }>;

/** The times of a connector's documents, null for one that is no record of the sensor. */
export function timesOf(
  { rows, lacks }: Found<SiemDocument>,
  format: TelemetryFormat,
): Awaited<ReturnType<RecordTimes>> {
  const times = rows.map((document) => {
    const id = eventIdOf(document, format);
    const [, seconds, ms] = /\/(\d+)\.(\d{3}):\d+$/.exec(id ?? "") ?? [];
    return seconds === undefined ? null : Number(seconds) * 1000 + Number(ms);
  });
  return { times, lacks };
}

/**
 * Looks for the newest record with the question that every SIEM answers: what a host has in a span, the last minutes first. A span that
 * holds more than can be had is halved, since it is told from its beginning.
 * @param now the SIEM's clock
 */
export async function newestRecord(ask: RecordTimes, host: string, now: number): Promise<Newest> {
  let to = now + AHEAD_MS;
  let others = 0;
  const lacks = new Set<string>();
  for (const reach of REACHES) {
    const from = now - reach;
    const newest = await newestWithin(ask, { host, from, to }, MOST_HALVES);
    if (newest.lacks !== null) lacks.add(newest.lacks);
    others += newest.others;
    if (newest.at !== null) return { at: newest.at, others, lacks: newest.lacks };
    to = from - 1;
  }
  return { at: null, others, lacks: lacks.size === 0 ? null : [...lacks].join("; ") };
}

async function newestWithin(ask: RecordTimes, span: HostSpan, halves: number): Promise<Newest> {
  const { times, lacks } = await ask(span);
  if (times.length >= MOST_ROWS && halves > 0 && span.to > span.from) {
    const middle = Math.floor((span.from + span.to) / 2);
    const later = await newestWithin(ask, { ...span, from: middle + 1 }, halves - 1);
    return later.at === null ? await newestWithin(ask, { ...span, to: middle }, halves - 1) : later;
  }
  const known = times.filter((time) => time !== null);
  return {
    at: known.length === 0 ? null : known.reduce((one, other) => Math.max(one, other)),
    others: times.length - known.length,
    lacks,
  };
}
