import { leavesOf, namesOf } from "./condition.js";
import { itemsOf, type SigmaRule } from "./rule-tree.js";

/**
 * Every field that a rule reads, those that it compares with (`fieldref`) included; null when it reads the whole event
 * (keywords). Selections that the condition does not use are not read.
 */
export function fieldsOfRule(rule: SigmaRule): ReadonlySet<string> | null {
  const names = leavesOf(rule.condition).flatMap((leaf) =>
    leaf.type === "identifier" ? [leaf.name] : namesOf(leaf.pattern, rule.searches.keys()),
  );
  const fields = new Set<string>();
  for (const name of new Set(names)) {
    const search = rule.searches.get(name);
    for (const item of search === undefined ? [] : itemsOf(search)) {
      if (item.field === null) return null;
      fields.add(item.field);
      for (const { meanings } of item.values) {
        for (const meaning of meanings) if (meaning.type === "reference") fields.add(meaning.field);
      }
    }
  }
  return fields;
}
