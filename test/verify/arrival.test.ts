import fc from "fast-check";
import { expect, test } from "vitest";
import type { Alert } from "../../src/model/alert.js";
import type { HostEvent } from "../../src/model/event.js";
import type { AnswerState, Evaluation } from "../../src/model/observation.js";
import { alertOf, exec, scheduledOf, sentinel, statusOf, T0, verdictOf } from "./builders.js";
import { observed, type Question, ScriptedSiem, type Visible } from "./scripted-siem.js";

/** What becomes of one record: when it comes (never: lost), and when once more. */
const way = fc.record({
  arrives: fc.integer({ min: 1_100, max: 60_900 }),
  isLost: fc.boolean(),
  again: fc.option(fc.integer({ min: 1, max: 90_000 })),
});

const world = fc.record({
  ways: fc.array(way, { minLength: 4, maxLength: 4 }),
  loses: fc.constantFrom(false, false, true),
  matching: fc.tuple(fc.boolean(), fc.boolean()),
  /** What the deployed rule does with a match. */
  rule: fc.constantFrom("fires", "fires", "folds", "folds-then-fires", "excepts"),
  resolves: fc.constantFrom(true, true, false),
  alertLag: fc.integer({ min: 0, max: 5_000 }),
  schedule: fc.option(
    fc.record({
      phase: fc.integer({ min: 0, max: 59_999 }),
      lookBackMs: fc.constantFrom(20_000, 120_000, 600_000),
      lasts: fc.integer({ min: 0, max: 50_000 }),
      skips: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 2 }),
    }),
  ),
  moods: fc.array(
    fc.record({
      question: fc.constantFrom<Question>("clock", "canaries", "events", "alerts", "ruleStatuses", "sensor"),
      from: fc.integer({ min: 0, max: 120_000 }),
      lasts: fc.integer({ min: 0, max: 20_000 }),
      state: fc.constantFrom<AnswerState>("partial", "rate-limited", "unreachable"),
    }),
    { maxLength: 2 },
  ),
  takes: fc.constantFrom(0, 0, 200, 4_000),
  offsetMs: fc.constantFrom(0, -7_000, 3_600_000),
});
type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

const edges = [
  sentinel("begin", "run-0001", { sequence: 20_000 }),
  sentinel("end", "run-0001", { sequence: 20_003 }),
];

/** The records of the trial in the host's order, with the moment at which each is first in the SIEM; null when it never is. */
function recordsOf({ ways, loses, matching }: World): { event: HostEvent; since: number | null }[] {
  const root = exec(["bash", "-c", "true"], {
    sequence: 20_001,
    fields: { CommandLine: matching[0] ? "bash -c base64" : "bash -c true" },
  });
  const child = exec([matching[1] ? "base64" : "ls"], { sequence: 20_002, ppid: root.pid });
  const inTime = { time: T0 + 500 };
  return [edges[0], root, child, edges[1]].flatMap((event, index) => {
    const one = ways[index];
    if (event === undefined || one === undefined) return [];
    return [{ event: { ...event, ...inTime }, since: loses && one.isLost ? null : one.arrives }];
  });
}

function evaluationsOf({ schedule, offsetMs }: World): Evaluation[] {
  if (schedule === null) return [];
  return Array.from({ length: 40 }, (_, index) => index)
    .filter((index) => !schedule.skips.includes(index))
    .map((index) => {
      const startedAt = T0 + offsetMs + schedule.phase + index * 60_000;
      return {
        ...{ startedAt, completedAt: startedAt + schedule.lasts },
        ...{ from: startedAt - offsetMs - schedule.lookBackMs, to: startedAt - offsetMs },
      };
    });
}

/** The alerts that the rule writes, by our clock. */
function alertsOf(one: World): Visible<Alert>[] {
  const matches = recordsOf(one)
    .filter(
      ({ event }, index) => index > 0 && index < 3 && String(event.fields["CommandLine"]).includes("base64"),
    )
    .flatMap(({ event, since }): Visible<HostEvent>[] => (since === null ? [] : [{ what: event, since }]))
    .toSorted((a, b) => a.since - b.since);
  const evaluations = evaluationsOf(one);
  const seen = matches.flatMap(({ what, since }) => {
    if (one.schedule === null) return [{ what, at: since }];
    const found = evaluations.find(
      ({ startedAt, from, to }) =>
        startedAt >= T0 + since + one.offsetMs && from <= what.time && what.time <= to,
    );
    return found === undefined ? [] : [{ what, at: found.completedAt - T0 - one.offsetMs }];
  });
  if (one.rule === "excepts") return [];
  return seen.map(({ what, at }, index) => {
    const since = at + one.alertLag;
    const written = T0 + since + one.offsetMs;
    const folds = one.rule === "folds" || (one.rule === "folds-then-fires" && index === 0);
    const times = { createdAt: written, updatedAt: written, evaluatedAt: written - one.alertLag };
    const folded = { foldedInto: folds ? "earlier" : null, id: `alert-${index}` };
    return { since, what: alertOf("base64", one.resolves ? [what] : null, { ...times, ...folded }) };
  });
}

function siemOf(one: World): ScriptedSiem {
  const siem = new ScriptedSiem();
  siem.offsetMs = one.offsetMs;
  siem.telemetry = recordsOf(one).flatMap(({ event, since }, index): Visible<HostEvent>[] => {
    if (since === null) return [];
    const copyOf = (at: number) => ({ since: at, what: { ...event, ingestedAt: T0 + at + one.offsetMs } });
    const again = one.ways[index]?.again ?? null;
    return [copyOf(since), ...(again === null ? [] : [copyOf(since + again)])];
  });
  siem.alertBook = alertsOf(one);
  const evaluations = evaluationsOf(one);
  siem.status = (at) => {
    const status = one.schedule === null ? statusOf() : scheduledOf(one.schedule.lookBackMs, []);
    if (status.schedule.type === "streaming") return status;
    const completed = evaluations.filter(({ completedAt }) => completedAt <= T0 + at + one.offsetMs);
    return { ...status, schedule: { ...status.schedule, evaluations: completed } };
  };
  siem.mood = (question, at) =>
    one.moods.find((mood) => mood.question === question && at >= mood.from && at < mood.from + mood.lasts)
      ?.state ?? "complete";
  siem.takes = () => one.takes;
  return siem;
}

test("whatever comes whenever within its time, the verdict is right or none", async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(world, async (one) => {
      const { outcome } = verdictOf(await observed(siemOf(one)));
      const alerts = alertsOf(one);
      const records = recordsOf(one);
      const truth = alerts.some(({ what }) => what.foldedInto === null)
        ? "detected"
        : alerts.length > 0
          ? "suppressed"
          : records.every(({ since }) => since === null)
            ? "blind"
            : "logged";
      seen.set(`${truth}: ${outcome}`, (seen.get(`${truth}: ${outcome}`) ?? 0) + 1);
      expect([truth, "pending", "undecided"]).toContain(outcome);
      const whole = records.every(({ since }) => since !== null);
      if (whole && one.moods.length === 0 && (one.resolves || alerts.length === 0))
        expect(outcome).toBe(truth);
    }),
    { numRuns: 1_500, seed: 20261124 },
  );
  for (const truth of ["detected", "suppressed", "logged", "blind"])
    expect([truth, (seen.get(`${truth}: ${truth}`) ?? 0) >= 5]).toEqual([truth, true]);
});
