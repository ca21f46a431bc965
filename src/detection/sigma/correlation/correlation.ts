import type { CompiledRule, RuleEvent } from "../../rule.js";
import type { CorrelationTree } from "./tree.js";

/** A rule that a correlation reads: over events, or a correlation itself. */
export type Counted = { readonly reference: string } & (
  | { readonly type: "rule"; readonly rule: CompiledRule }
  | { readonly type: "correlation"; readonly correlation: Correlation }
);

/** A correlation whose references are resolved. */
export interface Correlation {
  /** Its own id, else its name, else one made of the file's name. */
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly tree: CorrelationTree;
  /** In the order of `rules`. */
  readonly counted: readonly Counted[];
  /** The name that a field of the correlation (`group-by`, `field`) has in what the counted rule at the index matches. */
  fieldIn(index: number, name: string): string;
}

/** The correlations and all that they read, directly or through others; each once, inner ones first. */
export function withInner(correlations: readonly Correlation[]): Correlation[] {
  const ordered = new Set<Correlation>();
  const visit = (correlation: Correlation): void => {
    if (ordered.has(correlation)) return;
    for (const counted of correlation.counted) {
      if (counted.type === "correlation") visit(counted.correlation);
    }
    ordered.add(correlation);
  };
  correlations.forEach(visit);
  return [...ordered];
}

/** The rules over events that a correlation reads, directly or through other correlations; each once. */
export function baseRulesOf(correlation: Correlation): CompiledRule[] {
  const rules = correlation.counted.flatMap((counted) =>
    counted.type === "rule" ? [counted.rule] : baseRulesOf(counted.correlation),
  );
  return [...new Set(rules)];
}

/** An event with its time and the rules of a correlation that it matches. */
export function matchedEvents(
  rules: readonly CompiledRule[],
  events: readonly RuleEvent[],
): { event: RuleEvent; time: number | null; rules: CompiledRule[] }[] {
  return events.map((event) => ({
    event,
    time: event.time ?? null,
    rules: rules.filter((rule) => rule.matches(event)),
  }));
}
