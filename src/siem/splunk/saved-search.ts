import { z } from "zod";
import type { Evaluation } from "../../model/observation.js";
import { absentRule, type FoundRule } from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";
import { pathOf } from "../http/request.js";

/** All users' and apps' own, as far as the account may see them. */
export const SAVED = "/servicesNS/-/-/saved/searches";
/** Milliseconds ahead of which Splunk is asked when a search will run. */
const SCHEDULE_MS = 2 * 86_400_000;

/** Splunk writes a boolean in several ways. */
export const flag = z
  .union([z.boolean(), z.number(), z.string()])
  .transform((value) => value === true || value === 1 || value === "1" || value === "true");

const savedSchema = z.object({
  entry: z.array(
    z.object({
      acl: z.object({ app: z.string(), owner: z.string() }),
      content: z.object({
        disabled: flag,
        is_scheduled: flag,
        "dispatch.earliest_time": z.string().nullish(),
        "dispatch.index_earliest": z.string().nullish(),
        "alert.suppress": flag.optional(),
        "alert.suppress.period": z.string().nullish(),
      }),
    }),
  ),
});
export const goneSchema = z.object({ messages: z.array(z.unknown()) });

/** A saved search that alerts, with the namespace that it is in. */
export interface SavedSearch {
  /** Its path, in its own namespace. */
  readonly path: string;
  readonly enabled: boolean;
  readonly realTime: boolean;
  /** It goes by when events were indexed. */
  readonly byIndexTime: boolean;
  /** Milliseconds that it withholds alerts after one; null when it does not. */
  readonly suppressMs: number | null;
}

/** The saved searches of a name; several apps may have one. */
export async function savedSearches(
  http: SiemHttp,
  name: string,
  signal: AbortSignal,
): Promise<SavedSearch[]> {
  const { value } = await http.request({
    what: `the saved search ${name}`,
    method: "GET",
    path: `${SAVED}${pathOf(name)}`,
    query: { output_mode: "json" },
    accept: [404],
    schema: z.union([savedSchema, goneSchema]),
    signal,
  });
  if (!("entry" in value)) return [];
  return value.entry.map(({ acl, content }) => ({
    path: `${pathOf("servicesNS", acl.owner, acl.app)}/saved/searches${pathOf(name)}`,
    enabled: !content.disabled && content.is_scheduled,
    realTime: content["dispatch.earliest_time"]?.startsWith("rt") === true,
    byIndexTime: (content["dispatch.index_earliest"] ?? "") !== "",
    suppressMs: content["alert.suppress"] === true ? periodMs(content["alert.suppress.period"]) : null,
  }));
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a period such as `1h`; for ever when it cannot be read. */
function periodMs(text: string | null | undefined): number {
  const [, count, unit = "s"] = /^(\d{1,9})([smhd]?)$/.exec(text ?? "") ?? [];
  return count === undefined ? Number.MAX_SAFE_INTEGER : Number(count) * (unitMs[unit] ?? 1_000);
}

/**
 * What is said of a saved search, but for its throttles.
 * @param since evaluations that ended before are left out
 */
export async function stateOf(
  http: SiemHttp,
  name: string,
  searches: readonly SavedSearch[],
  since: number,
  signal: AbortSignal,
): Promise<FoundRule> {
  const [search, ...others] = searches;
  if (search === undefined) return absentRule;
  const base = { present: true, enabled: search.enabled, throttles: [], stateful: false };
  const streaming = { ...base, schedule: { type: "streaming" as const } };
  if (others.length > 0)
    return { ...streaming, lacks: `${searches.length} saved searches have the name ${name}` };
  if (search.realTime || !search.enabled) return { ...streaming, lacks: null };
  if (search.byIndexTime)
    return { ...streaming, lacks: "the saved search goes by index time, of which its jobs do not tell" };
  const [evaluations, intervalMs] = await Promise.all([
    evaluationsOf(http, name, search, since, signal),
    intervalOf(http, name, search, signal),
  ]);
  const lookBackMs = Math.max(0, ...evaluations.map(({ from, to }) => to - from));
  return {
    ...base,
    schedule: { type: "scheduled", intervalMs, lookBackMs, windowOver: "event-time", evaluations },
    lacks: null,
  };
}

const historySchema = z.object({
  entry: z.array(
    z.object({
      published: z.iso.datetime({ offset: true }),
      content: z.object({
        dispatchState: z.string(),
        earliestTime: z.string().nullish(),
        latestTime: z.string().nullish(),
        runDuration: z.number().nullish(),
      }),
    }),
  ),
});

/** The jobs that a saved search has run, as far as they have not expired (REST API: saved/searches/{name}/history). */
async function evaluationsOf(
  http: SiemHttp,
  name: string,
  { path }: SavedSearch,
  since: number,
  signal: AbortSignal,
): Promise<Evaluation[]> {
  const { value } = await http.request({
    what: `the jobs of the saved search ${name}`,
    method: "GET",
    path: `${path}/history`,
    query: { output_mode: "json", count: 0 },
    schema: historySchema,
    signal,
  });
  return value.entry.flatMap(({ published, content }): Evaluation[] => {
    const startedAt = Date.parse(published);
    const from = Date.parse(content.earliestTime ?? "");
    if (content.dispatchState !== "DONE" || Number.isNaN(from)) return [];
    const completedAt = startedAt + Math.ceil((content.runDuration ?? 0) * 1000);
    const latest = Date.parse(content.latestTime ?? "");
    // A search without an end reads until it is dispatched.
    const to = Number.isNaN(latest) || latest <= 0 ? startedAt : latest - 1;
    return completedAt < since ? [] : [{ startedAt, completedAt, from, to }];
  });
}

const timesSchema = z.object({
  entry: z.tuple([z.object({ content: z.object({ scheduled_times: z.array(z.number()).default([]) }) })]),
});

/** The longest time between two runs of the next days, as Splunk reckons them. */
async function intervalOf(
  http: SiemHttp,
  name: string,
  { path }: SavedSearch,
  signal: AbortSignal,
): Promise<number> {
  const { value } = await http.request({
    what: `the schedule of the saved search ${name}`,
    method: "GET",
    path: `${path}/scheduled_times`,
    query: { output_mode: "json", earliest_time: "now", latest_time: `+${SCHEDULE_MS / 3_600_000}h` },
    schema: timesSchema,
    signal,
  });
  const times = value.entry[0].content.scheduled_times.toSorted((one, other) => one - other);
  const gaps = times.slice(1).map((time, index) => (time - (times[index] ?? time)) * 1000);
  return gaps.length === 0 ? SCHEDULE_MS : Math.max(...gaps);
}

const dispatchedSchema = z.object({ sid: z.string() });

/** Runs a saved search now over a span, without its actions (REST API: saved/searches/{name}/dispatch). */
export async function dispatch(
  http: SiemHttp,
  name: string,
  { path }: SavedSearch,
  { from, to }: { readonly from: number; readonly to: number },
  signal: AbortSignal,
): Promise<string> {
  const { value } = await http.request({
    what: `a run of the saved search ${name}`,
    method: "POST",
    path: `${path}/dispatch`,
    body: {
      form: {
        output_mode: "json",
        trigger_actions: "0",
        "dispatch.earliest_time": (from / 1000).toFixed(3),
        "dispatch.latest_time": ((to + 1) / 1000).toFixed(3),
      },
    },
    schema: dispatchedSchema,
    signal,
  });
  return value.sid;
}
