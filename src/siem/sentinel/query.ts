import { z } from "zod";
import type { SiemHttp } from "../http/client.js";
import { type Found, found, type TimePaging, pagesByTime } from "../http/pages.js";
import { pathOf } from "../http/request.js";

/** Rows of one page; the API gives 500,000 rows or 64 MB at most (Azure Monitor, "Service limits"). */
export const PAGE = 10_000;
/** Seconds that the API may work on a query; the question's own deadline is longer. */
const WAIT_S = 45;

const answerSchema = z.object({
  tables: z
    .array(
      z.object({
        columns: z.array(z.object({ name: z.string() })),
        rows: z.array(z.array(z.unknown())),
      }),
    )
    .min(1),
  /** Beside rows that are not all of them (Log Analytics API, "Response format": `PartialError`). */
  error: z
    .object({
      code: z.string(),
      message: z.string(),
      details: z.array(z.object({ message: z.string() })).optional(),
    })
    .optional(),
});

export type Row = Readonly<Record<string, unknown>>;

/** Times that the API tells and takes: 100 ns since 1970. */
const TICKS_PER_MS = 10_000n;

/** A question to one workspace. */
export class Workspace {
  constructor(
    private readonly http: SiemHttp,
    private readonly id: string,
  ) {}

  /**
   * Runs a query in KQL over a span of `TimeGenerated`, milliseconds, of which the end may not be a part. The span bounds every table
   * that the query reads.
   * @returns the rows, and when the API was asked and had answered
   */
  async run(
    what: string,
    query: string,
    { from, to }: { readonly from: number; readonly to: number },
    signal: AbortSignal,
  ): Promise<Found<Row> & { readonly sentAt: number; readonly receivedAt: number }> {
    const { value, sentAt, receivedAt } = await this.http.request({
      what,
      method: "POST",
      path: `/v1/workspaces${pathOf(this.id)}/query`,
      headers: { prefer: `wait=${WAIT_S}` },
      body: { json: { query, timespan: `${isoTime(from)}/${isoTime(to)}` } },
      schema: answerSchema,
      signal,
    });
    const [{ columns, rows } = { columns: [], rows: [] }] = value.tables;
    const named = rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
    const { error } = value;
    const lacks =
      error === undefined ? null : [error.message, ...(error.details ?? []).map(({ message }) => message)];
    return {
      rows: named,
      lacks: lacks === null ? null : `not all rows: ${lacks.join(" ")}`,
      sentAt,
      receivedAt,
    };
  }

  /**
   * All rows of a query that has the columns `Time` and `Id`, page by page in order of time.
   * @param queryOf the query over a span of time, inclusive, written as literals of KQL
   */
  async pages(
    what: string,
    queryOf: (from: string, to: string) => string,
    { from, to }: { readonly from: number; readonly to: number },
    signal: AbortSignal,
  ): Promise<Found<Row>> {
    const partial = new Set<string>();
    const paging: TimePaging<Row> = {
      from: BigInt(Math.floor(from)) * TICKS_PER_MS,
      // All of the last millisecond.
      to: BigInt(Math.floor(to) + 1) * TICKS_PER_MS - 1n,
      size: PAGE,
      timeOf: ({ Time }) => ticksOf(Time),
      idOf: ({ Id }) => String(Id),
      fetch: async (start, end) => {
        const query = `${queryOf(datetime(start), datetime(end))}\n| top ${PAGE} by Time asc`;
        const { rows, lacks } = await this.run(what, query, { from, to: to + 1_000 }, signal);
        if (lacks !== null) partial.add(lacks);
        if (rows.some(({ Time }) => typeof Time !== "string" || Number.isNaN(Date.parse(Time))))
          throw this.http.error("siem-answer-invalid", `${what}: the answer has rows without a time`);
        return rows;
      },
    };
    const { rows, lacks } = await pagesByTime(paging);
    const all = [...partial, ...(lacks === null ? [] : [lacks])];
    return found(rows, all.length === 0 ? null : all.join("; "));
  }
}

/** A time as a literal of KQL. */
export function datetime(ticks: bigint): string {
  const ms = ticks / TICKS_PER_MS;
  const rest = String(ticks % TICKS_PER_MS).padStart(4, "0");
  return `datetime(${isoTime(Number(ms)).replace("Z", `${rest}Z`)})`;
}

/** Milliseconds as a literal of KQL. */
export function datetimeOfMs(ms: number): string {
  return datetime(BigInt(Math.floor(ms)) * TICKS_PER_MS);
}

/** Dates that JavaScript and KQL both have. */
function isoTime(ms: number): string {
  return new Date(Math.min(Math.max(Math.floor(ms), 0), LATEST_MS)).toISOString();
}
const LATEST_MS = Date.UTC(9999, 0);

function ticksOf(time: unknown): bigint {
  const text = String(time);
  const fraction = /\.(\d{1,7})/.exec(text)?.[1] ?? "";
  const ms = BigInt(Date.parse(text));
  return ms * TICKS_PER_MS + BigInt(fraction.padEnd(7, "0").slice(3));
}
