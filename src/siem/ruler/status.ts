import type { Evaluation } from "../../model/observation.js";
import { absentRule, type FoundRule } from "../connector/connector.js";
import type { RulerRule } from "./rules.js";

/** Milliseconds by which a host's clock may be behind the SIEM's, when it is judged what a look-back reaches. */
const HOST_CLOCK_MS = 60_000;
/** Parts of an interval by which two evaluations in a row may be apart: with more between them, a third may be hidden. */
const ONE_INTERVAL = 1.2;
/** Parts of an interval before an evaluation in which there was no other. */
const WITHIN_INTERVAL = 0.8;

/**
 * What is said of a rule of that name.
 * @param lookBackMs of the rule's query; null when it cannot be told
 * @param known its evaluations, as far as they are known
 */
export function rulerStatus(
  name: string,
  rules: readonly RulerRule[],
  since: number,
  lookBackMs: number | null,
  known: readonly Evaluation[],
): FoundRule {
  const [rule] = rules;
  if (rule === undefined) return absentRule;
  const evaluations = known.filter(({ completedAt }) => completedAt >= since);
  return {
    present: true,
    // A rule that is there is evaluated: there is no switch.
    enabled: true,
    schedule: {
      type: "scheduled",
      intervalMs: rule.intervalMs,
      lookBackMs: lookBackMs ?? 0,
      windowOver: "event-time",
      evaluations,
    },
    throttles: [],
    stateful: false,
    lacks: lackOf(name, rules, rule, since, lookBackMs, known),
  };
}

function lackOf(
  name: string,
  rules: readonly RulerRule[],
  rule: RulerRule,
  since: number,
  lookBackMs: number | null,
  known: readonly Evaluation[],
): string | null {
  if (rules.length > 1) return `${rules.length} rules have the name ${name}`;
  if (rule.failure !== null) return `the rule ${name}: ${rule.failure}`;
  if (rule.forMs > 0) return `the rule ${name} has a \`for\`: which of its evaluations decided is not told`;
  if (lookBackMs === null) return `over which span the rule ${name} looks back cannot be told from its query`;
  if (isWhole(known, since, rule.intervalMs)) return null;
  // Whatever evaluations are not known: what came since is still within the window of the last one.
  const last = known.at(-1);
  if (last !== undefined && last.from <= since - HOST_CLOCK_MS) return null;
  return `not all evaluations of the rule ${name} are known since the trial, and its look-back does not reach there`;
}

/** Whether no evaluation since a moment can be missing. */
function isWhole(known: readonly Evaluation[], since: number, intervalMs: number): boolean {
  const before = known.findLast(({ startedAt }) => startedAt <= since);
  const later = known.filter(({ startedAt }) => startedAt > since).map(({ startedAt }) => startedAt);
  const [first] = later;
  if (before === undefined && first !== undefined && first - since >= intervalMs * WITHIN_INTERVAL)
    return false;
  const all = before === undefined ? later : [before.startedAt, ...later];
  return all.every((at, index) => at - (all[index - 1] ?? at) < intervalMs * ONE_INTERVAL);
}
