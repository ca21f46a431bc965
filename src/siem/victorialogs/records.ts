import { createHash } from "node:crypto";
import { z } from "zod";
import { quotedText } from "../../detection/convert/quoted-text.js";
import type { SearchSpan, SiemDocument } from "../connector/connector.js";
import { stampedAt } from "../connector/stamped.js";
import type { SiemHttp } from "../http/client.js";
import { type Found, found, pagesByTime } from "../http/pages.js";
import type { VictoriaLogsSettings } from "./settings.js";

const PAGE = 2_000;
const NS_PER_MS = 1_000_000n;

type Row = Readonly<Record<string, string>>;
/** What a query answers with: figures have no time. */
export const resultsSchema: z.ZodType<readonly Row[]> = z.array(z.record(z.string(), z.string()));
/** What a filter answers with. */
export const recordsSchema: z.ZodType<readonly Row[]> = z.array(
  z.object({ _time: z.iso.datetime() }).catchall(z.string()),
);

/** A record as a document, with the time under which VictoriaLogs has it: milliseconds since 1970. */
export interface VictoriaLogsDocument extends SiemDocument {
  readonly time: number;
}

export interface VictoriaLogsQuestion {
  /** For messages. */
  readonly what: string;
  readonly query: string;
  readonly schema: typeof resultsSchema;
}

export function tenantHeaders({ tenant }: VictoriaLogsSettings): Readonly<Record<string, string>> {
  const [account, project] = tenant?.split(":") ?? [];
  return account === undefined || project === undefined ? {} : { accountid: account, projectid: project };
}

/**
 * The records of the sensor that a query finds on hosts in a span, all pages (VictoriaLogs, HTTP API, "Querying logs"). A query
 * whose results are no records is told.
 */
export async function victoriaLogsRecords(
  http: SiemHttp,
  settings: VictoriaLogsSettings,
  { what, query, schema }: VictoriaLogsQuestion,
  { hosts, from, to }: SearchSpan,
  signal: AbortSignal,
): Promise<Found<VictoriaLogsDocument>> {
  const { selector, hostField, textField } = settings.telemetry;
  const names = [...new Set(hosts)].map(quotedText).join(", ");
  let others = 0;
  const { rows, lacks } = await pagesByTime<Row>({
    from: BigInt(Math.floor(from)) * NS_PER_MS,
    // All of the last millisecond.
    to: BigInt(Math.floor(to) + 1) * NS_PER_MS - 1n,
    size: PAGE,
    timeOf: (row) => nanoseconds(row["_time"]) ?? 0n,
    idOf: (row) => JSON.stringify(row),
    fetch: async (start, end) => {
      const { value } = await http.request({
        what,
        method: "POST",
        path: "/select/logsql/query",
        headers: tenantHeaders(settings),
        body: {
          form: {
            query: `${query} | sort by (_time) limit ${PAGE}`,
            // The end is not a part of the span.
            start: String(start),
            end: String(end + 1n),
            extra_filters: `${selector} AND ${quotedText(hostField)}:in(${names})`,
            allow_partial_response: "0",
          },
        },
        format: "ndjson",
        schema,
        signal,
      });
      const records = value.filter((row) => nanoseconds(row["_time"]) !== null && textField in row);
      others += value.length - records.length;
      return records;
    },
  });
  const told = [
    ...(others === 0 ? [] : [`${others} rows are no records`]),
    ...(lacks === null ? [] : [lacks]),
  ];
  return found(
    rows.map((row) => documentOf(row, settings)),
    told.length === 0 ? null : told.join("; "),
  );
}

function documentOf(row: Row, { telemetry }: VictoriaLogsSettings): VictoriaLogsDocument {
  const { hostField, textField, ingestedField, storedWithinSeconds } = telemetry;
  const stamped = stampedAt(row[ingestedField]);
  return {
    // VictoriaLogs has no ids: two records that are the same in everything are one.
    id: createHash("sha256").update(JSON.stringify(row)).digest("hex"),
    host: row[hostField] ?? "",
    ingestedAt: stamped === null ? null : stamped + storedWithinSeconds * 1000,
    text: row[textField] ?? null,
    fields: row,
    time: Number((nanoseconds(row["_time"]) ?? 0n) / NS_PER_MS),
  };
}

/** Nanoseconds since 1970 of a time as VictoriaLogs writes it, with up to nine digits behind the point. */
function nanoseconds(text: string | undefined): bigint | null {
  const [, seconds = "", fraction = ""] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text ?? "") ?? [];
  const ms = Date.parse(`${seconds}Z`);
  return Number.isNaN(ms) ? null : BigInt(ms) * NS_PER_MS + BigInt(fraction.padEnd(9, "0"));
}
