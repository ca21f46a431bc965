import { z } from "zod";
import { yaraExpression, yaraText } from "../../detection/convert/yara-l/literal.js";
import { SENTINEL_WORD } from "../../model/event.js";
import type { SearchSpan, SiemDocument } from "../connector/connector.js";
import { timeProblem } from "../connector/record-time.js";
import { fieldAt, textAt, timeAt } from "../connector/values.js";
import { sentinelSpan } from "../connector/sentinel-span.js";
import type { SiemHttp } from "../http/client.js";
import { type Found, found, foundTogether, MOST_ROWS } from "../http/pages.js";
import type { TrialOnHost } from "../siem.js";
import type { SecOpsSettings } from "./settings.js";

/** Events of one answer; the API gives 10,000 at most, which may be more than is read of one. */
export const PAGE = 5_000;

/** An answer of Google's leaves out what is empty: one that has nothing of what is known is another's. */
export function answerWith<T extends z.ZodRawShape>(shape: T, ...others: readonly string[]) {
  const known = [...Object.keys(shape), ...others];
  return z
    .record(z.string(), z.unknown())
    .refine(
      (answer) => Object.keys(answer).length === 0 || known.some((name) => Object.hasOwn(answer, name)),
      `has none of ${known.join(", ")}`,
    )
    .pipe(z.object(shape));
}

export const eventSchema = z.record(z.string(), z.unknown());
const answerSchema = answerWith(
  {
    events: z.array(z.object({ udm: eventSchema })).default([]),
    moreDataAvailable: z.boolean().default(false),
  },
  "stats",
);

type Event = z.infer<typeof eventSchema>;

/** The sensor's records among the events of the Unified Data Model. */
export class UdmEvents {
  constructor(
    private readonly http: SiemHttp,
    private readonly path: string,
    private readonly telemetry: SecOpsSettings["telemetry"],
  ) {}

  /** All events of hosts in a span, or those that a query finds among them. */
  async find(
    what: string,
    { hosts, from, to }: SearchSpan,
    signal: AbortSignal,
    only?: string,
  ): Promise<Found<SiemDocument>> {
    const onHosts = [...new Set(hosts)].map((host) => `principal.hostname = ${literal(host)} nocase`);
    const query = [
      ...(only === undefined ? [] : [`(${only})`]),
      `metadata.log_type = ${literal(this.telemetry.logType)}`,
      `(${onHosts.join(" or ")})`,
    ].join(" and ");
    const span = { from: Math.floor(from), to: Math.floor(to) + 1 };
    const { rows, lacks } = await this.#halves(what, query, span, signal);
    const timed = rows.map((event) => ({
      ...this.documentOf(event),
      time: timeAt(event, "metadata.eventTimestamp") ?? Number.NaN,
    }));
    const problem = timeProblem(timed, ({ time }) => time, "metadata.event_timestamp");
    return foundTogether([found(timed, lacks), found<SiemDocument>([], problem)]);
  }

  sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>> {
    const record = `additional.fields["${this.telemetry.recordField}"]`;
    const trials = [...new Set(asked.map(({ trial }) => trial))];
    const anyTrial = trials.map((trial) => `${record} = ${containing(trial)}`).join(" or ");
    const span = { hosts: asked.map(({ host }) => host), ...sentinelSpan() };
    const only = `${record} = ${containing(SENTINEL_WORD)} and (${anyTrial})`;
    return this.find("the sentinels of trials", span, signal, only);
  }

  documentOf(event: Event): SiemDocument {
    const { recordField } = this.telemetry;
    return {
      id: textAt(event, "metadata.id") ?? "",
      host: textAt(event, "principal.hostname") ?? "",
      ingestedAt: timeAt(event, "metadata.ingestedTimestamp") ?? null,
      // As JSON writes a Struct, and as its parts are named in queries.
      text:
        textAt(fieldAt(event, "additional"), recordField) ??
        textAt(fieldAt(event, "additional.fields"), `${recordField}.stringValue`) ??
        null,
      fields: event,
    };
  }

  /**
   * A span whose events are more than one answer holds is asked about in two halves: there are no further pages, and the order of
   * events is not documented.
   * @param span milliseconds, the end exclusive
   */
  async #halves(
    what: string,
    query: string,
    span: { readonly from: number; readonly to: number },
    signal: AbortSignal,
  ): Promise<Found<Event>> {
    const events: Event[] = [];
    const lacks: string[] = [];
    const spans = [span];
    for (let next = spans.pop(); next !== undefined; next = spans.pop()) {
      const { from, to } = next;
      const { value } = await this.http.request({
        what,
        method: "GET",
        path: `${this.path}:udmSearch`,
        query: {
          query,
          "timeRange.startTime": isoTime(from),
          "timeRange.endTime": isoTime(to),
          limit: PAGE,
        },
        schema: answerSchema,
        signal,
      });
      if (value.moreDataAvailable && to - from > 1) {
        const middle = Math.floor((from + to) / 2);
        spans.push({ from: middle, to }, { from, to: middle });
        continue;
      }
      if (value.moreDataAvailable)
        lacks.push(`more than ${value.events.length} events have the time ${isoTime(from)}`);
      events.push(...value.events.map(({ udm }) => udm));
      if (events.length >= MOST_ROWS && spans.length > 0) {
        lacks.push(`there are more than ${events.length} rows`);
        break;
      }
    }
    return found(events, lacks.length === 0 ? null : lacks.join("; "));
  }
}

export function isoTime(ms: number): string {
  return new Date(Math.max(0, Math.floor(ms))).toISOString();
}

/** Names of hosts, types and trials hold nothing that no query can carry. */
function literal(text: string): string {
  return yaraText(text) ?? '""';
}

function containing(text: string): string {
  return yaraExpression(text.replaceAll(/[^\w\s-]/g, String.raw`\$&`)) ?? '""';
}
