import { compileItem, type Test } from "../sigma/item.js";
import type { Item, SigmaRule } from "../sigma/rule-tree.js";
import { ruleTest } from "../sigma/rule-test.js";
import type { RuleValue } from "../sigma/values.js";

function byText(left: string, right: string): number {
  return left < right ? -1 : 1;
}

/** The same text for the same value, and only for it. */
function keyOfValue(value: RuleValue): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === "bigint") return String(inner);
    return inner instanceof Set ? [...(inner as ReadonlySet<string>)].toSorted(byText) : inner;
  });
}

function keyOfItem({ field, all, negated, cased, values }: Item): string {
  return JSON.stringify([field, all, negated, cased, values.map(({ meanings }) => meanings.map(keyOfValue))]);
}

/** The test with its last answer kept. Events are told apart by number, so that none is kept in memory. */
function answeredOnce(test: Test): Test {
  let last = -1;
  let answer = false;
  return (event) => {
    if (last !== event.number) {
      answer = test(event);
      last = event.number;
    }
    return answer;
  };
}

/** Makes the tests of rules. An item that several rules have in common is evaluated once for an event. */
export class SharedTests {
  readonly #tests = new Map<string, Test>();

  of(rule: SigmaRule): Test {
    return ruleTest(rule, (item) => this.#ofItem(item));
  }

  #ofItem(item: Item): Test {
    const key = keyOfItem(item);
    let test = this.#tests.get(key);
    if (test === undefined) {
      test = answeredOnce(compileItem(item));
      this.#tests.set(key, test);
    }
    return test;
  }
}
