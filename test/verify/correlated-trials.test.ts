import fc from "fast-check";
import { expect, test } from "vitest";
import { type CorrelationRule, isCorrelationRule } from "../../src/detection/sigma/correlation/rule.js";
import type { HostEvent } from "../../src/model/event.js";
import { compileAnalytic } from "../../src/plan/compile-analytic.js";
import { AlertBook } from "../../src/siem/embedded/alerts.js";
import { Correlations } from "../../src/siem/embedded/correlations.js";
import { begin, exec, observationOf, root, said, sentinel, statusOf, T0, verdictOf } from "./builders.js";

/** Trials among others' events, from the embedded SIEM's correlations to the verdict. */

function compiled(correlation: string): CorrelationRule {
  const base = (name: string, program: string): string =>
    `title: ${name}\nname: ${name}\nlogsource: { product: linux }\ndetection: { s: { Image|endswith: /${program} }, condition: s }\n---\n`;
  const text = `${base("one", "a")}${base("two", "b")}title: Together\nid: together\ncorrelation:\n  rules: [one, two]\n  group-by: [User]\n  timespan: 5s\n  ${correlation}\nlevel: high\n`;
  const { rule, diagnostics } = compileAnalytic({ file: "together.yml", text });
  if (rule === null || !isCorrelationRule(rule)) throw new Error(JSON.stringify(diagnostics));
  return rule;
}

/** Conditions that further events never undo. */
const rules = [
  "type: event_count\n  condition: { gte: 3 }",
  "type: value_count\n  condition: { gte: 3, field: Value }",
  "type: temporal",
  "type: temporal_ordered",
  "type: value_sum\n  condition: { gte: 5, field: Value }",
].map(compiled);

interface Step {
  readonly owner: "ours" | "theirs";
  readonly program: "a" | "b" | "c";
  readonly user: string;
  readonly value: number;
  /** Milliseconds since the step before. */
  readonly after: number;
}

const step = fc.record<Step>({
  owner: fc.constantFrom("ours", "theirs"),
  program: fc.constantFrom("a", "b", "c"),
  user: fc.constantFrom("op", "root"),
  value: fc.constantFrom(1, 2, 3),
  after: fc.constantFrom(0, 0, 4, 1000, 3000, 6000),
});

/** What happened on the host: others before and after the trial, both during it. */
const story = fc.record({
  before: fc.array(step, { maxLength: 4 }),
  during: fc.array(step, { maxLength: 8 }),
  after: fc.array(step, { maxLength: 3 }),
});

function happened({ before, during, after }: Record<"before" | "during" | "after", Step[]>): {
  all: HostEvent[];
  own: HostEvent[];
} {
  let time = T0;
  let sequence = 10;
  const place = (): Pick<HostEvent, "time" | "sequence" | "ingestedAt"> => {
    sequence += 1;
    return { time, sequence, ingestedAt: time + 1 };
  };
  const own: HostEvent[] = [];
  const run = (steps: readonly Step[], alone: boolean): HostEvent[] =>
    steps.map(({ owner, program, user, value, after: pause }) => {
      time += pause;
      const ours = !alone && owner === "ours";
      const lineage = ours ? { session: "7", ppid: root.pid } : { session: "8", ppid: 4000 };
      const event = exec([`/usr/bin/${program}`], { ...place(), ...lineage });
      const given = { ...event, fields: { ...event.fields, User: user, Value: value } };
      if (ours) own.push(given);
      return given;
    });
  const all = [
    ...run(before, true),
    { ...begin, ...place() },
    { ...root, ...place() },
    ...run(during, false),
    sentinel("end", "run-0001", place()),
    ...run(after, true),
  ];
  return { all, own };
}

test("a trial is detected, and a twin a false alarm, exactly when its own events satisfy the rule alone", () => {
  const seen = { detected: 0, logged: 0, shared: 0 };
  fc.assert(
    fc.property(story, fc.constantFrom(...rules), fc.boolean(), (told, rule, twin) => {
      const { all, own } = happened(told);
      const book = new AlertBook();
      const correlations = new Correlations([rule]);
      for (const event of all) {
        const isEnd = event.argv[2] === "end";
        const bases = rule.baseRules.filter((base) => base.matches(event));
        for (const found of correlations.add(event, bases)) book.addCorrelated(found, event.time);
        if (isEnd) for (const found of correlations.settle("h1")) book.addCorrelated(found, event.time);
      }
      for (const found of correlations.settle("h1")) book.addCorrelated(found, T0 + 1_000_000);
      const { alerts } = book.between({ rules: [rule.id], hosts: ["h1"], from: 0, to: Infinity });
      const [from = 0, to = 0] = ["begin", "end"].map((edge) =>
        all.findIndex(({ argv }) => argv[2] === edge),
      );
      const observation = observationOf(all.slice(from, to + 1), alerts, {
        rules: [statusOf({ rule: rule.id, evaluatedBy: "embedded" })],
        background: {},
      });
      const expectations = [{ analytic: rule.id, outcome: "detected" as const, execution: "ran" as const }];
      const verdict = verdictOf(observation, { rule, trial: { twin, expectations } });
      const alone = rule.satisfiedBy(own);
      seen[alone ? "detected" : "logged"] += 1;
      if (verdict.cause?.detail.includes("needed others' events") === true) seen.shared += 1;
      const [fired, silent] = twin ? ["false-alarm", "quiet"] : ["detected", "logged"];
      expect(said(verdict)[0]).toBe(alone ? fired : silent);
      if (alone) expect(verdict.attribution).toBe("exact");
    }),
    { numRuns: 1500 },
  );
  // The stories are of all kinds.
  expect(Math.min(seen.detected, seen.logged, seen.shared)).toBeGreaterThan(50);
});
