import { describe, expect, test } from "vitest";
import type { Evaluation } from "../../../src/model/observation.js";
import type { RulerRule } from "../../../src/siem/ruler/rules.js";
import { durationMs } from "../../../src/siem/ruler/selector.js";
import { rulerStatus } from "../../../src/siem/ruler/status.js";

const MINUTE = 60_000;
const since = 1_000 * MINUTE;
const rule: RulerRule = {
  name: "echo",
  query: "",
  intervalMs: MINUTE,
  forMs: 0,
  labels: {},
  annotations: {},
  failure: null,
  lastEvaluatedAt: null,
  lastTookMs: 0,
  ids: null,
};

/** Evaluations that began so many minutes after the trial. */
function evaluated(lookBackMinutes: number, ...minutes: readonly number[]): Evaluation[] {
  return minutes.map((minute) => {
    const startedAt = since + minute * MINUTE;
    return {
      startedAt,
      completedAt: startedAt + 50,
      from: startedAt - lookBackMinutes * MINUTE,
      to: startedAt,
    };
  });
}

const lacksOf = (known: readonly Evaluation[]) => rulerStatus("echo", [rule], since, 2 * MINUTE, known).lacks;

describe("the evaluations of a ruler's rule are all known", () => {
  test.each<[string, Evaluation[]]>([
    ["when there was none yet", []],
    ["when the last one was before the trial", evaluated(2, -0.5)],
    ["when they follow each other from before the trial", evaluated(2, -0.5, 0.5, 1.5, 2.5)],
    ["when the first is so near to the trial that none was between", evaluated(2, 0.7, 1.7)],
    ["or need not be, when the look-back of the last reaches to before the trial", evaluated(10, -4, 6)],
  ])("%s", (_, known) => {
    expect(lacksOf(known)).toBeNull();
  });

  test.each<[string, Evaluation[]]>([
    ["when one may be hidden between two", evaluated(2, -0.5, 0.5, 2.5)],
    ["when one may be hidden before the first", evaluated(2, 1.1)],
    ["when none is known from the trial until the last", evaluated(2, -9, 6)],
  ])("but not %s", (_, known) => {
    expect(lacksOf(known)).toContain("not all evaluations of the rule echo are known");
  });
});

describe("nothing can be concluded from the silence of a ruler's rule", () => {
  test.each<[string, readonly RulerRule[], number | null, RegExp]>([
    ["whose name several have", [rule, rule], MINUTE, /2 rules have the name echo/],
    ["whose evaluation failed", [{ ...rule, failure: "out of order" }], MINUTE, /out of order/],
    ["that waits until its condition has held", [{ ...rule, forMs: MINUTE }], MINUTE, /has a `for`/],
    ["whose look-back cannot be told", [rule], null, /over which span .* looks back cannot be told/],
  ])("%s", (_, rules, lookBackMs, lacks) => {
    const status = rulerStatus("echo", rules, since, lookBackMs, []);
    expect(status).toMatchObject({ present: true, lacks: expect.stringMatching(lacks) as string });
  });
});

test.each([
  ["1h30m", 5_400_000],
  ["90s", 90_000],
  ["250ms", 250],
  ["1w2d", 777_600_000],
  ["5", null],
  ["5m ", null],
])("the duration %s", (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});
