import { fewestOf } from "./bounds.js";
import type { Correlation } from "./correlation.js";
import type { CorrelationExplanation, NearestWindow, RuleShare } from "./explain.js";
import { isNumeric } from "./tree.js";
import { enumerated, measureInWords, wantedInWords } from "./words.js";

/** An explanation of a correlation in one or two sentences. */
export function explanationSentence(
  correlation: Correlation,
  explanation: Omit<CorrelationExplanation, "sentence">,
): string {
  const { nearest, matched, rules } = explanation;
  const needs = `"${correlation.title}" needs ${wantedInWords(correlation)}`;
  if (nearest === null) return `${needs}; ${nothingCounted(rules)}.`;
  const found = `${groupInWords(nearest)} had ${valueInWords(correlation, nearest)} ${timesInWords(nearest)}`;
  if (matched) return `${needs}; ${found}: it matched.`;
  const notes = rules.flatMap((rule) => notCounted(rule));
  const note = notes.length === 0 ? "" : ` Not counted: ${notes.join("; ")}.`;
  return `${needs}; ${found}: ${missingInWords(correlation, nearest)}.${note}`;
}

function groupInWords({ group }: NearestWindow): string {
  const parts = Object.entries(group).map(([name, value]) => `${name}=${value}`);
  return parts.length === 0 ? "the nearest window" : `the nearest group, ${parts.join(", ")},`;
}

function timesInWords({ from, to }: NearestWindow): string {
  const text = (time: number): string => {
    const date = new Date(time);
    return Number.isNaN(date.getTime()) ? `${time} ms` : date.toISOString();
  };
  return from === to ? `at ${text(from)}` : `between ${text(from)} and ${text(to)}`;
}

function valueInWords(correlation: Correlation, { value, rules }: NearestWindow): string {
  const shares = rules
    .filter(({ count }) => count > 0)
    .map(({ reference, count }) => `${reference}: ${count}`);
  const { type, condition } = correlation.tree;
  const order = type === "temporal_ordered" ? " in order" : "";
  const isCount = type === "event_count" || type === "value_count";
  const fewest = isCount && condition.type === "bounds" ? fewestOf(condition.bounds) : null;
  const number = fewest === null || value >= fewest ? String(value) : `${value} of ${fewest}`;
  return `${number} ${measureInWords(correlation)}${order} (${shares.join(", ")})`;
}

function missingInWords(correlation: Correlation, nearest: NearestWindow): string {
  const { tree, counted } = correlation;
  const absent = nearest.rules.filter(({ count }) => count === 0).map(({ reference }) => reference);
  if (tree.type === "temporal_ordered") {
    const next = counted[nearest.value]?.reference ?? "";
    const before = counted.slice(0, nearest.value).map(({ reference }) => reference);
    return before.length === 0 ? `no ${next} came first` : `no ${next} came after ${before.join(", then ")}`;
  }
  if (tree.type === "temporal" && absent.length > 0) return `no ${enumerated(absent, "or")} was near`;
  if (isNumeric(tree.type)) return `the condition was not met`;
  const { condition } = tree;
  const tooMany =
    condition.type === "bounds" &&
    [condition.bounds.lt, condition.bounds.lte, condition.bounds.eq].some(
      (most) => most !== undefined && nearest.value > most,
    );
  const unit = tree.type === "event_count" ? "event" : tree.type === "value_count" ? "value" : "rule";
  const things = `${nearest.distance} ${unit}${nearest.distance === 1 ? "" : "s"}`;
  return tooMany ? `${things} too many` : `${things} more would have matched`;
}

function nothingCounted(rules: readonly RuleShare[]): string {
  const notes = rules.flatMap((rule) => notCounted(rule));
  if (notes.length > 0) return notes.join("; ");
  return `no event matched ${enumerated(
    rules.map(({ reference }) => reference),
    "or",
  )}`;
}

function notCounted({ reference, noTime, noGroup, noValue }: RuleShare): string[] {
  const told = (count: number, why: string): string[] =>
    count === 0 ? [] : [`${count} of ${reference} ${count === 1 ? "has" : "have"} ${why}`];
  return [
    ...told(noTime, "no time"),
    ...told(noGroup, "no value in a group-by field"),
    ...told(noValue, "no usable value in the field of the condition"),
  ];
}
