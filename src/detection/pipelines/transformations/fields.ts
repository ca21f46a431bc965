import type { Item } from "../../sigma/rule-tree.js";
import type { RuleValue } from "../../sigma/values.js";
import type { Parameters } from "../parameters.js";
import type { ProcessingItem, Transformation } from "../pipeline.js";
import { processed, type Run } from "../run.js";
import type { Leaf, Node } from "../work-rule.js";

/** The fields that a field becomes; null leaves it as it is. The name null stands for keywords. */
type FieldMap = (name: string | null) => readonly string[] | null;

/** Whether a line says that a field has no value or is not there: it then holds for several fields only together. */
function isAbsence({ values }: Item): boolean {
  return values.every(({ meanings }) =>
    meanings.every((meaning) => meaning.type === "null" || (meaning.type === "presence" && !meaning.wanted)),
  );
}

/**
 * The line for several fields. A value is in one of them; it is absent when it is in none; and a line that is negated
 * holds when its opposite does not hold for any.
 */
function forFields(leaf: Leaf, fields: readonly string[]): Node {
  const leaves = fields.map((field): Leaf => ({ ...leaf, item: { ...leaf.item, field } }));
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  return { type: isAbsence(leaf.item) === leaf.item.negated ? "any" : "all", parts: leaves };
}

/** Whether a meaning refers to a field that is mapped, and to which. */
function mappedReference(meaning: RuleValue, map: (name: string) => readonly string[]): readonly RuleValue[] {
  if (meaning.type !== "reference") return [meaning];
  return map(meaning.field).map((field) => ({ ...meaning, field }));
}

function mapLeaf(leaf: Leaf, item: ProcessingItem, run: Run, map: FieldMap): Node {
  const nameOf = (name: string): readonly string[] => {
    const names = item.field.ofName(name, run) ? map(name) : null;
    if (names === null) return [name];
    run.trackField(name, names, item);
    return names;
  };
  const refers = leaf.item.values.some(({ meanings }) =>
    meanings.some(
      (meaning) =>
        meaning.type === "reference" && item.field.ofName(meaning.field, run) && map(meaning.field) !== null,
    ),
  );
  const values = leaf.item.values.map((value) => ({
    ...value,
    meanings: value.meanings.flatMap((meaning) => mappedReference(meaning, nameOf)),
  }));
  const { field } = leaf.item;
  const fields = item.field.ofName(field, run) ? map(field) : null;
  if (fields === null && !refers) return leaf;
  const changed = processed({ ...leaf, item: { ...leaf.item, values } }, item);
  if (fields === null) return changed;
  if (field !== null) run.mapped.add(field);
  for (const name of fields) run.mapped.add(name);
  return forFields(changed, fields);
}

/**
 * Maps the fields of lines, those that values refer to, and those of the rule's list of fields. Keywords that become the
 * value of a field keep their wildcards.
 */
function mapFields(map: FieldMap): Transformation {
  return (run, item) => {
    const nameOf = (name: string): readonly string[] =>
      (item.field.ofName(name, run) ? map(name) : null) ?? [name];
    run.rule.mapLeaves((leaf) => (run.wants(item, leaf) ? mapLeaf(leaf, item, run, map) : leaf));
    run.rule.fields = run.rule.fields.flatMap((name) => {
      const names = nameOf(name);
      run.trackField(name, names, item);
      return names;
    });
    // The conditions look at the state as it is now.
    const state = new Map(run.state);
    run.fieldSteps.push({
      id: item.id,
      map: (name, processedBy) => {
        const context = { state, fieldProcessedBy: { get: () => processedBy } };
        return (item.field.ofName(name, context) ? map(name) : null) ?? [name];
      },
    });
  };
}

/** Transformations of field names. */
export const fieldTransformations: Readonly<Record<string, (from: Parameters) => Transformation>> = {
  field_name_mapping: (from) => {
    const mapping = from.mapping("mapping", true);
    return mapFields((name) => mapping.get(name) ?? null);
  },

  field_name_prefix_mapping: (from) => {
    const mapping = [...from.mapping("mapping", false)];
    return mapFields((name) => {
      if (name === null) return null;
      const found = mapping.find(([prefix]) => prefix !== null && name.startsWith(prefix));
      if (found === undefined) return null;
      const rest = name.slice(found[0]?.length ?? 0);
      return found[1].map((prefix) => `${prefix}${rest}`);
    });
  },

  field_name_prefix: (from) => {
    const prefix = from.text("prefix");
    return mapFields((name) => (name === null ? null : [`${prefix}${name}`]));
  },

  field_name_suffix: (from) => {
    const suffix = from.text("suffix");
    return mapFields((name) => (name === null ? null : [`${name}${suffix}`]));
  },
};
