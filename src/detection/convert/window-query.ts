import type { Bounds, Operator } from "../sigma/correlation/bounds.js";
import type { Correlation } from "../sigma/correlation/correlation.js";
import type { SigmaRule } from "../sigma/rule-tree.js";
import { commonLogsource, sharedNames, type Refuse } from "./correlation-query.js";
import { link, queryOf, type Query } from "./query-tree.js";

/**
 * A correlation of numbers as a language sees it that computes over the window before each event: of the timespan up to that
 * event, both ends included. It is met as the correlation is, whatever the range of time that the query is run over: all but
 * windows that reach over the start of the range.
 */
export interface WindowQuery {
  /** The events that count: those of any rule. */
  readonly events: Query;
  /** Fields that an event must have to count, and by whose values it is counted. */
  readonly groupBy: readonly string[];
  /** The field whose numbers are computed with. An event without a number in it does not count. */
  readonly field: string;
  readonly measure: "sum" | "average" | "percentile";
  /** Of a percentile: from 0 to 100, on the line between the two nearest numbers. */
  readonly percentile: number;
  readonly bounds: Bounds;
  /** As Sigma writes it: a number and s, m, h or d. */
  readonly timespan: string;
}

const measures = {
  value_sum: "sum",
  value_avg: "average",
  value_percentile: "percentile",
  value_median: "percentile",
} as const;

/** The window query of a correlation of one of the numeric types; null when it was refused. */
export function windowQuery(
  correlation: Correlation,
  trees: readonly SigmaRule[],
  refuse: Refuse,
): WindowQuery | null {
  const { tree } = correlation;
  const measure = Object.entries(measures).find(([type]) => type === tree.type)?.[1];
  if (measure === undefined || tree.condition.type !== "bounds")
    throw new Error(`${tree.type} has no numbers`);
  if (!commonLogsource(trees, tree.position, refuse)) return null;
  const groupBy = sharedNames(correlation, trees, tree.groupBy, refuse);
  const [field] = sharedNames(correlation, trees, tree.fields, refuse) ?? [];
  if (groupBy === null || field === undefined) return null;
  return {
    events: link("or", trees.map(queryOf)),
    groupBy,
    field,
    measure,
    percentile: tree.percentile ?? 50,
    bounds: tree.condition.bounds,
    timespan: tree.timespanText,
  };
}

/** A window's number must be within the bounds, in a language's signs. */
export function writeBounds(
  name: string,
  bounds: Bounds,
  signs: Readonly<Record<Operator, string>>,
  and: string,
): string {
  return Object.entries(bounds)
    .map(([operator, value]) => `${name} ${signs[operator as Operator]} ${value}`)
    .join(` ${and} `);
}
