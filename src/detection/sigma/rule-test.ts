import { namesOf, type Condition } from "./condition.js";
import { every, some, type Test } from "./item.js";
import type { Item, Search, SigmaRule } from "./rule-tree.js";

/** The test of a whole rule, made of the tests that its items are given. */
export function ruleTest(rule: SigmaRule, itemTest: (item: Item) => Test): Test {
  const searchTest = (search: Search): Test =>
    search.type === "items" ? every(search.items.map(itemTest)) : some(search.alternatives.map(searchTest));
  const searches = new Map([...rule.searches].map(([name, search]) => [name, searchTest(search)]));
  const named = (name: string): Test => {
    const test = searches.get(name);
    // The reader has refused conditions that name what is not there.
    if (test === undefined) throw new Error(`no selection "${name}"`);
    return test;
  };
  const conditionTest = (condition: Condition): Test => {
    switch (condition.type) {
      case "identifier":
        return named(condition.name);
      case "of": {
        const tests = namesOf(condition.pattern, searches.keys()).map(named);
        return condition.quantifier === "any" ? some(tests) : every(tests);
      }
      case "not": {
        const operand = conditionTest(condition.operand);
        return (event) => !operand(event);
      }
      case "and":
        return every(condition.operands.map(conditionTest));
      case "or":
        return some(condition.operands.map(conditionTest));
    }
  };
  return conditionTest(rule.condition);
}
