import type { Position } from "../../errors.js";
import type { Correlation } from "../sigma/correlation/correlation.js";
import type { SigmaRule } from "../sigma/rule-tree.js";
import { commonLogsource, leastOf, type Refuse } from "./correlation-query.js";
import { link, queryOf, type Query } from "./query-tree.js";

/** A correlation as a language sees it that finds events which follow each other within a timespan. */
export interface SequenceQuery {
  readonly steps: readonly {
    readonly events: Query;
    /** Fields whose values all steps share, in one order. An event without one of them does not count. */
    readonly by: readonly string[];
    /** How many of these events follow each other. */
    readonly runs: number;
  }[];
  /** As Sigma writes it: a number and s, m, h or d. */
  readonly timespan: string;
}

/**
 * The sequence of a correlation; null when it was refused. `trees` are the rules that it counts, in its order. An ordered
 * correlation is one of its rules; a number of events is one of so many of them.
 */
export function sequenceQuery(
  correlation: Correlation,
  trees: readonly SigmaRule[],
  refuse: Refuse,
): SequenceQuery | null {
  const { tree } = correlation;
  if (!commonLogsource(trees, tree.position, refuse)) return null;
  const timespan = tree.timespanText;
  const fieldsOf = (index: number): readonly string[] =>
    tree.groupBy.map((name) => correlation.fieldIn(index, name));
  if (tree.type === "temporal_ordered") {
    if ((leastOf(correlation) ?? 0) < trees.length) return refuseCondition(tree.position, refuse);
    const steps = trees.map((rule, index) => ({ events: queryOf(rule), by: fieldsOf(index), runs: 1 }));
    return { steps, timespan };
  }
  if (tree.type !== "event_count") {
    return refuse(
      tree.position,
      `${tree.type} is no sequence of events`,
      "temporal_ordered and event_count are; evaluate it with Tyrian, or convert it to another language",
    );
  }
  const runs = leastOf(correlation);
  if (runs === null) return refuseCondition(tree.position, refuse);
  const [by = [], ...others] = trees.map((_, index) => fieldsOf(index));
  if (others.some((other) => other.join("\n") !== by.join("\n"))) {
    return refuse(
      tree.position,
      "a field of group-by is another one in each rule, and the events that are counted share one",
      "let a pipeline give the fields one name",
    );
  }
  return { steps: [{ events: link("or", trees.map(queryOf)), by, runs }], timespan };
}

function refuseCondition(position: Position, refuse: Refuse): null {
  return refuse(
    position,
    "a sequence says that events are there, not that there are few or none",
    "a condition with gte or gt can be converted",
  );
}
