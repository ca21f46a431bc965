import { createHash } from "node:crypto";
import { z } from "zod";
import { quotedText } from "../../detection/convert/quoted-text.js";
import type { SearchSpan, SiemDocument } from "../connector/connector.js";
import { stampedAt } from "../connector/stamped.js";
import type { SiemHttp } from "../http/client.js";
import { type Found, found, pagesByTime } from "../http/pages.js";
import type { LokiSettings } from "./settings.js";

/** Entries of one page; less than `max_entries_limit_per_query`, which is 5,000 unless set. */
const PAGE = 2_000;
const NS_PER_MS = 1_000_000n;

const answerSchema = z.object({
  status: z.literal("success"),
  /** Of Loki 3. */
  warnings: z.array(z.string()).nullish(),
  data: z.object({
    resultType: z.literal("streams"),
    result: z.array(
      z.object({
        stream: z.record(z.string(), z.string()),
        /** Nanoseconds since 1970, and the line; then what Loki was not asked for. */
        values: z.array(z.tuple([z.string().regex(/^\d{1,19}$/), z.string()]).rest(z.unknown())),
      }),
    ),
  }),
});

interface Entry {
  readonly labels: Readonly<Record<string, string>>;
  readonly ns: bigint;
  readonly line: string;
}

/** An entry as a document, with the time under which Loki has it: milliseconds since 1970. */
export interface LokiDocument extends SiemDocument {
  readonly time: number;
}

export function lokiHeaders({ tenant }: LokiSettings): Readonly<Record<string, string>> {
  return tenant === undefined ? {} : { "x-scope-orgid": tenant };
}

/** A label filter for hosts; it takes labels of streams and structured metadata alike. */
export function onHosts({ telemetry }: LokiSettings, hosts: readonly string[]): string {
  const tests = [...new Set(hosts)].map((host) => `${telemetry.hostLabel}=${quotedText(host)}`);
  return `| ${tests.join(" or ")}`;
}

/** The entries that a query finds in a span, all pages (Loki, HTTP API, "Query logs within a range of time"). */
export async function lokiEntries(
  http: SiemHttp,
  settings: LokiSettings,
  what: string,
  query: string,
  { from, to }: Omit<SearchSpan, "hosts">,
  signal: AbortSignal,
): Promise<Found<LokiDocument>> {
  const warned = new Set<string>();
  const { rows, lacks } = await pagesByTime<Entry>({
    from: BigInt(Math.floor(from)) * NS_PER_MS,
    // All of the last millisecond.
    to: BigInt(Math.floor(to) + 1) * NS_PER_MS - 1n,
    size: PAGE,
    timeOf: ({ ns }) => ns,
    idOf: ({ labels, ns, line }) => `${ns}/${JSON.stringify(labels)}/${line}`,
    fetch: async (start, end) => {
      const { value } = await http.request({
        what,
        method: "POST",
        path: "/loki/api/v1/query_range",
        headers: lokiHeaders(settings),
        body: {
          // The end is not a part of the span.
          form: {
            query,
            start: String(start),
            end: String(end + 1n),
            limit: String(PAGE),
            direction: "forward",
          },
        },
        schema: answerSchema,
        signal,
      });
      for (const warning of value.warnings ?? []) warned.add(warning);
      return value.data.result
        .flatMap(({ stream, values }) =>
          values.map(([ns, line]): Entry => ({ labels: stream, ns: BigInt(ns), line })),
        )
        .toSorted((one, other) => (one.ns < other.ns ? -1 : one.ns > other.ns ? 1 : 0));
    },
  });
  const all = [...warned, ...(lacks === null ? [] : [lacks])];
  return found(
    rows.map((entry) => documentOf(entry, settings)),
    all.length === 0 ? null : all.join("; "),
  );
}

function documentOf({ labels, ns, line }: Entry, { telemetry }: LokiSettings): LokiDocument {
  const { hostLabel, ingestedLabel, storedWithinSeconds } = telemetry;
  const stamped = stampedAt(labels[ingestedLabel]);
  return {
    // Loki has no ids: two entries of one time and text in one stream are one.
    id: createHash("sha256")
      .update(`${ns}\n${JSON.stringify(labels)}\n${line}`)
      .digest("hex"),
    host: labels[hostLabel] ?? "",
    ingestedAt: stamped === null ? null : stamped + storedWithinSeconds * 1000,
    text: line,
    fields: labels,
    time: Number(ns / NS_PER_MS),
  };
}
