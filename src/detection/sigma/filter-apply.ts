import { leavesOf, namesOf, writtenOut, type Condition } from "./condition.js";
import type { FilterTree } from "./filter.js";
import type { Search, SigmaRule } from "./rule-tree.js";

/** Whether a filter's log source covers a rule's: whatever the filter names, the rule names too, and the same (as pySigma). */
export function coversLogsource(filter: FilterTree["logsource"], rule: SigmaRule["logsource"]): boolean {
  return (["product", "category", "service"] as const).every(
    (key) => filter[key] === null || filter[key].toLowerCase() === rule[key]?.toLowerCase(),
  );
}

/**
 * The rule with a filter: `(condition of the rule) and (condition of the filter)`, as pySigma. The selections of the
 * filter get names of their own, and neither condition's patterns (`1 of them`, `all of *`) see the other's selections.
 */
export function applyFilter(rule: SigmaRule, filter: FilterTree): SigmaRule {
  const prefix = prefixFor(rule);
  const searches = new Map<string, Search>(rule.searches);
  for (const [name, search] of filter.searches) searches.set(prefix + name, search);
  const origins = [...filter.searches.keys()].map(
    (name) => [prefix + name, { name, by: `filter "${filter.title}"` }] as const,
  );
  const added = origins.map(([name]) => name);
  const own = writtenOut(
    rule.condition,
    [...rule.searches.keys()],
    (pattern) => namesOf(pattern, added).length > 0,
  );
  const filters = renamed(
    writtenOut(filter.condition, [...filter.searches.keys()], () => true),
    prefix,
  );
  return {
    ...rule,
    searches,
    condition: { type: "and", operands: [own, filters] },
    added: new Map([...(rule.added ?? []), ...origins]),
  };
}

/** `_filter1_`, or the first number that no selection of the rule has. */
function prefixFor(rule: SigmaRule): string {
  const names = [...rule.searches.keys()];
  let number = 1;
  while (names.some((name) => name.startsWith(`_filter${number}_`))) number++;
  return `_filter${number}_`;
}

function renamed(condition: Condition, prefix: string): Condition {
  switch (condition.type) {
    case "identifier":
      return { ...condition, name: prefix + condition.name };
    case "of":
      // Patterns were written out before.
      throw new Error(`a pattern among ${leavesOf(condition).length} names`);
    case "not":
      return { type: "not", operand: renamed(condition.operand, prefix) };
    case "and":
    case "or":
      return {
        type: condition.type,
        operands: condition.operands.map((operand) => renamed(operand, prefix)),
      };
  }
}
