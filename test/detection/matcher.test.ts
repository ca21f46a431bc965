import { expect, test } from "vitest";
import { foldEvent } from "../../src/detection/match/event-text.js";
import { FoldedText } from "../../src/detection/match/folded-text.js";
import { StreamingMatcher } from "../../src/detection/matcher.js";
import type { CompiledRule, RuleEvent } from "../../src/detection/rule.js";
import { compileSigma } from "../../src/detection/sigma/compile.js";
import { compileSpl } from "../../src/detection/spl/rule/compile.js";

function rule(id: string, logsource: string, value: string): CompiledRule {
  const text = `title: ${id}\nid: ${id}\nlogsource: {${logsource}}\ndetection:\n  s:\n    A|contains: ${value}\n  condition: s\n`;
  const { rule: compiled } = compileSigma(text, `${id}.yml`);
  if (compiled === null) throw new Error(id);
  return compiled;
}

function event(product: string, category: string | undefined, value: string): RuleEvent {
  return { id: "e", logsource: { product, category }, fields: { A: value } };
}

const rules = [
  rule("any-linux", "product: linux", "x"),
  rule("linux-exec", "product: linux, category: process_creation", "x"),
  rule("windows-exec", "product: windows, category: process_creation", "x"),
  rule("any-exec", "category: process_creation", "y"),
];

test("an event goes to the rules of its log source, in their order", () => {
  const matcher = new StreamingMatcher(rules);
  const ids = (given: RuleEvent): string[] => matcher.match(given).map(({ id }) => id);
  expect(ids(event("linux", "process_creation", "xy"))).toEqual(["any-linux", "linux-exec", "any-exec"]);
  expect(ids(event("linux", "process_creation", "y"))).toEqual(["any-exec"]);
  expect(ids(event("linux", undefined, "xy"))).toEqual(["any-linux"]);
  expect(ids(event("windows", "process_creation", "x"))).toEqual(["windows-exec"]);
  expect(ids(event("macos", "file_event", "x"))).toEqual([]);
});

test("a rule is asked only about events of its log source", () => {
  const asked: string[] = [];
  const spies = rules.map((each) => ({
    ...each,
    matches: (given: RuleEvent) => {
      asked.push(each.id);
      return each.matches(given);
    },
  }));
  const matcher = new StreamingMatcher(spies);
  matcher.match(event("windows", "process_creation", "x"));
  matcher.match(event("windows", "process_creation", "z"));
  expect(asked).toEqual(["windows-exec", "any-exec", "windows-exec", "any-exec"]);
});

test("a query of SPL is asked about each event: what it reads is told by fields, too", () => {
  const { rule: query } = compileSpl("EventCode=1 A=x", "query.spl");
  const matcher = new StreamingMatcher([query as CompiledRule]);
  const of = (EventCode: number): RuleEvent => ({
    ...event("windows", undefined, "x"),
    fields: { A: "x", EventCode },
  });
  expect([of(2), of(1), of(2)].map((each) => matcher.match(each).length)).toEqual([0, 1, 0]);
});

test("names of a log source are told apart where they are joined", () => {
  const matcher = new StreamingMatcher([rule("one", "product: a, category: b", "x")]);
  expect(matcher.match({ id: "e", logsource: { product: "a", service: "b" }, fields: { A: "x" } })).toEqual(
    [],
  );
  expect(
    matcher.match({ id: "e", logsource: { product: "a", category: "b" }, fields: { A: "x" } }),
  ).toHaveLength(1);
});

test("the fields of events that look alike are not mixed up", () => {
  const matcher = new StreamingMatcher(rules);
  const first = event("windows", "process_creation", "x");
  const second = event("windows", "process_creation", "-");
  const results = [first, second, first, second].map((given) => matcher.match(given).length);
  expect(results).toEqual([1, 0, 1, 0]);
});

test("an event whose values no rule looks for need not be read, unless a rule is announced by none", () => {
  const text = new FoldedText();
  const announced = (given: readonly CompiledRule[], value: string): readonly number[] | null => {
    foldEvent(event("linux", "process_creation", value), text);
    return new StreamingMatcher(given).announced(text);
  };
  const [first, second] = [
    rule("first", "product: linux", "first"),
    rule("second", "product: linux", "other"),
  ];
  expect(announced([first, second], "nothing")).toBeNull();
  expect(announced([first, second], "an other")).toEqual([1]);
  expect(announced([first, rule("short", "product: linux", "x")], "nothing")).toEqual([]);
});

test("rules that nothing else announces are announced by the values of their log source", () => {
  const matcher = new StreamingMatcher([rule("short", "product: linux, category: process_creation", "x")], {
    valuesOfLogsource: ({ category }) => (category === null ? [] : [[category]]),
  });
  const text = new FoldedText();
  foldEvent(event("linux", "process_creation", "x"), text);
  expect(matcher.announced(text)).toEqual([0]);
  foldEvent(event("linux", "file_event", "x"), text);
  expect(matcher.announced(text)).toBeNull();
});
