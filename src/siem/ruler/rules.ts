import { z } from "zod";
import type { RuleDefinition } from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";

/** Rules of the kind that Prometheus has, as Loki's ruler and vmalert tell of them (Prometheus, HTTP API, "Rules"). */

const ruleSchema = z.object({
  type: z.string(),
  name: z.string(),
  query: z.string().default(""),
  /** Seconds that the condition must hold (`for`). */
  duration: z.number().default(0),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
  health: z.string(),
  lastError: z.string().default(""),
  lastEvaluation: z.iso.datetime({ offset: true }),
  /** Seconds that it took. */
  evaluationTime: z.number(),
  /** Of vmalert only. */
  id: z.string().optional(),
  group_id: z.string().optional(),
});

const answerSchema = z.object({
  status: z.literal("success"),
  data: z.object({
    groups: z.array(
      z.object({
        name: z.string(),
        /** Seconds. */
        interval: z.number().positive(),
        rules: z.array(ruleSchema).nullish(),
      }),
    ),
  }),
});

/** An alerting rule, with the interval of its group. Milliseconds. */
export interface RulerRule {
  readonly name: string;
  readonly query: string;
  readonly intervalMs: number;
  readonly forMs: number;
  /** What it writes on its alerts. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Why its last evaluation failed; null when it did not. */
  readonly failure: string | null;
  /** When its last evaluation began; null before the first. */
  readonly lastEvaluatedAt: number | null;
  readonly lastTookMs: number;
  /** By which vmalert knows it. */
  readonly ids: { readonly rule_id: string; readonly group_id: string } | null;
}

/** The rules of a name as they are written; all of them where several groups have one. */
export function rulerDefinition(name: string, rules: readonly RulerRule[]): RuleDefinition | null {
  const own = rules.filter((rule) => rule.name === name);
  if (own.length === 0) return null;
  const content = own.map(({ query, intervalMs, forMs, labels, annotations }) => {
    return { query, intervalMs, forMs, labels, annotations };
  });
  // A rule is bound by its name: another name is another rule.
  return { title: name, content };
}

export async function rulerRules(
  http: SiemHttp,
  path: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<RulerRule[]> {
  const { value } = await http.request({
    what: "the rules",
    method: "GET",
    path,
    headers,
    schema: answerSchema,
    signal,
  });
  return value.data.groups.flatMap(({ interval, rules }) =>
    (rules ?? []).flatMap((rule): RulerRule[] => {
      if (rule.type !== "alerting") return [];
      const { id, group_id } = rule;
      const at = Date.parse(rule.lastEvaluation);
      const failed = rule.health === "err" || rule.lastError !== "";
      return [
        {
          name: rule.name,
          query: rule.query,
          intervalMs: interval * 1000,
          forMs: rule.duration * 1000,
          labels: rule.labels,
          annotations: rule.annotations,
          failure: failed ? `its last evaluation failed: ${rule.lastError}` : null,
          // Before the first it is the year 1.
          lastEvaluatedAt: at > 0 ? at : null,
          lastTookMs: rule.evaluationTime * 1000,
          ids: id === undefined || group_id === undefined ? null : { rule_id: id, group_id },
        },
      ];
    }),
  );
}
