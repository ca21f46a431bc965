import type { FieldLookup } from "./contribution.js";
import type { Correlation } from "./correlation.js";
import type { WindowMatch } from "./window.js";

/** Field names of the correlation that it reads of what its counted rules match. */
function namesRead({ tree }: Correlation): string[] {
  return [...new Set([...tree.groupBy, ...tree.fields])];
}

/**
 * For each correlation the fields that correlations which read it ask for beside its own group-by fields: their values are
 * carried along with its entries. `ordered` has inner correlations before the outer ones.
 */
export function carriedFields(ordered: readonly Correlation[]): ReadonlyMap<Correlation, string[]> {
  const carried = new Map<Correlation, string[]>();
  for (const correlation of ordered.toReversed()) {
    const names = [...namesRead(correlation), ...(carried.get(correlation) ?? [])];
    for (const [index, counted] of correlation.counted.entries()) {
      if (counted.type !== "correlation") continue;
      const inner = counted.correlation;
      const wanted = names
        .map((name) => correlation.fieldIn(index, name))
        .filter((field) => !inner.tree.groupBy.includes(field));
      carried.set(inner, [...new Set([...(carried.get(inner) ?? []), ...wanted])]);
    }
  }
  return carried;
}

/**
 * The fields of a correlation's match: its group-by fields have the group's values; any other field has the values that
 * its source events have (specification, "Ordered Temporal Proximity", note: only the own group-by of a correlation counts).
 */
export function fieldOfMatch({ window, carried }: WindowMatch, names: readonly string[]): FieldLookup {
  const { groupBy } = window.correlation.tree;
  return (field) => {
    const place = groupBy.indexOf(field);
    const value = window.group[place];
    return value === undefined ? (carried[names.indexOf(field)] ?? []) : [value];
  };
}
