import { SENTINEL_WORD } from "../../model/event.js";
import type { SiemDocument } from "../connector/connector.js";
import { timeProblem } from "../connector/record-time.js";
import { fieldAt } from "../connector/values.js";
import { sentinelSpan } from "../connector/sentinel-span.js";
import { stampedAt } from "../connector/stamped.js";
import type { SiemHttp } from "../http/client.js";
import { type Found, found, foundTogether } from "../http/pages.js";
import type { HostSpan, TrialOnHost } from "../siem.js";
import { anyOf, type Log, searchLogs, term } from "./search.js";
import type { DatadogSettings } from "./settings.js";

/** The sensor's records among the logs. */
export class SensorLogs {
  constructor(
    private readonly http: SiemHttp,
    private readonly telemetry: DatadogSettings["telemetry"],
  ) {}

  documents({ host, ...span }: HostSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#find("the events of a host", anyOf("host", [host]), span, signal);
  }

  /** The words of a record of laurel are in attributes, those of auditd in the message: both are searched. */
  sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>> {
    const hosts = anyOf(
      "host",
      asked.map(({ host }) => host),
    );
    const trials = [...new Set(asked.map(({ trial }) => trial))].map((trial) => `*:${term(trial)}`);
    const query = `${hosts} *:${term(SENTINEL_WORD)} (${trials.join(" OR ")})`;
    const span = sentinelSpan();
    return this.#find("the sentinels of trials", query, span, signal);
  }

  async #find(
    what: string,
    query: string,
    span: { readonly from: number; readonly to: number },
    signal: AbortSignal,
  ): Promise<Found<SiemDocument>> {
    const { query: narrowing, indexes } = this.telemetry;
    const whole = narrowing === undefined ? query : `(${narrowing}) ${query}`;
    const { rows, lacks } = await searchLogs(this.http, { what, query: whole, ...span, signal }, indexes);
    const timed = rows.map((log) => ({
      ...documentOf(log, this.telemetry),
      time: Date.parse(log.attributes.timestamp),
    }));
    const problem = timeProblem(timed, ({ time }) => time, "timestamp");
    return foundTogether([found(timed, lacks), found<SiemDocument>([], problem)]);
  }
}

/** Of a log that is JSON Datadog keeps the attributes and no text. */
function documentOf(
  { id, attributes: { host = "", message, attributes: fields = {} } }: Log,
  { format, ingestedAttribute, storedWithinSeconds }: DatadogSettings["telemetry"],
): SiemDocument {
  const stamp = fieldAt(fields, ingestedAttribute);
  const stamped = typeof stamp === "string" || typeof stamp === "number" ? stampedAt(String(stamp)) : null;
  const parsed = format === "laurel" && Object.hasOwn(fields, "ID");
  return {
    id,
    host,
    ingestedAt: stamped === null ? null : stamped + storedWithinSeconds * 1000,
    text: parsed ? recordOf(fields) : (message ?? null),
    fields,
  };
}

/** Laurel's names are in capitals; those of others on the way are left out. */
function recordOf(fields: Readonly<Record<string, unknown>>): string {
  const own = Object.entries(fields).filter(([name]) => /^[A-Z][A-Z0-9_]*$/.test(name));
  return JSON.stringify(Object.fromEntries(own));
}
