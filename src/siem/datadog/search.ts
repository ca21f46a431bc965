import { z } from "zod";
import type { SiemHttp } from "../http/client.js";
import { allPages, type Found } from "../http/pages.js";

/** Rows of one page; the API gives no more (API reference, "Search logs", "Get a list of security signals"). */
const PAGE = 1_000;

const bag = z.record(z.string(), z.unknown());
const metaSchema = z.object({
  page: z.object({ after: z.string().optional() }).optional(),
  status: z.string().optional(),
  warnings: z.array(z.object({ title: z.string().optional(), detail: z.string().optional() })).optional(),
});

function answerOf<T extends z.ZodType>(attributes: T) {
  return z.object({
    data: z.array(z.object({ id: z.string(), attributes })),
    meta: metaSchema.optional(),
  });
}

const logsSchema = answerOf(
  z.object({
    timestamp: z.iso.datetime({ offset: true }),
    host: z.string().optional(),
    message: z.string().optional(),
    attributes: bag.optional(),
  }),
);
export type Log = z.infer<typeof logsSchema>["data"][number];

const signalsSchema = answerOf(
  z.object({
    timestamp: z.iso.datetime({ offset: true }),
    tags: z.array(z.string()).default([]),
    /** What the rule found. It had another name in older answers. */
    custom: bag.optional(),
    attributes: bag.optional(),
  }),
);
export type Signal = z.infer<typeof signalsSchema>["data"][number];

/** A query in Datadog's syntax and its span: milliseconds, inclusive. */
export interface DatadogQuery {
  readonly what: string;
  readonly query: string;
  readonly from: number;
  readonly to: number;
  readonly signal: AbortSignal;
}

export function searchLogs(
  http: SiemHttp,
  { from, to, query, ...asked }: DatadogQuery,
  indexes: readonly string[],
): Promise<Found<Log>> {
  const filter = { query, indexes, from: String(Math.floor(from)), to: String(Math.floor(to) + 1) };
  return search(http, "/api/v2/logs/events/search", filter, logsSchema, { from, to, ...asked });
}

export function searchSignals(
  http: SiemHttp,
  { from, to, query, ...asked }: DatadogQuery,
): Promise<Found<Signal>> {
  const filter = { query, from: isoTime(from), to: isoTime(to + 1) };
  return search(http, "/api/v2/security_monitoring/signals/search", filter, signalsSchema, {
    from,
    to,
    ...asked,
  });
}

/** All pages of a search in order of time. Whether the end is a part of the span is not documented: it is sorted out here. */
async function search<T extends { readonly attributes: { readonly timestamp: string } }>(
  http: SiemHttp,
  path: string,
  filter: Readonly<Record<string, unknown>>,
  schema: z.ZodType<{ readonly data: T[]; readonly meta?: z.infer<typeof metaSchema> | undefined }>,
  { what, from, to, signal }: Omit<DatadogQuery, "query">,
): Promise<Found<T>> {
  return await allPages("", async (cursor) => {
    const page = { limit: PAGE, ...(cursor === "" ? {} : { cursor }) };
    const { value } = await http.request({
      what,
      method: "POST",
      path,
      body: { json: { filter, sort: "timestamp", page } },
      schema,
      signal,
    });
    const rows = value.data.filter(({ attributes }) => {
      const time = Date.parse(attributes.timestamp);
      return time >= Math.floor(from) && time <= to;
    });
    return { rows, next: value.meta?.page?.after ?? null, lacks: problemOf(value.meta) };
  });
}

/** Why an answer may lack rows. */
function problemOf(meta: z.infer<typeof metaSchema> | undefined): string | null {
  const told = (meta?.warnings ?? []).map(({ title, detail }) => detail ?? title ?? "a warning");
  if (meta?.status === "timeout") told.push("the search was not done in the time that Datadog gave it");
  return told.length === 0 ? null : told.join("; ");
}

function isoTime(ms: number): string {
  return new Date(Math.max(0, Math.floor(ms))).toISOString();
}

/** A text as one term of Datadog's syntax ("Log search syntax", "Escape special characters"). */
export function term(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** `name:("a" OR "b")` */
export function anyOf(name: string, values: readonly string[]): string {
  return `${name}:(${[...new Set(values)].map(term).join(" OR ")})`;
}
