import { z } from "zod";
import type { SearchSpan, SiemDocument } from "../connector/connector.js";
import { textAt, timeAt } from "../connector/values.js";
import type { SiemHttp } from "../http/client.js";
import { type Found, found, pagesByTime } from "../http/pages.js";
import { pathOf } from "../http/request.js";
import type { GraylogSettings } from "./settings.js";

/** Messages of one page; a search reaches 10,000. */
const PAGE = 2_000;
const PROCESSED = "gl2_processing_timestamp";
/** Asked for by every request that changes something, and by searches too. */
export const requestedBy = { "x-requested-by": "tyrian" };

const answerSchema = z.object({
  schema: z.array(z.object({ field: z.string() })),
  datarows: z.array(z.array(z.unknown())),
  metadata: z.object({ effective_timerange: z.object({ to: z.iso.datetime({ offset: true }) }) }),
});

/** A message as a document, with the time under which Graylog has it: milliseconds since 1970. */
export interface GraylogDocument extends SiemDocument {
  readonly time: number;
}

/** A text in quotes, in Lucene's syntax. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, String.raw`\$&`)}"`;
}

/** A test of a field for any of some texts. */
export function anyOf(field: string, texts: readonly string[]): string {
  return `(${[...new Set(texts)].map((text) => `${field}:${quoted(text)}`).join(" OR ")})`;
}

function search(
  http: SiemHttp,
  { telemetry }: GraylogSettings,
  what: string,
  query: string,
  timerange: Readonly<Record<string, unknown>>,
  size: number,
  signal: AbortSignal,
) {
  const { streams, hostField, textField } = telemetry;
  return http.request({
    what,
    method: "POST",
    path: "/api/search/messages",
    headers: requestedBy,
    body: {
      json: {
        query,
        streams,
        timerange,
        sort: "timestamp",
        sort_order: "asc",
        from: 0,
        size,
        fields: [...new Set(["_id", "timestamp", hostField, textField, PROCESSED])],
      },
    },
    schema: answerSchema,
    signal,
  });
}

/** The server's clock: the end of a span that is relative to it. */
export async function graylogClock(
  http: SiemHttp,
  settings: GraylogSettings,
  signal: AbortSignal,
): Promise<{ now: number; errorMs: number }> {
  const span = { type: "relative", range: 1 };
  const answer = await search(http, settings, "the clock", "*", span, 1, signal);
  const halfMs = (answer.receivedAt - answer.sentAt) / 2;
  return {
    now: Date.parse(answer.value.metadata.effective_timerange.to) + halfMs,
    errorMs: halfMs + 1,
  };
}

/** The messages that a query finds on hosts in a span, all pages (Graylog, REST API, "Search scripting API"). */
export async function graylogMessages(
  http: SiemHttp,
  settings: GraylogSettings,
  what: string,
  query: string,
  { hosts, from, to }: SearchSpan,
  signal: AbortSignal,
): Promise<Found<GraylogDocument>> {
  const { hostField, query: narrowed } = settings.telemetry;
  const parts = [`(${query})`, anyOf(hostField, hosts), ...(narrowed === undefined ? [] : [`(${narrowed})`])];
  const { rows, lacks } = await pagesByTime<GraylogDocument>({
    from: BigInt(Math.floor(from)),
    to: BigInt(Math.ceil(to)),
    size: PAGE,
    timeOf: ({ time }) => BigInt(time),
    idOf: ({ id }) => id,
    fetch: async (start, end) => {
      // Some versions leave out the end.
      const timerange = { type: "absolute", from: dateOf(start), to: dateOf(end + 1n) };
      const { value } = await search(http, settings, what, parts.join(" AND "), timerange, PAGE, signal);
      const names = value.schema.map(({ field }) => field);
      return value.datarows.map((row) => {
        // What a message does not have is a dash.
        const given = names.map((name, index): [string, unknown] => [name, row[index]]);
        const fields = Object.fromEntries(given.filter(([, value]) => value !== "-" && value !== null));
        const document = documentOf(fields, settings);
        if (document === null)
          throw http.error("siem-answer-invalid", "a message has no `_id` or no `timestamp`");
        return document;
      });
    },
  });
  return found(
    rows.filter(({ time }) => time <= to),
    lacks,
  );
}

const messageSchema = z.object({ message: z.record(z.string(), z.unknown()) });
const goneSchema = z.object({ type: z.literal("ApiError") });

/** A message by its index and id; null when it is not there any more. */
export async function graylogMessage(
  http: SiemHttp,
  settings: GraylogSettings,
  index: string,
  id: string,
  signal: AbortSignal,
): Promise<SiemDocument | null> {
  const { value } = await http.request({
    what: "the message of an event",
    method: "GET",
    path: `/api/messages${pathOf(index, id)}`,
    accept: [404],
    schema: z.union([messageSchema, goneSchema]),
    signal,
  });
  return "message" in value ? documentOf({ ...value.message, _id: id }, settings) : null;
}

/** Null for what is no message. */
function documentOf(
  fields: Readonly<Record<string, unknown>>,
  { telemetry }: GraylogSettings,
): GraylogDocument | null {
  const { hostField, textField, storedWithinSeconds } = telemetry;
  const id = textAt(fields, "_id");
  const time = timeAt(fields, "timestamp");
  if (id === undefined || time === undefined) return null;
  // Graylog's own fields of dates are UTC, as the index has them.
  const processed = Date.parse((textAt(fields, PROCESSED) ?? "").replace(/^(\S+) (\S+)$/, "$1T$2Z"));
  return {
    id,
    host: textAt(fields, hostField) ?? "",
    ingestedAt: Number.isNaN(processed) ? null : processed + storedWithinSeconds * 1000,
    text: textAt(fields, textField) ?? null,
    fields,
    time,
  };
}

export function dateOf(ms: bigint): string {
  return new Date(Number(ms)).toISOString();
}
