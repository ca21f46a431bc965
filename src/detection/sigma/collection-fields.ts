import type { Diagnostic } from "../../errors.js";
import type { ResolvedAliases } from "./collection-aliases.js";
import type { CorrelationTree } from "./correlation/tree.js";

/** The names that a field of a correlation has in what one of its rules matches, after the rule's pipeline; none when it is not there. */
export type FieldNames = (name: string) => readonly string[];

/** The fields of a correlation behind the pipelines of its rules. */
export interface MappedFields {
  readonly groupBy: readonly string[];
  /** Of a group-by field that became several: their names. */
  readonly expanded: ReadonlyMap<string, readonly string[]>;
  fieldIn(index: number, name: string): string;
}

/**
 * Maps the fields of a correlation, as pySigma does (FieldMappingTransformationBase.apply): an alias is the correlation's own
 * name, and the names behind it are mapped; a group-by field that becomes several is grouped by all of them. What pySigma
 * refuses is refused: an alias or a field of the condition that becomes several. So is what it cannot meet, for it maps
 * a correlation once: a group-by field that becomes several for one rule and others for another.
 */
export function mapFields(
  tree: CorrelationTree,
  aliases: ResolvedAliases["fields"],
  namesInRules: readonly FieldNames[],
): MappedFields | { readonly refused: Diagnostic } {
  const rules = namesInRules.map(remembered);
  const namesOf = (name: string): readonly string[][] =>
    rules.map((names, index) => [...names(aliases.get(name)?.[index] ?? name)]);
  const expanded = new Map<string, readonly string[]>();
  for (const name of new Set([...tree.groupBy, ...tree.fields, ...aliases.keys()])) {
    const lists = namesOf(name);
    const [first = []] = lists;
    if (lists.every(({ length }) => length === 1)) continue;
    const isGroup = tree.groupBy.includes(name) && !tree.fields.includes(name) && !aliases.has(name);
    const isSame = first.length > 0 && lists.every((list) => JSON.stringify(list) === JSON.stringify(first));
    const isTaken = first.some((field) => tree.groupBy.includes(field) || tree.fields.includes(field));
    if (!isGroup || !isSame || isTaken) return { refused: ambiguous(tree, name, lists) };
    expanded.set(name, first);
  }
  const made = new Set([...expanded.values()].flat());
  return {
    groupBy: [...new Set(tree.groupBy.flatMap((name) => expanded.get(name) ?? [name]))],
    expanded,
    fieldIn: (index, name) => {
      if (made.has(name)) return name;
      const field = aliases.get(name)?.[index] ?? name;
      return rules[index]?.(field)[0] ?? field;
    },
  };
}

/** The same names, each looked up once: events ask again and again. */
function remembered(names: FieldNames): FieldNames {
  const known = new Map<string, readonly string[]>();
  return (name) => {
    const found = known.get(name) ?? names(name);
    known.set(name, found);
    return found;
  };
}

function ambiguous(tree: CorrelationTree, name: string, lists: readonly (readonly string[])[]): Diagnostic {
  const refused = { ...tree.position, severity: "error" } as const;
  if (lists.some(({ length }) => length === 0)) {
    return {
      ...refused,
      code: "field-not-in-format",
      message: `behind the pipeline the events have nothing for the field "${name}" of the correlation: it would count none of them`,
      hint: "name a field that the pipeline carries into the events",
    };
  }
  const shown = [...new Set(lists.map((list) => list.join(" and ")))];
  const fate =
    shown.length === 1
      ? `becomes ${shown[0]}`
      : `becomes ${shown.join(" for one of the rules, and ")} for another`;
  return {
    ...refused,
    code: "field-mapping-ambiguous",
    message: `by the pipeline the field "${name}" of the correlation ${fate}: what it compares cannot be said`,
    hint: "map the field to one name, the same for all rules, or give the correlation an alias that names one field for each rule",
  };
}
