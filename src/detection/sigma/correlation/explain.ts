import type { RuleEvent } from "../../rule.js";
import type { Condition } from "../condition.js";
import { distanceTo } from "./bounds.js";
import type { Uncounted } from "./contribution.js";
import { baseRulesOf, matchedEvents, type Correlation } from "./correlation.js";
import { correlate, type CorrelationMatch } from "./evaluator.js";
import { explanationSentence } from "./sentence.js";
import { sourcesOf } from "./sources.js";
import { isNumeric } from "./tree.js";
import type { GroupWindow } from "./window.js";

const mostSources = 1000;

/** One of a correlation's rules among the events. */
export interface RuleShare {
  readonly reference: string;
  readonly title: string;
  /** How often it matched; of a correlation, in how many windows. */
  readonly matched: number;
  /** How many of these did not count, and why. */
  readonly noTime: number;
  readonly noGroup: number;
  readonly noValue: number;
}

/** The window, of all groups, that came nearest to the condition. */
export interface NearestWindow {
  /** Values of the group-by fields, by their names. */
  readonly group: Readonly<Record<string, string>>;
  /** Times of its first and last event, in milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** The number that the condition speaks of; for temporal types how many rules matched (in order). */
  readonly value: number;
  /** How far the number is from the condition: events, values or rules that are missing or too many. 0 when it is met. */
  readonly distance: number;
  /** How often each rule is in the window. */
  readonly rules: readonly { readonly reference: string; readonly count: number }[];
  /** Ids of the source events; of many the latest. */
  readonly sources: readonly string[];
}

/** How near events came to a correlation. */
export interface CorrelationExplanation {
  readonly correlation: string;
  readonly title: string;
  readonly matched: boolean;
  readonly matches: number;
  /** How many events were looked at. */
  readonly events: number;
  readonly rules: readonly RuleShare[];
  /** Null when no event counted. */
  readonly nearest: NearestWindow | null;
  /** Of the correlations that this one reads. */
  readonly inner: readonly CorrelationExplanation[];
  /** All of it in words. */
  readonly sentence: string;
}

/**
 * How near a set of events came to a correlation: which group and window was nearest, what it had of what was needed, and
 * what each rule brought. Deterministic, whatever the order of the events.
 */
export function explainCorrelation(
  correlation: Correlation,
  events: readonly RuleEvent[],
): CorrelationExplanation {
  const matched = matchedEvents(baseRulesOf(correlation), events);
  const uncounted = new Map<string, number>();
  let nearest: NearestWindow | null = null;
  const matches = correlate([correlation], matched, {
    onWindow: (window, time) => {
      if (window.correlation !== correlation) return;
      const distance = distanceOf(window, time);
      if (nearest === null || distance < nearest.distance) nearest = describe(window, time, distance);
    },
    onUncounted: (which, index, why) => {
      if (which !== correlation) return;
      uncounted.set(`${index} ${why}`, (uncounted.get(`${index} ${why}`) ?? 0) + 1);
    },
  });
  const countOf = (index: number, why: Uncounted): number => uncounted.get(`${index} ${why}`) ?? 0;
  const inner = correlation.counted.flatMap((counted) =>
    counted.type === "correlation" ? [explainCorrelation(counted.correlation, events)] : [],
  );
  const rules = correlation.counted.map((counted, index): RuleShare => {
    const own = counted.type === "rule" ? matched.filter((each) => each.rules.includes(counted.rule)) : [];
    const innerMatches =
      counted.type === "correlation"
        ? (inner.find((each) => each.correlation === counted.correlation.id)?.matches ?? 0)
        : 0;
    return {
      reference: counted.reference,
      title: counted.type === "rule" ? counted.rule.title : counted.correlation.title,
      matched: own.length + innerMatches,
      noTime: own.filter(({ time }) => time === null || !Number.isFinite(time)).length,
      noGroup: countOf(index, "no-group"),
      noValue: countOf(index, "no-value") + countOf(index, "too-many-values"),
    };
  });
  return withSentence(correlation, { matches, events: events.length, rules, nearest, inner });
}

function withSentence(
  correlation: Correlation,
  found: {
    readonly matches: readonly CorrelationMatch[];
    readonly events: number;
    readonly rules: readonly RuleShare[];
    readonly nearest: NearestWindow | null;
    readonly inner: readonly CorrelationExplanation[];
  },
): CorrelationExplanation {
  const explanation = {
    ...found,
    correlation: correlation.id,
    title: correlation.title,
    matched: found.matches.length > 0,
    matches: found.matches.length,
  };
  return { ...explanation, sentence: explanationSentence(correlation, explanation) };
}

/** How far the window that ends at a time is from the condition. */
function distanceOf(window: GroupWindow, time: number): number {
  const { correlation } = window;
  const { tree, counted } = correlation;
  if (tree.condition.type === "expression") {
    const seen = new Set(window.entriesUntil(time).flatMap(({ rules }) => rules));
    return missingFor(tree.condition.expression, (name) =>
      seen.has(counted.findIndex(({ reference }) => reference === name)),
    );
  }
  if (tree.type === "temporal_ordered") return counted.length - window.value();
  return distanceTo(tree.condition.bounds, window.value(), !isNumeric(tree.type));
}

/** The fewest further rules with which an expression would hold. */
function missingFor(expression: Condition, holds: (name: string) => boolean): number {
  switch (expression.type) {
    case "identifier":
      return holds(expression.name) ? 0 : 1;
    case "and":
      return expression.operands.reduce((sum, operand) => sum + missingFor(operand, holds), 0);
    case "or":
      return Math.min(...expression.operands.map((operand) => missingFor(operand, holds)));
    case "not":
    case "of":
      // The reader has refused both.
      throw new Error(`a correlation's condition with "${expression.type}"`);
  }
}

function describe(window: GroupWindow, time: number, distance: number): NearestWindow {
  const { tree, counted } = window.correlation;
  const entries = window.entriesUntil(time);
  const match = { window, to: time, value: window.value(), repeats: false, carried: [] };
  return {
    group: Object.fromEntries(tree.groupBy.map((name, index) => [name, window.group[index] ?? ""])),
    from: entries[0]?.time ?? time,
    to: time,
    value: window.value(),
    distance,
    rules: counted.map(({ reference }, index) => ({
      reference,
      count: entries.filter(({ rules }) => rules.includes(index)).length,
    })),
    sources: sourcesOf(match, mostSources).ids,
  };
}
