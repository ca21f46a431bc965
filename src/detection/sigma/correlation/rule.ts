import type { CompiledRule, RuleEvent } from "../../rule.js";
import type { NearestEvent } from "../../../model/verdict.js";
import { techniquesOf } from "../tags.js";
import { baseRulesOf, matchedEvents, type Correlation } from "./correlation.js";
import { correlate, type CorrelationMatch } from "./evaluator.js";
import { explainCorrelation, type CorrelationExplanation } from "./explain.js";
import { wantedInWords } from "./words.js";

/** A correlation in the form of a rule, for those who hold events and ask whether these alone satisfy it. */
export interface CorrelationRule extends CompiledRule {
  readonly correlation: Correlation;
  /** The rules over events that it reads, directly or through other correlations. */
  readonly baseRules: readonly CompiledRule[];
  readonly timespan: number;
  contributes(event: RuleEvent): boolean;
  /** The matches among these events, none of them left out and no other added. */
  matchesAmong(events: readonly RuleEvent[]): CorrelationMatch[];
  /** How near these events came, and what was missing. */
  explainWindow(events: readonly RuleEvent[]): CorrelationExplanation;
}

/**
 * The correlation as a rule. `contributes` is whether an event matches one of its rules; `matches` whether that event
 * alone satisfies it, as with `gte: 1`; `satisfiedBy` whether events do, each at its own `time`. Events without a time do
 * not count: what they are near to is not known. It keeps no state.
 */
export function makeCorrelationRule(correlation: Correlation): CorrelationRule {
  const { id, title, file, tree } = correlation;
  const rules = baseRulesOf(correlation);
  const matchesAmong = (events: readonly RuleEvent[]): CorrelationMatch[] =>
    correlate([correlation], matchedEvents(rules, events));
  // Alone an event is near to itself, whatever its time.
  const matches = (event: RuleEvent): boolean =>
    matchesAmong([{ ...event, time: event.time ?? 0 }]).length > 0;
  return {
    id,
    title,
    file,
    language: "sigma",
    level: tree.level,
    tier: tree.level === "informational" ? "signal" : "alert",
    techniques: techniquesOf(tree.tags),
    fields: fieldsOf(rules, correlation),
    correlation,
    baseRules: rules,
    timespan: tree.timespan,
    reads: (event) => rules.some((rule) => rule.reads(event)),
    contributes: (event) => rules.some((rule) => rule.matches(event)),
    matches,
    matchesAmong,
    satisfiedBy: (events) => matchesAmong(events).length > 0,
    explain: (event) => explainEvent(correlation, rules, event, matches(event)),
    explainWindow: (events) => explainCorrelation(correlation, events),
  };
}

/** Whether a rule is a correlation. */
export function isCorrelationRule(rule: CompiledRule): rule is CorrelationRule {
  return "correlation" in rule;
}

/** Fields that any of a correlation and those that it reads groups by or computes with, by their names in the events. */
export function correlatedFields(correlation: Correlation): ReadonlySet<string> {
  const fields = new Set<string>();
  const collect = ({ tree, counted, fieldIn }: Correlation, names: readonly string[]): void => {
    const wanted = new Set([...tree.groupBy, ...tree.fields, ...names]);
    for (const [index, each] of counted.entries()) {
      const named = [...wanted].map((name) => fieldIn(index, name));
      if (each.type === "correlation") collect(each.correlation, named);
      else for (const field of named) fields.add(field);
    }
  };
  collect(correlation, []);
  return fields;
}

/** Fields of the rules, and those that any of the correlations groups by or computes with. */
function fieldsOf(rules: readonly CompiledRule[], correlation: Correlation): ReadonlySet<string> | null {
  const fields = new Set(correlatedFields(correlation));
  for (const rule of rules) {
    if (rule.fields === null) return null;
    for (const field of rule.fields) fields.add(field);
  }
  return fields;
}

/** The nearest of the rules, and beside its clauses that one event is not enough. */
function explainEvent(
  correlation: Correlation,
  rules: readonly CompiledRule[],
  event: RuleEvent,
  satisfied: boolean,
): NearestEvent {
  const explained = rules.map((rule) => rule.explain(event));
  const share = ({ met, needed }: NearestEvent): number => (needed === 0 ? 1 : met / needed);
  const [first, ...others] = explained;
  if (first === undefined) throw new Error("a correlation without rules");
  const best = others.reduce((nearest, each) => (share(each) > share(nearest) ? each : nearest), first);
  if (satisfied) return { ...best, met: best.met + 1, needed: best.needed + 1 };
  const clause = {
    clause: "correlation",
    field: null,
    wanted: wantedInWords(correlation),
    found: best.unmet.length === 0 ? "this event" : null,
    change: "",
  };
  const { event: id, summary, met, needed, unmet } = best;
  return { event: id, summary, met, needed: needed + 1, unmet: [...unmet, clause] };
}
