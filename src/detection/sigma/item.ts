import type { EventView } from "./event-view.js";
import { compileTexts, compileValue, type ValueTest } from "./evaluate.js";
import type { Item, ItemValue } from "./rule-tree.js";

/** Whether an event satisfies a part of a rule. */
export type Test = (event: EventView) => boolean;

/** Whether all tests hold. */
export function every(tests: readonly Test[]): Test {
  const [first, second] = tests;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (tests.length === 2) return (event) => first(event) && second(event);
  return (event) => {
    for (const test of tests) if (!test(event)) return false;
    return true;
  };
}

/** Whether any test holds. */
export function some(tests: readonly Test[]): Test {
  const [first, second] = tests;
  if (first === undefined) return () => false;
  if (second === undefined) return first;
  if (tests.length === 2) return (event) => first(event) || second(event);
  return (event) => {
    for (const test of tests) if (test(event)) return true;
    return false;
  };
}

function anyValue(tests: readonly ValueTest[]): ValueTest {
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return (field, event) => {
    for (const test of tests) if (test(field, event)) return true;
    return false;
  };
}

function everyValue(tests: readonly ValueTest[]): ValueTest {
  return (field, event) => {
    for (const test of tests) if (!test(field, event)) return false;
    return true;
  };
}

/** The test of a field, or of the whole event for keywords. The field is looked up once for all values. */
function ofField({ field }: Item, test: ValueTest): Test {
  return field === null
    ? (event) => test(event.everything(), event)
    : (event) => test(event.field(field), event);
}

function valueTest({ cased }: Item, { meanings }: ItemValue): ValueTest {
  return anyValue(meanings.map((meaning) => compileValue(meaning, cased)));
}

/** The test for one value of a line of a selection, whatever the other values. */
export function compileItemValue(item: Item, value: ItemValue): Test {
  return ofField(item, valueTest(item, value));
}

/** The test of a list of which any value may match. All texts are one test: lists can be long. */
function anyOf({ cased, values }: Item): ValueTest {
  const meanings = values.flatMap((value) => value.meanings);
  const texts = meanings.flatMap((meaning) => (meaning.type === "text" ? [meaning.pattern] : []));
  const others = meanings.filter((meaning) => meaning.type !== "text");
  const tests = others.map((meaning) => compileValue(meaning, cased));
  return anyValue(texts.length === 0 ? tests : [compileTexts(texts, cased), ...tests]);
}

/** The test for one line of a selection. */
export function compileItem(item: Item): Test {
  const positive = ofField(
    item,
    item.all ? everyValue(item.values.map((value) => valueTest(item, value))) : anyOf(item),
  );
  return item.negated ? (event) => !positive(event) : positive;
}
