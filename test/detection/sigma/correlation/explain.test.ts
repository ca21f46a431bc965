import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nearestEventSchema } from "../../../../src/model/verdict.js";
import type { CorrelationExplanation } from "../../../../src/detection/sigma/correlation/explain.js";
import type { CorrelationRule } from "../../../../src/detection/sigma/correlation/rule.js";
import { at, baseRule, compiledCorrelations, withRules } from "./workbench.js";

function ruleOf(text: string, name = "test"): CorrelationRule {
  const { collection } = compiledCorrelations(text);
  const found = collection.correlations.find(({ correlation }) => correlation.tree.name === name);
  if (found === undefined) throw new Error(`no correlation ${name}`);
  return found.rule;
}

const explain = (section: string, events: readonly ReturnType<typeof at>[]): CorrelationExplanation =>
  ruleOf(withRules(section)).explainWindow(events);

const bruteForce = `type: event_count
rules: [a]
group-by: [User]
timespan: 10m
condition:
  gte: 5`;

describe("how near a window of events came", () => {
  test("the nearest group, how many of how many, between when and when, and what would have matched", () => {
    const events = [
      ...[1, 2].map((second) => at(second, "a", { User: "eve" })),
      ...[0, 60, 120].map((second) => at(second, "a", { User: "bob" }, `bob@${second}`)),
      at(700, "a", { User: "bob" }),
      at(3, "b"),
    ];
    expect(explain(bruteForce, events)).toEqual({
      correlation: "test",
      title: "Test",
      matched: false,
      matches: 0,
      events: 7,
      rules: [{ reference: "a", title: "Rule a", matched: 6, noTime: 0, noGroup: 0, noValue: 0 }],
      nearest: {
        group: { User: "bob" },
        from: 0,
        to: 120_000,
        value: 3,
        distance: 2,
        rules: [{ reference: "a", count: 3 }],
        sources: ["bob@0", "bob@60", "bob@120"],
      },
      inner: [],
      sentence:
        '"Test" needs at least 5 events of a within 10m with the same User; the nearest group, User=bob, had 3 of 5 events (a: 3) between 1970-01-01T00:00:00.000Z and 1970-01-01T00:02:00.000Z: 2 events more would have matched.',
    });
  });

  test("a match is explained by the window that matched", () => {
    const events = [1, 2, 3, 4, 5].map((second) => at(second, "a", { User: "bob" }));
    const found = explain(bruteForce, events);
    expect(found).toMatchObject({ matched: true, matches: 1, nearest: { value: 5, distance: 0 } });
    expect(found.sentence).toMatch(/had 5 events \(a: 5\) between .*: it matched\.$/);
  });

  test.each([
    ["no event matched", [at(1, "b")], "no event matched a."],
    [
      "events without the group-by field",
      [at(1, "a"), at(2, "a")],
      "2 of a have no value in a group-by field.",
    ],
    ["an event without a time", [{ ...at(1, "a", { User: "x" }), time: undefined }], "1 of a has no time."],
  ])("%s", (_, events, end) => {
    const found = explain(bruteForce, events);
    expect(found.nearest).toBeNull();
    expect(found.sentence).toBe(`"Test" needs at least 5 events of a within 10m with the same User; ${end}`);
  });

  test("what was not counted beside a window that was is told, too", () => {
    const found = explain(bruteForce, [at(1, "a", { User: "x" }), at(2, "a"), at(3, "a")]);
    expect(found.rules).toMatchObject([{ matched: 3, noGroup: 2 }]);
    expect(found.sentence).toMatch(
      /4 events more would have matched\. Not counted: 2 of a have no value in a group-by field\.$/,
    );
  });

  const sentenceEnd = (section: string, events: readonly ReturnType<typeof at>[]): string =>
    explain(section, events).sentence.replace(/^.*; the nearest window had /, "");

  test("temporal: which rules are missing", () => {
    const section = "type: temporal\nrules: [a, b, c]\ntimespan: 5m";
    expect(explain(section, []).sentence).toBe(
      '"Test" needs all of a, b and c within 5m; no event matched a, b or c.',
    );
    expect(sentenceEnd(section, [at(0, "a"), at(60, "c"), at(61, "c")])).toBe(
      "2 of 3 rules (a: 1, c: 1) between 1970-01-01T00:00:00.000Z and 1970-01-01T00:01:00.000Z: no b was near.",
    );
    expect(sentenceEnd(section, [at(0, "a"), at(600, "b")])).toMatch(
      /^1 of 3 rules \(a: 1\) at .*: no b or c was near\.$/,
    );
  });

  test("temporal with an expression: the fewest rules that are missing are nearest", () => {
    const section = "type: temporal\nrules: [a, b, c]\ntimespan: 5m\ncondition: a and (b or c)";
    const found = explain(section, [at(0, "b"), at(600, "a"), at(601, "a")]);
    expect(found.nearest).toMatchObject({ distance: 1 });
    expect(found.sentence).toContain("needs a and (b or c) within 5m");
  });

  test("temporal_ordered: how far the order came, and what did not follow", () => {
    const section = "type: temporal_ordered\nrules: [a, b, c]\ntimespan: 5m";
    expect(sentenceEnd(section, [at(0, "c"), at(1, "a"), at(2, "b")])).toMatch(
      /^2 of 3 rules in order \(a: 1, b: 1, c: 1\) between .*: no c came after a, then b\.$/,
    );
    expect(sentenceEnd(section, [at(0, "c")])).toMatch(/: no a came first\.$/);
  });

  test("value_count, sums and too many", () => {
    const values = "type: value_count\nrules: [a]\ntimespan: 5m\ncondition:\n  field: User\n  gte: 3";
    expect(sentenceEnd(values, [at(0, "a", { User: "x" }), at(1, "a", { User: "x" })])).toMatch(
      /^1 of 3 different values of User \(a: 1\) at .*: 2 values more would have matched\.$/,
    );
    const sum = "type: value_sum\nrules: [a]\ntimespan: 5m\ncondition:\n  field: n\n  gt: 10";
    expect(explain(sum, [at(0, "a", { n: 2 }), at(1, "a", { n: 4 })]).nearest).toMatchObject({
      value: 6,
      distance: 4,
    });
    const few = "type: event_count\nrules: [a]\ntimespan: 5m\ncondition:\n  gt: 1\n  lt: 3";
    expect(
      explain(few, [at(0, "a"), at(0, "a", {}, "2"), at(0, "a", {}, "3"), at(0, "a", {}, "4")]).sentence,
    ).toMatch(/needs more than 1 and fewer than 3 events .* had 4 events .*: 2 events too many\.$/);
  });

  test("a chain explains the correlations that it reads", () => {
    const outer =
      "title: Outer\nname: outer\ncorrelation:\n  type: temporal\n  rules: [test, b]\n  timespan: 5m\n";
    const rule = ruleOf(`${withRules(bruteForce)}---\n${outer}`, "outer");
    const found = rule.explainWindow([at(0, "a", { User: "bob" }), at(1, "b")]);
    expect(found).toMatchObject({
      matched: false,
      rules: [
        { reference: "test", title: "Test", matched: 0 },
        { reference: "b", matched: 1 },
      ],
      nearest: { value: 1, distance: 1, rules: [{ count: 0 }, { count: 1 }] },
      inner: [{ correlation: "test", nearest: { value: 1, distance: 4 } }],
    });
    expect(found.sentence).toContain("no test was near");
  });

  test("agrees with the matches, does not depend on the order of the events, and is finite", () => {
    const sections = [
      bruteForce.replace("gte: 5", "gte: 2"),
      "type: value_count\nrules: [a, b]\ngroup-by: [User]\ntimespan: 4s\ncondition:\n  field: n\n  eq: 2",
      "type: value_avg\nrules: [a, b]\ngroup-by: [User]\ntimespan: 4s\ncondition:\n  field: n\n  gt: 1",
      "type: temporal\nrules: [a, b, c]\ngroup-by: [User]\ntimespan: 4s",
      "type: temporal\nrules: [a, b, c]\ngroup-by: [User]\ntimespan: 4s\ncondition: a and (b or c)",
      "type: temporal_ordered\nrules: [a, b]\ngroup-by: [User]\ntimespan: 4s",
    ].map((section) => ruleOf(withRules(section)));
    const event = fc.record({
      time: fc.integer({ min: 0, max: 9 }),
      kind: fc.constantFrom("a", "b", "c", "ab"),
      fields: fc.record(
        { User: fc.constantFrom("x", "y"), n: fc.integer({ min: 0, max: 3 }) },
        { requiredKeys: [] },
      ),
    });
    fc.assert(
      fc.property(fc.constantFrom(...sections), fc.array(event, { maxLength: 8 }), (rule, list) => {
        const events = list.map(({ time, kind, fields }, index) => at(time, kind, fields, `e${index}`));
        const found = rule.explainWindow(events);
        expect(found.matched).toBe(rule.satisfiedBy(events));
        expect(found.matched).toBe(found.nearest?.distance === 0);
        expect(rule.explainWindow(events.toReversed())).toEqual(found);
        expect(found.sentence).not.toMatch(/NaN|undefined|Infinity/);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a correlation as a rule", () => {
  const rule = ruleOf(`${withRules(bruteForce).trimEnd()}\nlevel: high\ntags: [attack.t1110]\n`);
  const failed = [1, 2, 3, 4, 5].map((second) => at(second, "a", { User: "bob" }));

  test("has the head of its document and reads what its rules read", () => {
    expect(rule).toMatchObject({
      id: "test",
      title: "Test",
      file: "rules/file1.yml",
      language: "sigma",
      level: "high",
      tier: "alert",
      techniques: ["T1110"],
      fields: new Set(["kind", "User"]),
      timespan: 600_000,
    });
    expect(rule.reads(at(1, "other"))).toBe(true);
    expect(rule.reads({ ...at(1, "a"), logsource: { product: "windows" } })).toBe(false);
  });

  test("one event contributes, and does not match; enough of them satisfy it", () => {
    const [first] = failed;
    expect(first !== undefined && rule.contributes(first)).toBe(true);
    expect(rule.contributes(at(1, "b"))).toBe(false);
    expect(failed.some((event) => rule.matches(event))).toBe(false);
    expect(rule.satisfiedBy(failed)).toBe(true);
    expect(rule.satisfiedBy(failed.slice(1))).toBe(false);
    expect(rule.matchesAmong(failed)).toMatchObject([{ sourceCount: 5 }]);
  });

  test("events without a time do not satisfy it: what they are near to is not known", () => {
    expect(rule.satisfiedBy(failed.map((event) => ({ ...event, time: undefined })))).toBe(false);
  });

  test("where one event is enough, it matches, whatever its time", () => {
    const single = ruleOf(withRules("type: temporal\nrules: [a, b]\ntimespan: 5m"));
    expect(single.matches(at(1, "a b"))).toBe(true);
    expect(single.matches({ ...at(1, "a b"), time: undefined })).toBe(true);
    expect(single.matches(at(1, "a"))).toBe(false);
  });

  test("an event is explained by the nearest rule, and by what one event cannot have", () => {
    const near = nearestEventSchema.parse(rule.explain(at(1, "a", { User: "bob" })));
    expect(near).toMatchObject({
      met: 1,
      needed: 2,
      unmet: [
        {
          clause: "correlation",
          wanted: "at least 5 events of a within 10m with the same User",
          found: "this event",
        },
      ],
    });
    const other = nearestEventSchema.parse(rule.explain(at(1, "x")));
    expect(other.unmet).toMatchObject([{ field: "kind" }, { clause: "correlation", found: null }]);
    expect(other.needed - other.met).toBe(other.unmet.length);
  });

  test("reading its own base rule's keywords, it reads whole events", () => {
    const keywords = baseRule("a").replace("  selection:\n    kind|contains: a", "  selection: [word]");
    const text = withRules(bruteForce).replace(baseRule("a"), keywords);
    expect(ruleOf(text).fields).toBeNull();
  });
});
