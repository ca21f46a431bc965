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
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    event: begin === null ? null : round(source.time - begin.time),
    ingest: round(source.ingestedAt - source.time),
    rule: evaluatedAt === null ? null : round(evaluatedAt - source.ingestedAt),
    alert: evaluatedAt === null ? null : round(createdAt - evaluatedAt),
  };
}
