import { describe, expect, test } from "vitest";
import { CorrelationEvaluator } from "../../../../src/detection/sigma/correlation/evaluator.js";
import {
  at,
  compiledCorrelations,
  matchesOf,
  matchTimes,
  plain,
  stream,
  timed,
  withRules,
} from "./workbench.js";

const count = (gte: number, timespan = "10s"): string =>
  `type: event_count\nrules: [a]\ntimespan: ${timespan}\ncondition:\n  gte: ${gte}`;

describe("the timespan is a window that slides with the events' own times", () => {
  test("events that are exactly a timespan apart are within it", () => {
    expect(matchTimes(count(2), [at(0, "a"), at(10, "a")])).toEqual([10]);
    expect(matchTimes(count(2), [at(0, "a"), at(10.001, "a")])).toEqual([]);
  });

  test("it is not cut at full minutes, hours or days", () => {
    // 23:59:58, 23:59:59 and 00:00:01 of two days.
    const midnight = Date.UTC(2026, 0, 2) / 1000;
    expect(
      matchTimes(
        count(3, "1d"),
        [-2, -1, 1].map((second) => at(midnight + second, "a")),
      ),
    ).toEqual([midnight + 1]);
    expect(
      matchTimes(
        count(3, "5s"),
        [-2, -1, 1].map((second) => at(midnight + second, "a")),
      ),
    ).toEqual([midnight + 1]);
  });

  test("times before 1970 and fractions of milliseconds are times", () => {
    expect(matchTimes(count(2, "1s"), [at(-5.0005, "a"), at(-4.0005, "a")])).toEqual([-4.0005]);
  });

  test.each([
    ["2s", 2],
    ["3m", 180],
    ["4h", 14_400],
    ["5d", 432_000],
  ])("%s is %i seconds", (timespan, seconds) => {
    expect(matchTimes(count(2, timespan), [at(0, "a"), at(seconds, "a")])).toEqual([seconds]);
    expect(matchTimes(count(2, timespan), [at(0, "a"), at(seconds + 0.001, "a")])).toEqual([]);
  });

  test("each event that ends such a window is a match; those within a timespan of one that does not repeat, repeat", () => {
    const matches = matchesOf(
      count(2),
      [0, 1, 2, 11, 12, 50, 51].map((second) => at(second, "a")),
    );
    expect(matches.map(({ to, repeats }) => [to / 1000, repeats])).toEqual([
      [1, false],
      [2, true],
      [11, true],
      [12, false],
      [51, false],
    ]);
  });

  test("a match has at most the asked number of source events, the latest, and says how many there are", () => {
    const { collection, named } = compiledCorrelations(withRules(count(3)));
    const events = timed(
      collection,
      [0, 1, 2].map((second) => at(second, "a")),
    );
    const { matches } = stream([named("test")], events, { mostSources: 2 });
    expect(matches).toMatchObject([{ sources: ["a@1", "a@2"], sourceCount: 3, from: 0, to: 2000 }]);
  });
});

test("in a flood each event ends a window that matched, and each match lists the latest of its sources", () => {
  const { collection, named } = compiledCorrelations(withRules(count(2, "1d")));
  const flood = Array.from({ length: 20_000 }, (_, index) => at(index, "a", {}, `e${index}`));
  const { matches } = stream([named("test")], timed(collection, flood), { mostSources: 2 });
  expect(matches).toHaveLength(19_999);
  expect(matches.at(-1)).toMatchObject({
    from: 0,
    value: 20_000,
    sourceCount: 20_000,
    sources: ["e19998", "e19999"],
  });
  expect(matches.filter(({ repeats }) => !repeats)).toHaveLength(1);
});

test("which events of one time are listed does not depend on which came first", () => {
  const { collection, named } = compiledCorrelations(withRules(count(3)));
  const same = timed(
    collection,
    ["x", "y", "z"].map((id) => at(1, "a", {}, id)),
  );
  for (const events of [same, same.toReversed()])
    expect(stream([named("test")], events, { mostSources: 2 }).matches).toMatchObject([
      { sources: ["y", "z"], sourceCount: 3 },
    ]);
});

describe("events come when they come", () => {
  const { collection, named } = compiledCorrelations(withRules(count(3)));
  const events = timed(collection, [at(1, "a"), at(2, "a"), at(3, "a")]);
  const reversed = events.toReversed();

  test("within the tolerance any order gives the same matches", () => {
    const options = { tolerance: 2000 };
    const forward = stream([named("test")], events, options).matches.map(plain);
    expect(forward).toHaveLength(1);
    expect(stream([named("test")], reversed, options).matches.map(plain)).toEqual(forward);
  });

  test("an event that comes later than that is not counted, and that is said", () => {
    const { matches, evaluator } = stream([named("test")], reversed, { tolerance: 1000 });
    expect(matches).toEqual([]);
    expect(evaluator.uncounted()).toMatchObject({ late: 1, undated: 0 });
  });

  test("a match is certain once nothing of its time can come any more", () => {
    const evaluator = new CorrelationEvaluator([named("test")], { tolerance: 2000 });
    const add = (seconds: number, kind: string): number => {
      const [only] = timed(collection, [at(seconds, kind)]);
      return only === undefined ? -1 : evaluator.add(only.event, only.time, only.rules).length;
    };
    expect([add(1, "a"), add(2, "a"), add(3, "a"), add(5, "other")]).toEqual([0, 0, 0, 0]);
    expect(add(5.001, "other")).toBe(1);
  });

  test("advance says that nothing older will come, finish that nothing will", () => {
    const evaluator = new CorrelationEvaluator([named("test")], { tolerance: 60_000 });
    for (const { event, time, rules } of events) expect(evaluator.add(event, time, rules)).toEqual([]);
    expect(evaluator.advance(3000)).toEqual([]);
    expect(evaluator.advance(3001)).toHaveLength(1);
    expect(evaluator.advance(2000)).toEqual([]);
    expect(evaluator.finish()).toEqual([]);
  });

  test("which rule of an event is told of first is of no account: the first of the list has the say", () => {
    const section = `type: value_sum
rules: [a, b]
timespan: 10s
aliases:
  n:
    a: x
    b: y
condition:
  field: n
  gte: 0`;
    const sums = compiledCorrelations(withRules(section));
    const [both] = timed(sums.collection, [at(1, "ab", { x: 1, y: 5 })]);
    const told = (rules: (typeof events)[number]["rules"] = []): number[] =>
      stream([sums.named("test")], both === undefined ? [] : [{ ...both, rules }], {}).matches.map(
        ({ value }) => value,
      );
    expect([told(both?.rules), told(both?.rules.toReversed())]).toEqual([[1], [1]]);
  });

  test("an event without a time is not counted, and that is said", () => {
    const undated = timed(collection, [
      at(1, "a"),
      at(2, "a"),
      { ...at(3, "a"), time: undefined },
      at(NaN, "a"),
    ]);
    const { matches, evaluator } = stream([named("test")], undated, { tolerance: 1000 });
    expect(matches).toEqual([]);
    expect(evaluator.uncounted()).toMatchObject({ undated: 2 });
  });

  test("what was not counted is told by reason", () => {
    const section = `type: value_sum\nrules: [a]\ngroup-by: [User]\ntimespan: 10s\ncondition:\n  field: n\n  gte: 0`;
    const sums = compiledCorrelations(withRules(section));
    const many = Array.from({ length: 300 }, (_, index) => `u${index}`);
    const list = [
      at(1, "a", { n: 1 }),
      at(2, "a", { User: "x" }),
      at(3, "a", { User: many, n: 1 }),
      at(4, "b"),
    ];
    const { evaluator } = stream([sums.named("test")], timed(sums.collection, list), {});
    expect(evaluator.uncounted()).toEqual({ late: 0, undated: 0, noGroup: 1, noValue: 1, tooManyValues: 1 });
  });
});

describe("memory", () => {
  test.each(["event_count", "value_count", "value_median", "temporal", "temporal_ordered"])(
    "%s keeps what a window can still reach, however long the stream and however many the groups",
    (type) => {
      const field = type.startsWith("value") ? "\n  field: n" : "";
      const condition = type === "temporal_ordered" ? "" : `\ncondition:\n  gte: 1${field}`;
      const { collection, named } = compiledCorrelations(
        withRules(`type: ${type}\nrules: [a]\ngroup-by: [User]\ntimespan: 10s${condition}`),
      );
      const evaluator = new CorrelationEvaluator([named("test")], { tolerance: 1000 });
      const rules = collection.rules.map(({ rule }) => rule).filter(({ title }) => title === "Rule a");
      let largest = 0;
      for (let second = 0; second < 5000; second++) {
        evaluator.add(at(second, "a", { User: `user${second}`, n: second }), second * 1000, rules);
        largest = Math.max(largest, evaluator.size);
      }
      // Eleven seconds can be reached, and what cannot is forgotten when it is a quarter of a timespan old.
      expect(largest).toBeLessThanOrEqual(16);
    },
  );

  test("one busy group holds at most twice its window", () => {
    const { collection, named } = compiledCorrelations(withRules(count(5)));
    const evaluator = new CorrelationEvaluator([named("test")]);
    const rules = collection.rules.map(({ rule }) => rule);
    let largest = 0;
    for (let second = 0; second < 2000; second++) {
      evaluator.add(at(second, "a"), second * 1000, rules);
      largest = Math.max(largest, evaluator.size);
    }
    expect(largest).toBeLessThanOrEqual(24);
  });
});
