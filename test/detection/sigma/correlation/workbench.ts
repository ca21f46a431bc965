import type { CompiledRule, RuleEvent } from "../../../../src/detection/rule.js";
import { compileCollection, type SigmaCollection } from "../../../../src/detection/sigma/collection.js";
import { parseSigmaFile } from "../../../../src/detection/sigma/collection-file.js";
import type { Correlation } from "../../../../src/detection/sigma/correlation/correlation.js";
import {
  correlate,
  CorrelationEvaluator,
  type CorrelationMatch,
  type EvaluatorOptions,
} from "../../../../src/detection/sigma/correlation/evaluator.js";

/** A rule over events with a name, which matches the events whose field `kind` is or contains that name. */
export function baseRule(name: string): string {
  return [
    `title: Rule ${name}`,
    `name: ${name}`,
    "logsource:",
    "  product: linux",
    "detection:",
    "  selection:",
    `    kind|contains: ${name}`,
    "  condition: selection",
    "",
  ].join("\n");
}

/** A correlation with the given section, whose lines are indented as a whole, after documents of the rules that it needs. */
export function withRules(section: string, names: readonly string[] = ["a", "b", "c"]): string {
  const lines = section.trim().split("\n");
  const correlation = ["title: Test", "name: test", "correlation:", ...lines.map((line) => `  ${line}`), ""];
  return [...names.map(baseRule), correlation.join("\n")].join("---\n");
}

export function collectionOf(...texts: readonly string[]): SigmaCollection {
  return compileCollection(texts.map((text, index) => parseSigmaFile(text, `rules/file${index + 1}.yml`)));
}

/** The collection's correlations by name; throws with what was refused when anything was. */
export function compiledCorrelations(text: string): {
  collection: SigmaCollection;
  named: (name: string) => Correlation;
} {
  const collection = collectionOf(text);
  if (collection.refused.length > 0) throw new Error(JSON.stringify(collection.refused, null, 1));
  return {
    collection,
    named: (name) => {
      const found = collection.correlations.find(({ correlation }) => correlation.tree.name === name);
      if (found === undefined) throw new Error(`no correlation ${name}`);
      return found.correlation;
    },
  };
}

/** An event at a time in seconds. Its id is its kind and time, such as `a@5`, unless one is given. */
export function at(
  seconds: number,
  kind: string,
  fields: Record<string, unknown> = {},
  id?: string,
): RuleEvent {
  return {
    id: id ?? `${kind}@${seconds}`,
    logsource: { product: "linux" },
    fields: { kind, ...fields },
    time: seconds * 1000,
  };
}

export interface TimedEvent {
  readonly event: RuleEvent;
  readonly time: number | null;
  readonly rules: readonly CompiledRule[];
}

/** The events with the rules of the collection that they match. */
export function timed(collection: SigmaCollection, events: readonly RuleEvent[]): TimedEvent[] {
  return events.map((event) => ({
    event,
    time: event.time ?? null,
    rules: collection.rules.map(({ rule }) => rule).filter((rule) => rule.matches(event)),
  }));
}

/** The matches of the correlation named `test` over a set of events. */
export function matchesOf(
  section: string,
  events: readonly RuleEvent[],
  names?: readonly string[],
): CorrelationMatch[] {
  const { collection, named } = compiledCorrelations(withRules(section, names));
  return correlate([named("test")], timed(collection, events));
}

/** The times, in seconds, at which windows ended that matched. */
export function matchTimes(
  section: string,
  events: readonly RuleEvent[],
  names?: readonly string[],
): number[] {
  return matchesOf(section, events, names).map(({ to }) => to / 1000);
}

/** The matches when the events come one after the other, in the order given, and then no more. */
export function stream(
  correlations: readonly Correlation[],
  events: readonly TimedEvent[],
  options: EvaluatorOptions,
): { matches: CorrelationMatch[]; evaluator: CorrelationEvaluator } {
  const evaluator = new CorrelationEvaluator(correlations, options);
  const matches = events.flatMap(({ event, time, rules }) => evaluator.add(event, time, rules));
  return { matches: [...matches, ...evaluator.finish()], evaluator };
}

/** A match without what only objects can say, for comparison. */
export function plain({ correlation, ...rest }: CorrelationMatch): unknown {
  return { correlation: correlation.id, ...rest };
}
