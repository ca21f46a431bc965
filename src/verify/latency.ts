import type { HostEvent } from "../model/event.js";
import type { Latency } from "../model/verdict.js";

/** Nothing was seen whose way could be timed. */
export const noLatency: Latency = { event: null, ingest: null, rule: null, alert: null };

/**
 * The way of an alert, split into its parts, in milliseconds. The event's own time is compared with the begin sentinel's: both
 * are the host's clock.
 * @param source the event that the alert stands for. @param evaluatedAt null when the SIEM does not say.
 */
export function latencyOf(
  begin: HostEvent | null,
  source: HostEvent | undefined,
  evaluatedAt: number | null,
  createdAt: number,
): Latency {
  if (source === undefined) return noLatency;
  // An alert that was there before its source had grown by it: how long that took is not known.
  const grew = createdAt < source.ingestedAt;
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    event: begin === null ? null : round(source.time - begin.time),
    ingest: round(source.ingestedAt - source.time),
    rule: evaluatedAt === null || grew ? null : round(evaluatedAt - source.ingestedAt),
    alert: evaluatedAt === null || grew ? null : round(createdAt - evaluatedAt),
  };
}
