import type { Evaluation } from "../../model/observation.js";
import type { FoundRule, RuleDefinition } from "../connector/connector.js";
import { timeAt } from "../connector/values.js";
import type { SiemHttp } from "../http/client.js";
import { searchIndex } from "../search-api/search.js";
import type { DetectionRule } from "./kibana.js";

/** Types of rules that remember what they have seen. */
const STATEFUL = new Set(["new_terms", "machine_learning"]);
const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration such as `5m`; null when it is none. */
function durationMs(text: string): number | null {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  return count === undefined || unit === undefined ? null : Number(count) * (unitMs[unit] ?? 0);
}

/** What a rule of the detection engine is, and when it was evaluated. */
export async function stateOfRule(
  http: SiemHttp,
  rule: DetectionRule,
  since: number,
  signal: AbortSignal,
): Promise<FoundRule> {
  const intervalMs = durationMs(rule.interval);
  const lookBackMs = durationMs(rule.from.replace(/^now-/, ""));
  const base = {
    present: true,
    enabled: rule.enabled,
    // Which alerts it folded, and until when, is not told.
    throttles: rule.alert_suppression === undefined ? [] : [alwaysOpen],
    stateful: STATEFUL.has(rule.type),
  };
  const unread = readProblem(rule);
  if (intervalMs === null || lookBackMs === null || unread !== null) {
    const lacks = unread ?? `the rule runs every ${rule.interval} from ${rule.from}, which cannot be read`;
    return { ...base, schedule: { type: "streaming" }, lacks };
  }
  const { evaluations, lacks } = await evaluationsOf(http, rule, lookBackMs, since, signal);
  const windowOver = rule.timestamp_override === undefined ? "event-time" : "ingest-time";
  return {
    ...base,
    schedule: { type: "scheduled", intervalMs, lookBackMs, windowOver, evaluations },
    lacks,
  };
}

/** What Kibana writes into a rule by itself, whatever the rule finds, and what is told elsewhere. */
const NOT_CONTENT = new Set([
  ...["id", "rule_id", "name", "enabled", "immutable", "rule_source", "version", "revision"],
  ...["created_at", "created_by", "updated_at", "updated_by", "execution_summary", "output_index", "outcome"],
]);

/** The rule without what changes by itself. */
export function definitionOf(rule: DetectionRule): RuleDefinition {
  const content = Object.entries(rule).filter(([key]) => !NOT_CONTENT.has(key));
  return { title: rule.name, content: Object.fromEntries(content) };
}

const alwaysOpen = { from: 0, until: Number.MAX_SAFE_INTEGER, openedBy: null };

/** Why the span that an evaluation read is not known. */
function readProblem({ to = "now", timestamp_override: override }: DetectionRule): string | null {
  if (to !== "now") return `the rule reads until ${to} and not until now`;
  return override === undefined || override === "event.ingested"
    ? null
    : `the rule goes by the field ${override}, of which Tyrian knows nothing`;
}

/**
 * The completed evaluations, from Kibana's event log. A rule looks back from its start; what Kibana reads more, to close a gap, is
 * not counted on.
 */
async function evaluationsOf(
  http: SiemHttp,
  { id }: DetectionRule,
  lookBackMs: number,
  since: number,
  signal: AbortSignal,
): Promise<{ evaluations: Evaluation[]; lacks: string | null }> {
  const { rows, lacks } = await searchIndex(http, {
    what: "the evaluations of a rule",
    index: ".kibana-event-log-*",
    filter: [
      { term: { "event.provider": "alerting" } },
      { term: { "event.action": "execute" } },
      { term: { "event.outcome": "success" } },
      { term: { "rule.id": id } },
    ],
    timeField: "event.end",
    from: since,
    to: Date.now() + 3_600_000,
    signal,
  });
  const evaluations = rows.flatMap(({ _source }): Evaluation[] => {
    const startedAt = timeAt(_source, "event.start");
    const completedAt = timeAt(_source, "event.end");
    if (startedAt === undefined || completedAt === undefined) return [];
    return [{ startedAt, completedAt, from: startedAt - lookBackMs, to: startedAt }];
  });
  return { evaluations, lacks };
}
