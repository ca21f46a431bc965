import type { FoundAlert, SiemDocument } from "../connector/connector.js";
import { eventIdOf } from "../connector/host-events.js";
import type { TelemetryFormat } from "../connector/settings.js";
import { inTurns } from "../http/in-turns.js";
import { type Found, found } from "../http/pages.js";
import type { HostSpan } from "../siem.js";
import type { FiredAlert } from "./history.js";
import type { HistorySettings } from "./settings.js";

/** What stores of plain log records have in common: no ids, no ingest times, and alerts that name no records. */

/** Alerts of which the events are fetched, in one answer. */
const MOST_EVENTS = 200;
const STAMP = /^(\d{1,11})\.(\d{3}):\d{1,15}$/;

/** A store is asked by the time of its records: where that is not the event's own, what it was not asked for is missed. */
export function withOwnTimes<T extends SiemDocument & { readonly time: number }>(
  { rows, lacks }: Found<T>,
  format: TelemetryFormat,
): Found<SiemDocument> {
  const off = rows.filter((document) => {
    const own = timeOfEvent(document, format);
    return own !== null && Math.abs(own - document.time) > 1;
  });
  if (off.length === 0) return found(rows, lacks);
  const told = `${off.length} records are stored under another time than their event's`;
  return found(rows, lacks === null ? told : `${lacks}; ${told}`);
}

function timeOfEvent(document: SiemDocument, format: TelemetryFormat): number | null {
  const id = eventIdOf(document, format);
  return id === null ? null : timeOfStamp(id.slice(id.lastIndexOf("/") + 1));
}

function timeOfStamp(stamp: string): number | null {
  const [, seconds, ms] = STAMP.exec(stamp) ?? [];
  return seconds === undefined ? null : Number(seconds) * 1000 + Number(ms);
}

/**
 * Alerts with the events that their labels name; without such a label what they stand for is not told.
 * @param momentOf when the alert could be seen, of the moment for which its rule was evaluated; null when that is not known
 */
export async function alertsWithEvents(
  { rows: fired, lacks }: Found<FiredAlert>,
  { host: hostLabel, event: eventLabel }: HistorySettings["alertLabels"],
  format: TelemetryFormat,
  momentOf: (rule: string, evaluatedFor: number) => number | null,
  documents: (span: HostSpan) => Promise<Found<SiemDocument>>,
): Promise<Found<FoundAlert>> {
  let looked = 0;
  const parts = await inTurns(fired, async ({ id, rule, labels, from, to }): Promise<Found<FoundAlert>> => {
    const host = labels[hostLabel] ?? null;
    const [createdAt, updatedAt] = [momentOf(rule, from), momentOf(rule, to)];
    if (createdAt === null || updatedAt === null)
      return found([], `when an alert of ${rule} was raised is not known any more`);
    const stamp = eventLabel === undefined ? undefined : labels[eventLabel];
    const time = stamp === undefined ? null : timeOfStamp(stamp);
    let sources: FoundAlert["sources"] = null;
    if (stamp !== undefined && time !== null && host !== null) {
      looked += 1;
      if (looked > MOST_EVENTS)
        return found([], `the events of more than ${MOST_EVENTS} alerts are asked for`);
      const { rows } = await documents({ host, from: time, to: time });
      const own = rows.filter(
        (document) => document.host === host && eventIdOf(document, format)?.endsWith(`/${stamp}`) === true,
      );
      sources = { documents: own, missing: own.length === 0 ? [`${host}/${stamp}`] : [] };
    }
    const alert: FoundAlert = {
      id,
      rule,
      title: rule,
      tier: "alert",
      host,
      createdAt,
      updatedAt,
      evaluatedAt: createdAt,
      sources,
      sourcesWhole: sources !== null,
      foldedInto: null,
    };
    return found([alert]);
  });
  const told = new Set([lacks, ...parts.map((part) => part.lacks)].filter((each) => each !== null));
  return found(
    parts.flatMap(({ rows }) => rows),
    told.size === 0 ? null : [...told].join("; "),
  );
}
