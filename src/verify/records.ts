import type { HostEvent } from "../model/event.js";

/** Missing numbers that are counted: so many are as good as more. */
const MOST_MISSING = 10_000;

function richer(one: HostEvent, other: HostEvent): HostEvent {
  const ingestedAt = Math.min(one.ingestedAt, other.ingestedAt);
  const [a, b] = [one, other].map((event) => JSON.stringify({ ...event, ingestedAt })) as [string, string];
  const first = a.length > b.length || (a.length === b.length && a <= b);
  return { ...(first ? one : other), ingestedAt };
}

/** The numbers between two, inclusive, that nothing has; at most a few more than are worth telling apart. */
export function missingNumbers(
  channel: readonly Pick<HostEvent, "sequence">[],
  first: number,
  last: number,
): number[] {
  const seen = new Set(channel.map(({ sequence }) => sequence));
  const missing: number[] = [];
  for (let number = Math.round(first); number <= last && missing.length < MOST_MISSING; number += 1)
    if (!seen.has(number)) missing.push(number);
  return missing;
}

/** Each event once, from its first arrival and in its richest version, in the host's order. */
export function uniqueInOrder(events: readonly HostEvent[]): HostEvent[] {
  const byId = new Map<string, HostEvent>();
  for (const event of events) {
    const known = byId.get(event.id);
    byId.set(event.id, known === undefined ? event : richer(known, event));
  }
  return [...byId.values()].sort((a, b) => a.sequence - b.sequence || (a.id < b.id ? -1 : 1));
}
