import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { SiemHttp } from "../http/client.js";
import { allPages, type Found, found } from "../http/pages.js";
import { pathOf } from "../http/request.js";

const JOBS = "/services/search/v2/jobs";
/** Results of one page; limits.conf allows 50,000 (`maxresultrows`). */
const PAGE = 10_000;
/** Milliseconds between two looks at a job. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

const messageSchema = z.object({ type: z.string(), text: z.string().nullish() });
export const rowSchema = z.record(z.string(), z.unknown());
export type Row = z.infer<typeof rowSchema>;

/** Event time: from inclusive, milliseconds since 1970. */
export interface TimeSpan {
  readonly from: number;
  /** Inclusive too; Splunk's own end is exclusive. */
  readonly to: number;
}

const exportSchema = z.array(
  z.union([
    z.object({
      preview: z.boolean(),
      lastrow: z.boolean().optional(),
      result: rowSchema.optional(),
      messages: z.array(messageSchema).optional(),
    }),
    z.object({ preview: z.undefined().optional(), messages: z.array(messageSchema) }),
  ]),
);

/** Streams all results of a search (REST API: search/v2/jobs/export). An export that breaks off says so. */
export async function exportSearch(
  http: SiemHttp,
  what: string,
  search: string,
  span: TimeSpan,
  signal: AbortSignal,
): Promise<Found<Row>> {
  const { value: lines } = await http.request({
    what,
    method: "POST",
    path: `${JOBS}/export`,
    body: { form: { ...formOf(search, span), preview: "false" } },
    format: "ndjson",
    schema: exportSchema,
    signal,
  });
  const lacks = problemsOf(
    http,
    what,
    lines.flatMap(({ messages }) => messages ?? []),
  );
  const final = lines.flatMap((line) => (line.preview === false ? [line] : []));
  if (!final.some(({ lastrow }) => lastrow === true)) lacks.push("the export broke off before its last row");
  const rows = final.flatMap(({ result }): Row[] => (result === undefined ? [] : [result]));
  return found(rows, lacks.length === 0 ? null : lacks.join("; "));
}

const createdSchema = z.object({ sid: z.string() });
const jobSchema = z.object({
  entry: z.tuple([
    z.object({
      content: z.object({
        dispatchState: z.string(),
        isDone: z.boolean(),
        isFailed: z.boolean(),
        isFinalized: z.boolean().optional(),
        messages: z.array(messageSchema).optional(),
      }),
    }),
  ]),
});

/** Runs a search as a job of its own (REST API: search/v2/jobs), waits for it, and takes it away again. */
export async function runSearch(
  http: SiemHttp,
  what: string,
  search: string,
  span: TimeSpan,
  signal: AbortSignal,
): Promise<Found<Row>> {
  const { value } = await http.request({
    what,
    method: "POST",
    path: JOBS,
    body: { form: { ...formOf(search, span), exec_mode: "normal" } },
    schema: createdSchema,
    signal,
  });
  return await resultsThenEnd(http, what, value.sid, signal);
}

/** The results of a job of ours, waited for while it runs; then it is taken away. */
export async function resultsThenEnd(
  http: SiemHttp,
  what: string,
  sid: string,
  signal: AbortSignal,
): Promise<Found<Row>> {
  try {
    return await resultsWhenDone(http, what, sid, signal);
  } finally {
    await endJob(http, sid);
  }
}

async function resultsWhenDone(
  http: SiemHttp,
  what: string,
  sid: string,
  signal: AbortSignal,
): Promise<Found<Row>> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const { value } = await http.request({
      what: `the job of ${what}`,
      method: "GET",
      path: `${JOBS}${pathOf(sid)}`,
      query: { output_mode: "json" },
      schema: jobSchema,
      signal,
    });
    const { content } = value.entry[0];
    const problems = problemsOf(http, what, content.messages ?? []);
    if (content.isFailed)
      throw http.error("siem-query-rejected", `${what}: the job failed: ${problems.join("; ")}`);
    if (content.isDone) {
      if (content.isFinalized === true) problems.push("the job was finalized before it was done");
      const { rows, lacks } = await resultsOf(http, what, sid, signal);
      const all = [...problems, ...(lacks === null ? [] : [lacks])];
      return found(rows, all.length === 0 ? null : all.join("; "));
    }
    await sleep(pause, undefined, { signal });
  }
}

const resultsSchema = z.object({ results: z.array(rowSchema) });
const goneSchema = z.object({ messages: z.array(messageSchema) });

/** The rows of a job that is done; none, and the reason, when it is not there any more. */
export function resultsOf(
  http: SiemHttp,
  what: string,
  sid: string,
  signal: AbortSignal,
): Promise<Found<Row>> {
  return allPages(0, async (offset) => {
    const { value } = await http.request({
      what: `the results of ${what}`,
      method: "GET",
      path: `${JOBS}${pathOf(sid)}/results`,
      query: { output_mode: "json", count: PAGE, offset },
      accept: [404],
      schema: z.union([resultsSchema, goneSchema]),
      signal,
    });
    if (!("results" in value)) return { rows: [], next: null, lacks: GONE };
    return { rows: value.results, next: value.results.length < PAGE ? null : offset + PAGE };
  });
}

/** Why a job's results are not known: it has expired. */
export const GONE = "the job's results are gone";

/** Jobs count against the account's quota; where this fails the job expires by itself. */
async function endJob(http: SiemHttp, sid: string): Promise<void> {
  const ended = http.request({
    what: "the end of a job",
    method: "DELETE",
    path: `${JOBS}${pathOf(sid)}`,
    query: { output_mode: "json" },
    accept: [404],
    schema: z.unknown(),
    signal: AbortSignal.timeout(5_000),
  });
  await ended.catch(() => undefined);
}

function formOf(search: string, { from, to }: TimeSpan): Record<string, string> {
  return {
    search: /^\s*(?:\||search\b)/.test(search) ? search : `search ${search}`,
    earliest_time: secondsOf(from),
    latest_time: secondsOf(to + 1),
    output_mode: "json",
  };
}

function secondsOf(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** What makes an answer less than whole. An error of the search itself is thrown. */
function problemsOf(
  http: SiemHttp,
  what: string,
  messages: readonly z.infer<typeof messageSchema>[],
): string[] {
  const fatal = messages.find(({ type }) => type === "FATAL");
  if (fatal !== undefined) throw http.error("siem-query-rejected", `${what}: ${fatal.text ?? ""}`);
  return messages.flatMap(({ type, text }) => (type === "ERROR" || type === "WARN" ? [text ?? type] : []));
}
