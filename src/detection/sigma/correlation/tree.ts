import type { Position } from "../../../errors.js";
import type { Condition } from "../condition.js";
import type { Level } from "../rule-tree.js";
import type { Bounds } from "./bounds.js";

/** The types of the specification 2.1 ("Correlation Types"), and `value_median` of pySigma. */
export const correlationTypes = [
  "event_count",
  "value_count",
  "temporal",
  "temporal_ordered",
  "value_sum",
  "value_avg",
  "value_percentile",
  "value_median",
] as const;
export type CorrelationType = (typeof correlationTypes)[number];

const numericTypes: readonly CorrelationType[] = [
  "value_sum",
  "value_avg",
  "value_percentile",
  "value_median",
];

/** Whether the type computes a number from a numeric field. */
export function isNumeric(type: CorrelationType): boolean {
  return numericTypes.includes(type);
}

/** A rule as a correlation or filter refers to it: by its id or its name. */
export interface RuleReference {
  readonly text: string;
  readonly position: Position;
}

/** A field name of the correlation that stands for other names in the events of its rules. */
export interface FieldAlias {
  readonly name: string;
  readonly position: Position;
  readonly fields: readonly { readonly rule: RuleReference; readonly field: string }[];
}

export type CorrelationCondition =
  | { readonly type: "bounds"; readonly bounds: Bounds }
  /** Of `temporal` only: which rules must have matched, in `and` and `or`. Its identifiers are references of `rules`. */
  | { readonly type: "expression"; readonly expression: Condition; readonly text: string };

/** A correlation as read from its document, before its references are resolved. */
export interface CorrelationTree {
  readonly id: string | null;
  readonly name: string | null;
  readonly title: string;
  readonly level: Level;
  readonly tags: readonly string[];
  /** Where the correlation section starts. */
  readonly position: Position;
  readonly type: CorrelationType;
  readonly rules: readonly RuleReference[];
  /** Empty: all events are one group. */
  readonly groupBy: readonly string[];
  readonly aliases: readonly FieldAlias[];
  /** Milliseconds. */
  readonly timespan: number;
  /** As written, such as `5m`. */
  readonly timespanText: string;
  readonly condition: CorrelationCondition;
  /** The fields whose values are counted or computed with; several for `value_count` only. */
  readonly fields: readonly string[];
  /** 0 to 100, of `value_percentile` and `value_median`; null otherwise. */
  readonly percentile: number | null;
  /** The rules alert by themselves, too. */
  readonly generate: boolean;
}
