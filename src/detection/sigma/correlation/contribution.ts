import { numberOf } from "../evaluate.js";
import type { Correlation } from "./correlation.js";
import { isNumeric } from "./tree.js";

/** Values of a field, as texts; none when it is absent or null. */
export type FieldLookup = (field: string) => readonly string[];

/** What an event, or a match of another correlation, brings to a correlation. */
export interface Contribution {
  /** Values of the group-by fields, for each group that it counts in. */
  readonly groups: readonly (readonly string[])[];
  /** Of value_count: the values, or tuples of values, as keys. */
  readonly values: readonly string[];
  /** Of the numeric types. */
  readonly numbers: readonly number[];
  /** Values of the fields that outer correlations ask for, in the order of `carried`. */
  readonly carried: readonly (readonly string[])[];
}

/** Why something is not counted. */
export type Uncounted = "no-group" | "no-value" | "too-many-values";

/** A field may have several values; a combination of several such fields has their product. More is a flood, not an event. */
const mostCombinations = 256;
/** No measured value is larger; sums of such numbers stay finite. */
const largest = 1e200;

function combinations(lists: readonly (readonly string[])[]): string[][] | "empty" | "too-many" {
  let size = 1;
  for (const list of lists) size *= new Set(list).size;
  if (size === 0) return "empty";
  if (size > mostCombinations) return "too-many";
  return lists.reduce<string[][]>(
    (tuples, list) => tuples.flatMap((tuple) => [...new Set(list)].map((value) => [...tuple, value])),
    [[]],
  );
}

/**
 * What the fields bring to a correlation as a match of its counted rule at an index. An event without a group-by field, or
 * without a value to count, is not counted. Values are compared as texts and with regard to case, as the query languages
 * group them. A field with several values counts in the group of each.
 */
export function contributionOf(
  { tree, fieldIn }: Correlation,
  index: number,
  carried: readonly string[],
  lookup: FieldLookup,
): Contribution | Uncounted {
  const listOf = (name: string): readonly string[] => lookup(fieldIn(index, name));
  const groups = combinations(tree.groupBy.map(listOf));
  if (groups === "empty") return "no-group";
  if (groups === "too-many") return "too-many-values";
  let values: string[] = [];
  let numbers: number[] = [];
  if (tree.type === "value_count") {
    const tuples = combinations(tree.fields.map(listOf));
    if (tuples === "empty") return "no-value";
    if (tuples === "too-many") return "too-many-values";
    values = tuples.map((tuple) => JSON.stringify(tuple));
  } else if (isNumeric(tree.type)) {
    numbers = tree.fields.flatMap(listOf).flatMap((text) => {
      const number = numberOf(text);
      return number === null || !(Math.abs(number) <= largest) ? [] : [number];
    });
    if (numbers.length === 0) return "no-value";
  }
  return { groups, values, numbers, carried: carried.map(listOf) };
}
