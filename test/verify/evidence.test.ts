import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Alert } from "../../src/model/alert.js";
import type { HostEvent } from "../../src/model/event.js";
import { Evidence } from "../../src/verify/evidence.js";
import { alertOf, exec, sentinel, T0, trialOf } from "./builders.js";

const span = { from: T0, to: T0 + 60_000 };
const first = exec(["bash"], { sequence: 100 });
const second = exec(["base64"], { sequence: 101, ppid: first.pid });
const begin = sentinel("begin", "run-0001", { sequence: 99 });
const nothing = { begin: null, end: null };

function evidenceOf(...events: HostEvent[]): Evidence {
  const evidence = new Evidence(trialOf(), false, T0);
  evidence.addEvents(events, span);
  return evidence;
}

const all = (): boolean => true;
const none = (): boolean => false;

describe("evidence", () => {
  test("keeps each event once, in the host's order, as of its first arrival", () => {
    const evidence = evidenceOf(second, { ...first, ingestedAt: first.ingestedAt + 500 });
    evidence.addEvents([first, second, second], span);
    expect(evidence.events).toEqual([first, second]);
    evidence.addEvents([{ ...first, ingestedAt: first.ingestedAt + 900 }, second], span);
    expect(evidence.events).toEqual([first, second]);
  });

  test("takes the fuller form of an event whose records were joined later, as of its first arrival", () => {
    const partly = { ...first, argv: [], fields: {} };
    const evidence = evidenceOf(partly);
    evidence.addEvents([{ ...first, ingestedAt: first.ingestedAt + 200 }], span);
    expect(evidence.events).toEqual([first]);
  });

  test("does not forget what a later answer lacks, and says that the answer was not whole", () => {
    const evidence = evidenceOf(first, second);
    expect(evidence.takeShrunk()).toBe(false);
    evidence.addEvents([second], span);
    expect(evidence.events).toEqual([first, second]);
    expect(evidence.takeShrunk()).toBe(true);
    expect(evidence.takeShrunk()).toBe(false);
  });

  test("misses only what was asked for", () => {
    const evidence = evidenceOf(first, second);
    evidence.addEvents([second], { from: second.time, to: span.to });
    expect(evidence.takeShrunk()).toBe(false);
    evidence.addEvents([], { from: span.to + 1, to: span.to + 2 });
    expect(evidence.takeShrunk()).toBe(false);
  });

  test("misses a sentinel that was there before", () => {
    const evidence = evidenceOf();
    evidence.addCanary({ begin, end: null });
    evidence.addCanary(nothing);
    expect(evidence.canary.begin).toEqual(begin);
    expect(evidence.takeShrunk()).toBe(true);
  });

  test("misses an alert that was there before, unless it lies before what was asked about", () => {
    const alert = alertOf("base64", [first], { createdAt: T0, updatedAt: T0 + 10 });
    const evidence = evidenceOf(first);
    evidence.addAlerts([alert], T0, all);
    evidence.addAlerts([], T0 + 11, all);
    expect(evidence.takeShrunk()).toBe(false);
    evidence.addAlerts([], T0, all);
    expect(evidence.takeShrunk()).toBe(true);
    expect(evidence.alerts).toEqual([alert]);
  });
});

describe("an alert that changes", () => {
  const unresolved = alertOf("base64", null, { updatedAt: T0 + 50_000 });
  const resolved: Alert = { ...unresolved, sourceEvents: [second.id], updatedAt: T0 + 51_000 };

  test("counts as it was changed last, in whatever order the answers came", () => {
    for (const answers of [
      [unresolved, resolved],
      [resolved, unresolved],
    ]) {
      const evidence = evidenceOf();
      for (const alert of answers) evidence.addAlerts([alert], T0, all);
      expect(evidence.alerts).toEqual([resolved]);
    }
  });

  test("and turns out to stand for others' events no longer speaks for the trial as it did before", () => {
    const evidence = evidenceOf();
    evidence.addAlerts([unresolved], T0, all);
    evidence.addAlerts([resolved], T0, none);
    expect(evidence.alerts).not.toContainEqual(unresolved);
    expect(evidence.takeShrunk()).toBe(false);
  });
});

describe("answers that agree", () => {
  const end = sentinel("end", "run-0001", { sequence: 102 });
  const own = [begin, first, second, end];

  /** Counts answers that were asked for at these seconds. */
  function counted(evidence: Evidence, ...seconds: number[]): number[] {
    return seconds.map((at) => evidence.agree("complete", T0 + at * 1_000).agreeing);
  }

  test("are counted in a row while they are whole and hold the same of the trial", () => {
    const evidence = evidenceOf(begin, first, end);
    expect(counted(evidence, 10, 20, 30)).toEqual([1, 2, 3]);
    evidence.addEvents(own, span);
    expect(counted(evidence, 40, 50)).toEqual([1, 2]);
    evidence.addEvents([...own, exec(["ls"], { session: "8", sequence: 104 })], span);
    expect(counted(evidence, 60)).toEqual([3]);
    evidence.addAlerts([alertOf("base64", [first])], T0, all);
    expect(counted(evidence, 70)).toEqual([1]);
  });

  test("speak together of the moment at which the earlier of the last two was asked for", () => {
    const evidence = evidenceOf(...own);
    const agreed = [10, 20, 22, 90].map((at) => evidence.agree("complete", T0 + at * 1_000).agreedAt);
    expect(agreed).toEqual([10, 10, 10, 20].map((at) => T0 + at * 1_000));
  });

  test("are one when they were asked for in the same breath", () => {
    expect(counted(evidenceOf(...own), 10, 10.001, 10.002)).toEqual([1, 1, 1]);
  });

  test.each(["partial", "rate-limited", "unreachable"] as const)(
    "begin anew after one that was %s",
    (state) => {
      const evidence = evidenceOf(...own);
      expect(counted(evidence, 10, 20)).toEqual([1, 2]);
      expect(evidence.agree(state, T0 + 30_000).agreeing).toBe(0);
      expect(counted(evidence, 40)).toEqual([1]);
    },
  );

  test("begin anew when an alert was changed", () => {
    const alert = alertOf("base64", [first]);
    const evidence = evidenceOf(...own);
    evidence.addAlerts([alert], T0, all);
    expect(counted(evidence, 10, 20)).toEqual([1, 2]);
    evidence.addAlerts([{ ...alert, updatedAt: alert.updatedAt + 1 }], T0, all);
    expect(counted(evidence, 30)).toEqual([1]);
  });
});

test("the same answers leave the same evidence in every order and repetition", () => {
  const form = fc.record({ id: fc.constantFrom(200, 201, 202), arrived: fc.integer({ min: 0, max: 9 }) });
  const version = fc.record({ id: fc.constantFrom("a", "b"), updated: fc.integer({ min: 0, max: 9 }) });
  fc.assert(
    fc.property(fc.array(form), fc.array(version), fc.nat(), (forms, versions, seed) => {
      const events = forms.map(({ id, arrived }) => exec(["ls"], { sequence: id, ingestedAt: T0 + arrived }));
      // One change of an alert is one moment: what it held then is always the same.
      const alerts = versions.map(({ id, updated }) =>
        alertOf("base64", null, { id, updatedAt: T0 + updated, title: `${id} as of ${updated}` }),
      );
      const told = (order: readonly (HostEvent | Alert)[]): string => {
        const evidence = new Evidence(trialOf(), false, T0);
        for (const one of order) {
          if ("argv" in one) evidence.addEvents([one], span);
          else evidence.addAlerts([one], T0, all);
        }
        const sorted = evidence.alerts.toSorted((a, b) => (a.id < b.id ? -1 : 1));
        return JSON.stringify([evidence.events, sorted]);
      };
      const once = [...events, ...alerts];
      const [shuffled = []] = fc.sample(
        fc.shuffledSubarray([...once, ...once], { minLength: once.length * 2 }),
        {
          numRuns: 1,
          seed,
        },
      );
      expect(told(shuffled)).toBe(told(once));
    }),
  );
});
