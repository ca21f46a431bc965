import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Evaluation, Observation, RuleStatus } from "../../src/model/observation.js";
import {
  alertOf,
  begin,
  end,
  harmless,
  root,
  exec,
  said,
  scheduledOf,
  shippedOf,
  statusOf,
  T0,
  twin,
  verdictOf,
} from "./builders.js";

/** What is said of the act at a moment, milliseconds after T0, when no alert was seen. */
function saidAt(
  ms: number,
  rule: RuleStatus,
  over: Partial<Observation> = {},
  trial = {},
): [string, string | null] {
  const events = over.events ?? harmless;
  return said(verdictOf(shippedOf(events, [], { answeredAt: T0 + ms, rules: [rule], ...over }), { trial }));
}

function evaluated(evaluations: Evaluation[], over: Partial<Evaluation> = {}): RuleStatus {
  const status = scheduledOf(120_000, []);
  if (status.schedule.type !== "scheduled") throw new Error("not scheduled");
  const changed = evaluations.map((one) => ({ ...one, ...over }));
  return { ...status, schedule: { ...status.schedule, evaluations: changed } };
}

describe("a streaming rule", () => {
  test("has no second chance, but its alert takes as long to be written as it may", () => {
    expect(saidAt(5_000, statusOf())).toEqual(["pending", "evaluated"]);
    expect(saidAt(5_100, statusOf())).toEqual(["logged", "clause"]);
    expect(saidAt(5_000, statusOf(), {}, twin)).toEqual(["pending", "evaluated"]);
    expect(saidAt(5_100, statusOf(), {}, twin)).toEqual(["quiet", null]);
  });

  test("is waited for by the SIEM's clock, as far as that is known", () => {
    const behind = { clock: { offsetMs: -30_000, errorMs: 0 } };
    expect(saidAt(20_000, statusOf(), behind)).toEqual(["pending", "evaluated"]);
    expect(saidAt(35_100, statusOf(), behind)).toEqual(["logged", "clause"]);
    const unsure = { clock: { offsetMs: 0, errorMs: 30_000 } };
    expect(saidAt(20_000, statusOf(), unsure)).toEqual(["pending", "evaluated"]);
  });

  test("is waited for also when it is disabled or gone by now: it may have fired before", () => {
    for (const over of [{ enabled: false }, { present: false }]) {
      expect(saidAt(2_000, statusOf(over))[0]).not.toBe("logged");
      expect(saidAt(600_000, statusOf(over))[0]).toBe("logged");
    }
  });

  test("is waited for from the arrival of the last record", () => {
    const late = { ...root, ingestedAt: T0 + 50_000 };
    expect(saidAt(52_000, statusOf(), { events: [begin, late, end] })).toEqual(["pending", "evaluated"]);
    expect(saidAt(56_000, statusOf(), { events: [begin, late, end] })).toEqual(["logged", "clause"]);
  });
});

describe("a scheduled rule", () => {
  test("has its chance with the first evaluation that was completed after the arrival and reaches back to it", () => {
    expect(saidAt(50_000, scheduledOf(120_000, []))).toEqual(["pending", "evaluated"]);
    expect(saidAt(90_000, scheduledOf(120_000, [60_000]))).toEqual(["logged", "clause"]);
    expect(saidAt(90_000, scheduledOf(120_000, [60_000]), {}, twin)).toEqual(["quiet", null]);
  });

  test("still has to write its alert after the evaluation", () => {
    expect(saidAt(65_900, scheduledOf(120_000, [60_000]))).toEqual(["pending", "evaluated"]);
    expect(saidAt(66_000, scheduledOf(120_000, [60_000]))).toEqual(["logged", "clause"]);
  });

  test("saw nothing of what arrived while an evaluation ran", () => {
    expect(saidAt(20_000, scheduledOf(120_000, [-1]))).toEqual(["pending", "evaluated"]);
    const arrivedLate = [begin, { ...root, ingestedAt: T0 + 60_500 }, end];
    expect(saidAt(90_000, scheduledOf(120_000, [60_000]), { events: arrivedLate })).toEqual([
      "pending",
      "evaluated",
    ]);
    expect(saidAt(130_000, scheduledOf(120_000, [60_000, 120_000]), { events: arrivedLate })).toEqual([
      "logged",
      "clause",
    ]);
  });

  test("may skip an evaluation: the next one that reaches back decides", () => {
    expect(saidAt(110_000, scheduledOf(300_000, []))).toEqual(["pending", "evaluated"]);
    expect(saidAt(200_000, scheduledOf(300_000, [180_000]))).toEqual(["logged", "clause"]);
  });

  test("never sees what its look-back has passed when it arrives: a permanent gap, proved by a later evaluation", () => {
    const late = harmless.map((event) => ({ ...event, ingestedAt: T0 + 200_000 }));
    const passed = scheduledOf(120_000, [60_000, 120_000, 180_000, 240_000]);
    expect(saidAt(300_000, passed, { events: late })).toEqual(["logged", "look-back"]);
    expect(saidAt(300_000, passed, { events: late }, twin)).toEqual(["undecided", "look-back"]);
  });

  test("is not taken to have passed the events while no evaluation is known that has", () => {
    expect(saidAt(900_000, scheduledOf(120_000, []))[0]).toBe("pending");
    expect(saidAt(900_000, scheduledOf(120_000, [-60_000, -1_000]))[0]).toBe("pending");
    expect(saidAt(900_000, scheduledOf(120_000, []), {}, twin)[0]).toBe("pending");
  });

  test("is waited for when a slow evaluation that reaches back may be running still", () => {
    const [first, second] = [T0 + 60_000, T0 + 600_000];
    const slow = { startedAt: first, completedAt: second, from: first - 120_000, to: first };
    expect(saidAt(599_000, evaluated([]))[0]).toBe("pending");
    expect(saidAt(700_000, evaluated([slow]))).toEqual(["logged", "clause"]);
  });

  test("with a window over the time of arrival sees a record however old it is", () => {
    const old = harmless.map((event) => ({
      ...event,
      time: event.time - 86_400_000,
      ingestedAt: T0 + 30_000,
    }));
    const overTime = scheduledOf(120_000, [60_000, 120_000]);
    const overArrival = scheduledOf(120_000, [60_000, 120_000], { windowOver: "ingest-time" });
    expect(saidAt(200_000, overTime, { events: old })).toEqual(["logged", "look-back"]);
    expect(saidAt(200_000, overArrival, { events: old })).toEqual(["logged", "clause"]);
  });

  test("has not yet come to a record whose host is ahead of its time", () => {
    const ahead = harmless.map((event) => ({ ...event, time: event.time + 3_600_000 }));
    expect(saidAt(600_000, scheduledOf(120_000, [60_000, 120_000]), { events: ahead })[0]).toBe("pending");
  });

  test("that ends its window before its start has not seen the last moments", () => {
    const delayed = { startedAt: T0 + 60_000, completedAt: T0 + 61_000, from: T0 - 300_000, to: T0 - 1 };
    expect(saidAt(90_000, evaluated([delayed]))[0]).toBe("pending");
  });

  test("is waited for until it has come to all events of the act, those too that it does not match by its text", () => {
    const matching = exec(["bash", "-c", "base64"], { sequence: root.sequence });
    const late = {
      ...exec(["ls"], { ppid: matching.pid, sequence: root.sequence + 0.5 }),
      ingestedAt: T0 + 70_000,
    };
    const events = [begin, matching, late, end];
    expect(saidAt(90_000, scheduledOf(120_000, [60_000]), { events })).toEqual(["pending", "evaluated"]);
    expect(saidAt(140_000, scheduledOf(300_000, [60_000, 120_000]), { events })).toEqual([
      "logged",
      "exception",
    ]);
  });

  test("is waited for when it is disabled by now: an evaluation of before may be running still", () => {
    const disabled = { ...scheduledOf(120_000, []), enabled: false };
    expect(saidAt(60_000, disabled)).toEqual(["pending", "evaluated"]);
    expect(saidAt(66_000, disabled)).toEqual(["logged", "rule-enabled"]);
  });

  test("of once a day is pending for a day, whatever is asked meanwhile", () => {
    const daily = scheduledOf(2 * 86_400_000, [], { intervalMs: 86_400_000 });
    expect(saidAt(3_600_000, daily)).toEqual(["pending", "evaluated"]);
    expect(saidAt(3_600_000, daily, {}, twin)).toEqual(["pending", "evaluated"]);
  });
});

describe("a throttle", () => {
  const matched = [begin, exec(["bash", "-c", "base64"], { sequence: root.sequence }), end];
  const open = (from: number, until: number) => ({ from: T0 + from, until: T0 + until, openedBy: "earlier" });

  test("that was open when the rule looked at the events takes all weight from its silence", () => {
    for (const throttles of [
      [open(-1, 600_000)],
      [open(1_000, 2_000)],
      [open(-9_000, -8_000), open(0, 5_000)],
    ]) {
      expect(saidAt(90_000, statusOf({ throttles }), { events: matched })).toEqual([
        "undecided",
        "suppression",
      ]);
      expect(saidAt(90_000, statusOf({ throttles }), {}, twin)).toEqual(["undecided", "suppression"]);
    }
  });

  test("that had closed before, or was opened when the rule was done with them, takes none", () => {
    const throttles = [open(-90_000, -1), open(30_000, 600_000)];
    expect(saidAt(90_000, statusOf({ throttles }), {}, twin)).toEqual(["quiet", null]);
    const scheduled = { ...scheduledOf(120_000, [60_000, 120_000]), throttles: [open(80_000, 600_000)] };
    expect(saidAt(130_000, scheduled, {}, twin)).toEqual(["quiet", null]);
  });

  test("that was open when the first evaluation that reached the events was made counts, however late that was", () => {
    // The window ends a minute and a half before the evaluation: what has just come is seen by the second.
    const delayed = [60_000, 120_000].map((start) => ({
      ...{ startedAt: T0 + start, completedAt: T0 + start + 1_000 },
      ...{ from: T0 + start - 390_000, to: T0 + start - 90_000 },
    }));
    const status = { ...evaluated(delayed), throttles: [open(100_000, 125_000)] };
    expect(saidAt(200_000, status, {}, twin)).toEqual(["undecided", "suppression"]);
    expect(saidAt(200_000, status, { events: matched })).toEqual(["undecided", "suppression"]);
  });
});

describe("an alert that was folded into an earlier one", () => {
  const matching = exec(["bash", "-c", "base64"], { sequence: root.sequence });
  const folded = alertOf("base64", [matching], { foldedInto: "earlier" });
  const whole = [begin, matching, end];

  test("is suppression when the rule has no other chance to raise one that stands", () => {
    expect(said(verdictOf(shippedOf(whole, [folded])))).toEqual(["suppressed", "suppression"]);
  });

  test("is not the last word while records of the act are still under way", () => {
    for (const events of [
      [begin, matching],
      [begin, matching, { ...end, sequence: end.sequence + 2, id: "late" }],
    ]) {
      const verdict = verdictOf(shippedOf(events, [folded], { deadlineAt: T0 + 900_000 }));
      expect(["undecided", "pending"]).toContain(verdict.outcome);
    }
  });

  test("is not the last word while another event of the act waits for its evaluation", () => {
    const second = {
      ...exec(["base64"], { ppid: matching.pid }),
      sequence: matching.sequence + 0.5,
      ingestedAt: T0 + 90_000,
    };
    const over = { answeredAt: T0 + 100_000, rules: [scheduledOf(600_000, [60_000])] };
    expect(verdictOf(shippedOf([begin, matching, second, end], [folded], over)).outcome).toBe("pending");
  });

  test("is not the last word beside one that stands and may be ours", () => {
    expect(verdictOf(shippedOf(whole, [folded, alertOf("base64", null, { host: null })])).outcome).toBe(
      "undecided",
    );
  });

  test("does not hide one that stands and is surely the trial's too", () => {
    const standing = alertOf("base64", null);
    const over = { background: { base64: { matches: 0, observedHours: 24, perDay: 0 } }, surroundings: true };
    expect(verdictOf(shippedOf(whole, [folded, standing], over)).outcome).toBe("detected");
  });

  test("is undecided for good when the act's processes outlived its end", () => {
    const verdict = verdictOf(shippedOf(whole, [folded]), { execution: { outlived: true } });
    expect(verdict.outcome).toBe("undecided");
  });

  test("is a twin's false alarm at once, whatever else is not known", () => {
    for (const over of [{}, { rules: [] }, { agreeing: 1 }, { state: "partial" as const, stateDetail: "x" }])
      expect(verdictOf(shippedOf(whole, [folded], over), { trial: twin }).outcome).toBe("false-alarm");
  });
});

test("a miss is never given before an evaluation that began after the arrival, covers the events and could write its alert", () => {
  const start = fc.integer({ min: -120_000, max: 600_000 });
  const evaluation = fc.record({
    start,
    lasts: fc.integer({ min: 0, max: 200_000 }),
    back: fc.integer({ min: 1, max: 300_000 }),
  });
  fc.assert(
    fc.property(
      fc.array(evaluation, { maxLength: 6 }),
      fc.integer({ min: 0, max: 900_000 }),
      fc.integer({ min: 0, max: 300_000 }),
      (evaluations, now, arrived) => {
        const completed = evaluations
          .filter(({ start: began, lasts }) => began + lasts <= now)
          .map(({ start: began, lasts, back }) => ({
            ...{ startedAt: T0 + began, completedAt: T0 + began + lasts },
            ...{ from: T0 + began - back, to: T0 + began },
          }));
        const events = [begin, { ...root, ingestedAt: T0 + arrived }, end];
        const [outcome, link] = saidAt(now, evaluated(completed), { events });
        const had = completed.some(
          ({ startedAt, completedAt, from, to }) =>
            startedAt >= T0 + arrived &&
            completedAt + 5_000 <= T0 + now &&
            from <= root.time &&
            root.time <= to,
        );
        if (outcome === "logged" && link === "clause") expect(had).toBe(true);
        const after = completed.some(({ startedAt, from }) => startedAt >= T0 + arrived && from > root.time);
        if (outcome === "logged" && link === "look-back") expect(after).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});
