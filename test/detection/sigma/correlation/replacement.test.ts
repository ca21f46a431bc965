import { describe, expect, test } from "vitest";
import { correlate } from "../../../../src/detection/sigma/correlation/evaluator.js";
import { compileSigma } from "../../../../src/detection/sigma/compile.js";
import { at, collectionOf, timed } from "./workbench.js";

/** A rule of version 1. */
function oldRule(condition: string, timeframe: string | null = "10s", head = ""): string {
  return [
    'title: "Many: things"',
    head,
    "level: high",
    "logsource:",
    "  product: linux",
    "detection:",
    "  one:",
    "    kind|contains: 'a'",
    "  two:",
    "    kind|contains: b",
    ...(timeframe === null ? [] : [`  timeframe: ${timeframe}`]),
    `  condition: ${condition}`,
    "",
  ]
    .filter((line) => line !== "")
    .join("\n")
    .concat("\n");
}

function hintOf(text: string): string {
  const { rule, diagnostics } = compileSigma(text, "old.yml");
  const found = diagnostics.find(({ code }) => code === "aggregation-unsupported");
  expect(rule).toBeNull();
  return found?.hint ?? "";
}

/** The documents in a hint. */
function documentsIn(hint: string): string {
  return hint.slice(hint.indexOf("---\n") + 4);
}

/** The times at which what the hint proposes matches. `name` is what the hint says the rule needs. */
function proposed(text: string, events: readonly ReturnType<typeof at>[]): { times: number[]; hint: string } {
  const hint = hintOf(text);
  const name = /give the rule "(name: \w+)"/.exec(hint)?.[1];
  const kept = text
    .replace(/\n {2}timeframe: .*/, "")
    .replace(/ \|.*/, "")
    .replace("level:", name === undefined ? "level:" : `${name}\nlevel:`);
  const near = hint.startsWith("write these documents");
  const collection = collectionOf(...(near ? [] : [kept]), documentsIn(hint));
  expect(collection.refused).toEqual([]);
  const correlations = collection.correlations.map(({ correlation }) => correlation);
  return { times: correlate(correlations, timed(collection, events)).map(({ to }) => to / 1000), hint };
}

describe("a condition of version 1 is refused with the correlation that says the same", () => {
  const users = (...list: readonly string[]): ReturnType<typeof at>[] =>
    list.map((User, second) => at(second, "a", { User, n: second }));

  test("count()", () => {
    expect(proposed(oldRule("one | count() > 2"), users("x", "y", "z", "x")).times).toEqual([2, 3]);
  });

  test("count() by", () => {
    const text = oldRule("one | count() by User >= 2");
    expect(proposed(text, users("x", "y", "x")).times).toEqual([2]);
    expect(hintOf(text)).toBe(
      [
        'keep the condition "one" without the pipe and the timeframe, give the rule "name: many_things", and add this document:',
        "---",
        'title: "Many: things (correlation)"',
        "correlation:",
        "  type: event_count",
        "  rules:",
        "    - many_things",
        "  group-by:",
        "    - User",
        "  timespan: 10s",
        "  condition:",
        "    gte: 2",
        "level: high",
        "",
      ].join("\n"),
    );
  });

  test("count() by several fields", () => {
    expect(proposed(oldRule("one | count() by User, n >= 2"), users("x", "x")).times).toEqual([]);
    expect(hintOf(oldRule("one | count() by User, n >= 2"))).toContain("    - User\n    - n\n");
  });

  test("count(field) by counts values", () => {
    const list = [
      at(0, "a", { User: "x", Host: "h" }),
      at(1, "a", { User: "x", Host: "h" }),
      at(2, "a", { User: "y", Host: "h" }),
    ];
    expect(proposed(oldRule("one | count(User) by Host > 1"), list).times).toEqual([2]);
  });

  test("the condition before the pipe stays", () => {
    const list = [at(0, "a b"), at(1, "a"), at(2, "a b")];
    expect(proposed(oldRule("one and two | count() >= 2"), list).times).toEqual([2]);
    expect(hintOf(oldRule("one and not two | count() > 5"))).toContain(
      'keep the condition "one and not two"',
    );
  });

  test.each([
    ["sum(n) > 2", [2, 3]],
    ["avg(n) >= 1", [2, 3]],
    ["max(n) >= 2", [2, 3]],
    ["min(n) >= 0", [0, 1, 2, 3]],
    ["min(n) > 0", []],
    ["max(n) == 1", [1]],
  ])("%s", (aggregation, times) => {
    expect(proposed(oldRule(`one | ${aggregation}`), users("x", "x", "x", "x")).times).toEqual(times);
  });

  test.each([
    ["avg(n) > 1", true],
    ["min(n) > 1", true],
    ["min(n) < 1", false],
    ["max(n) > 1", false],
    ["max(n) < 1", true],
    ["sum(n) > 1", false],
    ["sum(n) < 1", true],
    ["sum(n) == 1", true],
  ])("%s: that the first event may meet the condition alone is said: %j", (aggregation, said) => {
    expect(hintOf(oldRule(`one | ${aggregation}`)).includes("may meet the condition alone")).toBe(said);
  });

  test("the rule is referred to by its id, or by its name", () => {
    expect(hintOf(oldRule("one | count() > 2", "5m", "id: abc"))).toContain("    - abc\n");
    expect(hintOf(oldRule("one | count() > 2", "5m", "name: mine"))).toContain("    - mine\n");
    expect(proposed(oldRule("one | count() > 1", "5m", "id: abc"), users("x", "y")).times).toEqual([1]);
  });

  test.each([
    ["a b", "1w", "7d", "add this document:"],
    ["no timeframe", null, "1d", "the rule has none: 1d is a proposal"],
    ["a month", "1M", "30d", "30d is a proposal"],
    ["no length of time", "often", "1d", '"often" is no timespan: 1d is a proposal'],
  ])("a timeframe that is %s", (_, timeframe, timespan, said) => {
    const hint = hintOf(oldRule("one | count() > 2", timeframe));
    expect(hint).toContain(`timespan: ${timespan}\n`);
    expect(hint).toContain(said);
  });

  test("near becomes a rule for each selection and a correlation over them", () => {
    const text = oldRule("one | near two", "10s", "id: abc");
    expect(proposed(text, [at(0, "b"), at(5, "a")]).times).toEqual([5]);
    expect(proposed(text, [at(0, "b"), at(11, "a")]).times).toEqual([]);
    expect(proposed(text, [at(0, "a"), at(5, "a")]).times).toEqual([]);
    expect(hintOf(text)).toContain("give the correlation a group-by");
    expect(hintOf(text)).toContain("id: abc");
  });
});

describe("where no correlation says the same, the hint says so and proposes none", () => {
  test.each([
    ["one | count() by User < 5", "pass through every small count"],
    ["one | count(Host) by User <= 5", "pass through every small count"],
    ["one | count() == 5", "pass through every small count"],
    ["one | count() != 5", "pass through every small count"],
    ["one | count() == 1", "pass through every small count"],
    ["one | near two and not one", "no correlation says that an event does not come"],
    ["one | near three", "names no selection of this rule"],
    ["one | near (two", "names no selection of this rule"],
    ["one | sum() > 5", "needs a field"],
    ["one | count()", "no aggregation of version 1"],
    ["one | count() by User", "no aggregation of version 1"],
    ["one | count() > many", "no aggregation of version 1"],
  ])("%s", (condition, said) => {
    const hint = hintOf(oldRule(condition));
    expect(hint).toContain(said);
    expect(hint).not.toContain("---");
  });
});
