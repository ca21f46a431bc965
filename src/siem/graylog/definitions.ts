import { z } from "zod";
import type { Evaluation } from "../../model/observation.js";
import type { RuleDefinition } from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";
import { pathOf } from "../http/request.js";

/** Evaluations that are counted back from the next one at most. */
const MOST_BACK = 1_000;

const definitionSchema = z.object({
  event_definition: z.object({
    title: z.string(),
    state: z.enum(["ENABLED", "DISABLED"]),
    config: z.object({
      search_within_ms: z.number().optional(),
      execute_every_ms: z.number().optional(),
      use_cron_scheduling: z.boolean().nullish(),
      event_limit: z.number().nullish(),
      conditions: z.object({ expression: z.unknown() }).nullish(),
    }),
  }),
  context: z.object({
    scheduler: z
      .object({
        is_scheduled: z.boolean(),
        data: z.object({ timerange_to: z.iso.datetime({ offset: true }) }).nullish(),
      })
      .nullish(),
  }),
});
const goneSchema = z.object({ type: z.literal("ApiError") });

/** An event definition, as far as it is asked about. Milliseconds. */
export interface EventDefinition {
  readonly enabled: boolean;
  readonly everyMs: number | null;
  readonly withinMs: number | null;
  readonly cron: boolean;
  /** Events that one evaluation makes at most, of a definition that makes one a message; null when there is no limit. */
  readonly limit: number | null;
  /** The end of the span that is searched next; null when it is not scheduled. */
  readonly nextTo: number | null;
}

/** An event definition with its place in the schedule (REST API, "Event definition management"); null when there is none. */
async function withContext<T extends z.ZodType>(http: SiemHttp, id: string, schema: T, signal: AbortSignal) {
  const { value } = await http.request({
    what: `the event definition ${id}`,
    method: "GET",
    path: `/api/events/definitions${pathOf(id)}/with_context`,
    accept: [404],
    schema: z.union([schema, goneSchema]),
    signal,
  });
  return value;
}

/** What decides what an event definition finds and what comes of it. */
const contentSchema = z.object({
  event_definition: z.object({
    title: z.string(),
    description: z.string().nullish(),
    priority: z.number().optional(),
    alert: z.boolean().optional(),
    config: z.record(z.string(), z.unknown()),
    field_spec: z.unknown().optional(),
    key_spec: z.unknown().optional(),
    notification_settings: z.unknown().optional(),
    notifications: z.unknown().optional(),
  }),
});

/** An event definition as it is written; null when there is none. */
export async function graylogDefinition(
  http: SiemHttp,
  id: string,
  signal: AbortSignal,
): Promise<RuleDefinition | null> {
  const value = await withContext(http, id, contentSchema, signal);
  if (!("event_definition" in value)) return null;
  const { title, ...content } = value.event_definition;
  return { title, content };
}

/** What is said of an event definition; null when there is none. */
export async function eventDefinition(
  http: SiemHttp,
  id: string,
  signal: AbortSignal,
): Promise<EventDefinition | null> {
  const value = await withContext(http, id, definitionSchema, signal);
  if (!("event_definition" in value)) return null;
  const { state, config } = value.event_definition;
  const { is_scheduled = false, data } = value.context.scheduler ?? {};
  const next = is_scheduled ? (data ?? null) : null;
  const aggregates = (config.conditions?.expression ?? null) !== null;
  const limit = config.event_limit ?? 0;
  return {
    enabled: state === "ENABLED" && is_scheduled,
    everyMs: config.execute_every_ms ?? null,
    withinMs: config.search_within_ms ?? null,
    cron: config.use_cron_scheduling === true,
    limit: limit > 0 && !aggregates ? limit : null,
    nextTo: next === null ? null : Date.parse(next.timerange_to),
  };
}

/**
 * The evaluations that are done: all before the next one, since spans are searched one after the other, each when it is over. When
 * that was is told nowhere.
 * @param now when they are known to be done
 */
export function doneEvaluations(
  { nextTo, everyMs, withinMs }: EventDefinition,
  since: number,
  now: number,
): Evaluation[] {
  if (nextTo === null || everyMs === null || withinMs === null) return [];
  const evaluations: Evaluation[] = [];
  for (let to = nextTo - everyMs; to >= since - everyMs && evaluations.length < MOST_BACK; to -= everyMs)
    evaluations.push({ startedAt: to, completedAt: Math.max(now, to), from: to - withinMs, to: to - 1 });
  return evaluations;
}
