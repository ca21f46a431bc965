import type { CommandNode } from "./commands.js";
import type { Expression } from "./expression.js";

/** A pipeline. Its first command generates rows or filters the events that it is given. */
export interface Query {
  readonly commands: readonly CommandNode[];
}

export type SearchComparison = "=" | "!=" | "<" | "<=" | ">" | ">=";

/**
 * A condition of the `search` command. Values are texts without their quotes; `*` in them is any text and cannot be
 * escaped (Search Manual, "Wildcards"). Positions are offsets into the query as the caller gave it.
 */
export type SearchExpression =
  | { readonly type: "and" | "or"; readonly operands: readonly SearchExpression[] }
  | { readonly type: "not"; readonly operand: SearchExpression }
  | {
      readonly type: "compare";
      readonly field: string;
      readonly operator: SearchComparison;
      readonly value: string;
      /** The value stands in `CASE(…)`. */
      readonly cased: boolean;
      readonly at: number;
    }
  | { readonly type: "in"; readonly field: string; readonly values: readonly string[]; readonly at: number }
  /** Words of the raw event; `term` is a `TERM(…)`, which minor breakers do not divide. */
  | {
      readonly type: "keyword";
      readonly text: string;
      readonly form: "plain" | "term" | "case";
      readonly at: number;
    }
  | {
      readonly type: "time";
      readonly bound: "earliest" | "latest";
      readonly value: string;
      readonly at: number;
    }
  | {
      readonly type: "eventtype";
      readonly name: string;
      readonly search: SearchExpression;
      readonly at: number;
    }
  | { readonly type: "subsearch"; readonly query: Query; readonly at: number };

/** A condition that holds no other. */
export type SearchLeaf = SearchExpression & {
  readonly type: "compare" | "in" | "keyword" | "time" | "subsearch";
};

/** The leaves of a condition, from first to last; of an event type those of its search. */
export function searchLeaves(search: SearchExpression | null): readonly SearchLeaf[] {
  switch (search?.type) {
    case undefined:
      return [];
    case "and":
    case "or":
      return search.operands.flatMap(searchLeaves);
    case "not":
      return searchLeaves(search.operand);
    case "eventtype":
      return searchLeaves(search.search);
    case "compare":
    case "in":
    case "keyword":
    case "time":
    case "subsearch":
      return [search];
  }
}

/** An aggregation of `stats` and its kin, such as `dc(user) AS users`. */
export interface Aggregation {
  /** The function in its long form: `dc` and `distinct_count` are both `dc`. */
  readonly function: string;
  /** The part of the number that stands in the name: 95 of `perc95`; null for other functions. */
  readonly percentile: number | null;
  /** A field, an expression in `eval(…)`, or null for `count` without parentheses. */
  readonly of: string | Expression | null;
  /** The field that the result is written to. */
  readonly as: string;
  readonly at: number;
}

/** A field with the width of its groups: `_time span=5m`. */
export interface Span {
  readonly amount: number;
  readonly unit: "number" | "second" | "minute" | "hour" | "day" | "week" | "month";
}
