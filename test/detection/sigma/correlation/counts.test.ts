import { describe, expect, test } from "vitest";
import { at, matchesOf, matchTimes } from "./workbench.js";

describe("event_count counts the events of its rules, for each group by itself", () => {
  const section = `
type: event_count
rules: [a]
group-by: [User]
timespan: 10s
condition:
  gte: 3`;

  test("it matches when there are enough events of one group", () => {
    const events = [1, 2, 3].map((second) => at(second, "a", { User: "bob" }));
    expect(matchesOf(section, events)).toMatchObject([
      {
        group: { User: "bob" },
        from: 1000,
        to: 3000,
        value: 3,
        sources: ["a@1", "a@2", "a@3"],
        sourceCount: 3,
        repeats: false,
      },
    ]);
  });

  test("events of different groups do not add up", () => {
    const events = ["bob", "eve", "bob", "eve"].map((User, second) => at(second, "a", { User }));
    expect(matchTimes(section, events)).toEqual([]);
  });

  test("a group is told apart by every field of group-by", () => {
    const both = section.replace("[User]", "[User, Host]");
    const events = [1, 2, 3].map((second) => at(second, "a", { User: "bob", Host: `h${second % 2}` }));
    expect(matchTimes(both, events)).toEqual([]);
  });

  test("values of group-by are told apart with regard to case, as the query languages do; 1 and '1' are one value", () => {
    expect(
      matchTimes(
        section,
        ["bob", "Bob", "bob"].map((User, second) => at(second, "a", { User })),
      ),
    ).toEqual([]);
    expect(
      matchTimes(
        section,
        [1, "1", 1].map((User, second) => at(second, "a", { User })),
      ),
    ).toEqual([2]);
  });

  test("without group-by all events are one group", () => {
    const ungrouped = section.replace("group-by: [User]\n", "");
    const events = ["bob", "eve", null].map((User, second) => at(second, "a", { User }));
    expect(matchesOf(ungrouped, events)).toMatchObject([{ group: {}, to: 2000, value: 3 }]);
  });

  test.each([
    ["absent", {}],
    ["null", { User: null }],
    ["an empty list", { User: [] }],
    ["an object", { User: { name: "bob" } }],
  ])("an event whose group-by field is %s is not counted", (_, fields) => {
    const events = [at(1, "a", { User: "bob" }), at(2, "a", { User: "bob" }), at(3, "a", fields)];
    expect(matchTimes(section, events)).toEqual([]);
    expect(
      matchTimes(
        section,
        [1, 2, 3].map((second) => at(second, "a", fields)),
      ),
    ).toEqual([]);
  });

  test("an empty text is a value", () => {
    expect(
      matchTimes(
        section,
        [1, 2, 3].map((second) => at(second, "a", { User: "" })),
      ),
    ).toEqual([3]);
  });

  test("an event with several values of a group-by field counts in the group of each", () => {
    const events = [
      at(1, "a", { User: ["bob", "eve"] }),
      at(2, "a", { User: "bob" }),
      at(3, "a", { User: ["bob", "bob"] }),
    ];
    expect(matchesOf(section, events)).toMatchObject([{ group: { User: "bob" }, value: 3 }]);
  });

  test("group-by may name a field inside another, with dots", () => {
    const nested = section.replace("[User]", "[user.name]");
    const events = [1, 2, 3].map((second) => at(second, "a", { user: { name: "bob" } }));
    expect(matchesOf(nested, events)).toMatchObject([{ group: { "user.name": "bob" } }]);
  });

  test("with several rules, events of any are counted, and an event that matches two of them once", () => {
    const several = section.replace("[a]", "[a, b]");
    const fields = { User: "bob" };
    expect(matchTimes(several, [at(1, "a", fields), at(2, "b", fields), at(3, "a", fields)])).toEqual([3]);
    expect(matchTimes(several, [at(1, "a b", fields), at(2, "a b", fields)])).toEqual([]);
  });

  test("an event that comes twice under one id is one event", () => {
    const events = ["1", "1", "2"].map((id) => at(1, "a", { User: "bob" }, id));
    expect(matchTimes(section, events)).toEqual([]);
  });
});

describe("conditions", () => {
  const times = (condition: string, count: number): number[] =>
    matchTimes(
      `type: event_count\nrules: [a]\ntimespan: 1h\ncondition: ${condition}`,
      Array.from({ length: count }, (_, index) => at(index + 1, "a")),
    );

  test.each([
    ["{ gt: 2 }", [3, 4, 5]],
    ["{ gte: 2 }", [2, 3, 4, 5]],
    ["{ lt: 3 }", [1, 2]],
    ["{ lte: 3 }", [1, 2, 3]],
    ["{ eq: 4 }", [4]],
    ["{ neq: 4 }", [1, 2, 3, 5]],
    ["{ gt: 1, lte: 3 }", [2, 3]],
    ["{ gte: 2, lt: 5 }", [2, 3, 4]],
  ])("%s", (condition, expected) => {
    expect(times(condition, 5)).toEqual(expected);
  });
});

describe("value_count counts the different values of a field", () => {
  const section = `
type: value_count
rules: [a]
group-by: [Host]
timespan: 10s
condition:
  field: User
  gte: 3`;
  const users = (...list: unknown[]): ReturnType<typeof at>[] =>
    list.map((User, second) => at(second, "a", { Host: "h", User }));

  test("a value that comes again does not count again", () => {
    expect(matchTimes(section, users("x", "y", "x", "y"))).toEqual([]);
    expect(matchTimes(section, users("x", "y", "x", "z"))).toEqual([3]);
  });

  test("a value leaves with the last event that has it", () => {
    const events = [
      at(0, "a", { Host: "h", User: "x" }),
      at(9, "a", { Host: "h", User: "y" }),
      at(12, "a", { Host: "h", User: "z" }),
    ];
    expect(matchTimes(section, events)).toEqual([]);
    expect(matchTimes(section, [...events, at(5, "a", { Host: "h", User: "x" })])).toEqual([12]);
  });

  test("an event without the field is not counted, a list counts each of its values", () => {
    expect(matchTimes(section, users("x", "y", undefined, null))).toEqual([]);
    expect(matchTimes(section, users(["x", "y"], "z"))).toEqual([1]);
  });

  test("several fields count as tuples", () => {
    const tuples = section.replace("field: User", "field: [User, Domain]");
    const pair = (second: number, User: string, Domain?: string): ReturnType<typeof at> =>
      at(second, "a", { Host: "h", User, ...(Domain === undefined ? {} : { Domain }) });
    expect(matchTimes(tuples, [pair(1, "x", "1"), pair(2, "x", "2"), pair(3, "y", "1")])).toEqual([3]);
    expect(matchTimes(tuples, [pair(1, "x", "1"), pair(2, "x", "1"), pair(3, "y", "1")])).toEqual([]);
    expect(matchTimes(tuples, [pair(1, "x", "1"), pair(2, "x", "2"), pair(3, "y")])).toEqual([]);
  });

  test("a tuple is not the same as its values in a row", () => {
    const tuples = section.replace("field: User", "field: [User, Domain]").replace("gte: 3", "gte: 2");
    const events = [
      at(1, "a", { Host: "h", User: "a,b", Domain: "c" }),
      at(2, "a", { Host: "h", User: "a", Domain: "b,c" }),
    ];
    expect(matchTimes(tuples, events)).toEqual([2]);
  });
});

describe("types that compute with numbers", () => {
  const section = (type: string, condition: string): string =>
    `type: ${type}\nrules: [a]\ntimespan: 10s\ncondition:\n  field: n\n  ${condition}`;
  const numbers = (...list: unknown[]): ReturnType<typeof at>[] =>
    list.map((n, second) => at(second, "a", { n }));
  const last = (type: string, condition: string, ...list: unknown[]): number | undefined =>
    matchesOf(section(type, condition), numbers(...list)).at(-1)?.value;

  test("value_sum: the sum of the field, of numbers and of texts that are numbers", () => {
    expect(last("value_sum", "gt: 9", 1, "2", 7)).toBe(10);
    expect(last("value_sum", "gt: 10", 1, "2", 7)).toBeUndefined();
    expect(last("value_sum", "lt: 0", -5, 2)).toBe(-3);
  });

  test("a sum is exact while numbers come and go", () => {
    const events = [
      at(0, "a", { n: 1e16 }),
      at(5, "a", { n: 0.1 }),
      at(11, "a", { n: 0.2 }),
      at(12, "a", { n: -0.3 }),
    ];
    const sums = matchesOf(section("value_sum", "neq: 17"), events).map(({ value }) => value);
    // The three numbers are no tenths exactly: their sum is not 0, and not what adding them up gives.
    expect(sums).toEqual([1e16, 1e16, 0.30000000000000004, 2 ** -55]);
  });

  test("value_avg: the average of the events that have a number", () => {
    expect(last("value_avg", "gte: 3", 2, 4, "many", null, undefined)).toBe(3);
    expect(last("value_avg", "gt: 3", 2, 4)).toBeUndefined();
  });

  test("value_percentile: the value at the percentile, on the line between the two nearest", () => {
    expect(last("value_percentile", "percentile: 50\n  gte: 0", 1, 2, 4)).toBe(2);
    expect(last("value_percentile", "percentile: 50\n  gte: 0", 4, 1)).toBe(2.5);
    expect(last("value_percentile", "percentile: 95\n  gte: 0", 0, 100)).toBe(95);
    expect(last("value_percentile", "percentile: 0\n  gte: 0", 7, 3, 9)).toBe(3);
    expect(last("value_percentile", "percentile: 100\n  gte: 0", 7, 3, 9)).toBe(9);
  });

  test("value_median is the percentile 50", () => {
    expect(last("value_median", "gte: 0", 9, 1, 5)).toBe(5);
    expect(last("value_median", "gte: 0", 9, 1)).toBe(5);
  });

  test("numbers leave with their events", () => {
    const events = [at(0, "a", { n: 9 }), at(5, "a", { n: 1 }), at(11, "a", { n: 3 })];
    const values = (type: string): number[] =>
      matchesOf(section(type, "gte: 0"), events).map(({ value }) => value);
    expect(values("value_median")).toEqual([9, 5, 2]);
    expect(values("value_sum")).toEqual([9, 10, 4]);
  });

  test.each(["many", "", "1e999", Infinity, NaN, true, {}, "0x10"])(
    "an event with %j is not counted",
    (n) => {
      expect(matchTimes(section("value_sum", "gte: -1"), numbers(n))).toEqual([]);
    },
  );
});
