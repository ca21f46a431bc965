import fc from "fast-check";
import { expect, test } from "vitest";
import type { Alert } from "../../src/model/alert.js";
import type { HostEvent } from "../../src/model/event.js";
import type { Observation } from "../../src/model/observation.js";
import type { Verdict } from "../../src/model/verdict.js";
import { refineExecution } from "../../src/verify/prevention.js";
import {
  alertOf,
  exec,
  executionOf,
  scheduledOf,
  sentinel,
  shippedOf,
  statusOf,
  T0,
  trialOf,
  twin,
  verdictOf,
} from "./builders.js";

/** What can happen on the host, between the sentinels (sequences 10_000 and 10_020) or beside them. */
const happening = fc.record({
  sequence: fc.integer({ min: 9_995, max: 10_025 }),
  argv: fc.constantFrom<string[]>(["bash", "-c", "true"], ["base64", "-d"], ["ls"]),
  session: fc.constantFrom("7", "7", "7", "8"),
  ppid: fc.constantFrom(1, 100, 3_000),
  arrived: fc.integer({ min: 0, max: 90_000 }),
});

const told = fc.record({
  rule: fc.constantFrom("base64", "another"),
  /** Numbers of the world's events that it stands for; null when it does not say. */
  sources: fc.option(fc.array(fc.nat(12), { maxLength: 3 })),
  whole: fc.boolean(),
  host: fc.constantFrom("h1", "h1", "h2", null),
  folded: fc.boolean(),
  tier: fc.constantFrom("signal" as const, "alert" as const),
  at: fc.integer({ min: -60_000, max: 200_000 }),
});

const world = fc.record({
  happenings: fc.uniqueArray(happening, {
    minLength: 1,
    maxLength: 12,
    selector: ({ sequence }) => sequence,
  }),
  edges: fc.constantFrom<string[]>(
    ["begin", "end"],
    ["begin", "end"],
    ["begin", "end"],
    ["begin"],
    ["end"],
    [],
  ),
  gapless: fc.constantFrom(true, true, false),
  told: fc.array(told, { maxLength: 3 }),
  state: fc.constantFrom("complete" as const, "complete" as const, "complete" as const, "partial" as const),
  agreeing: fc.constantFrom(1, 2, 2, 2, 2, 2),
  read: fc.boolean(),
  surroundings: fc.boolean(),
  lostAfter: fc.constantFrom(0, 0, 0, 0, 0, 4, null),
  matches: fc.constantFrom(0, 0, 2),
  answered: fc.constantFrom(0, 70_000, 150_000, 300_000),
  status: fc.constantFrom(
    "streaming",
    "scheduled",
    "late",
    "throttled",
    "stateful",
    "disabled",
    "absent",
    "unsaid",
  ),
  twin: fc.constantFrom(false, false, true),
  /** Whether nothing else used the session. */
  alone: fc.boolean(),
});
type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

function eventsOf({ happenings, edges, gapless }: World): HostEvent[] {
  const sorted = happenings.toSorted((a, b) => a.sequence - b.sequence);
  // The wrapper starts one program, and with the arguments that were planned.
  const root = sorted.find(({ sequence, ppid }) => sequence > 10_000 && sequence < 10_020 && ppid === 100);
  const events = sorted.map(({ arrived, argv, ppid, ...rest }) => {
    const over = { ...rest, ingestedAt: T0 + arrived };
    if (rest.sequence === root?.sequence)
      return exec(["bash", "-c", "true"], { ...over, ppid, session: "7" });
    const inside = root !== undefined && rest.sequence > root.sequence && rest.sequence < 10_020;
    return exec(argv, { ...over, ppid: ppid !== 1 && inside ? 1_000 + root.sequence : 3_001 });
  });
  if (edges.includes("begin")) events.push(sentinel("begin", "run-0001", { sequence: 10_000 }));
  if (edges.includes("end")) events.push(sentinel("end", "run-0001", { sequence: 10_020 }));
  const known = new Map(events.map((event) => [event.sequence, event]));
  const filling = Array.from({ length: 21 }, (_, index) => 10_000 + index).filter((at) => !known.has(at));
  if (gapless) events.push(...filling.map((sequence) => exec(["cron"], { sequence, session: "9" })));
  // Of two at one place the sentinel stands: one serial is one event.
  return [...new Map(events.map((event) => [event.sequence, event])).values()];
}

function alertsOf({ told: alerts }: World, events: readonly HostEvent[]): Alert[] {
  return alerts.map(({ rule, sources, whole, host, folded, tier, at }, index) =>
    alertOf(rule, sources === null ? null : sources.flatMap((number) => events[number] ?? []), {
      ...{ id: `alert-${index}`, host, tier, sourcesWhole: whole, foldedInto: folded ? "earlier" : null },
      ...{ createdAt: T0 + at, updatedAt: T0 + at, evaluatedAt: T0 + at },
    }),
  );
}

function observationOf(one: World, events: HostEvent[], alerts: Alert[]): Observation {
  const statuses = {
    streaming: [statusOf()],
    scheduled: [scheduledOf(120_000, [60_000, 120_000])],
    late: [scheduledOf(10_000, [200_000])],
    throttled: [statusOf({ throttles: [{ from: T0 - 1, until: T0 + 10_000, openedBy: "earlier" }] })],
    stateful: [statusOf({ stateful: true })],
    disabled: [statusOf({ enabled: false })],
    absent: [statusOf({ present: false })],
    unsaid: [],
  };
  return shippedOf(events, alerts, {
    ...{ state: one.state, stateDetail: "", agreeing: one.agreeing, surroundings: one.surroundings },
    ...(one.read ? { delivery: { type: "read" } as const } : {}),
    answeredAt: T0 + one.answered,
    sensor: { lostBefore: 0, lostAfter: one.lostAfter, running: true, detail: "" },
    background: { base64: { matches: one.matches, observedHours: 1, perDay: null } },
    rules: statuses[one.status as keyof typeof statuses],
  });
}

function judge(one: World, events: HostEvent[], alerts: Alert[]): Verdict {
  return verdictOf(observationOf(one, events, alerts), {
    trial: one.twin ? twin : {},
    execution: one.alone ? { alone: true } : {},
  });
}

/** What a reader of the world would say may be the act's: in its session, from its first process to the end. */
function perhapsOf({ edges }: World, events: readonly HostEvent[]): HostEvent[] {
  const inside = events.filter(
    ({ session, sequence }) => session === "7" && sequence > 10_000 && sequence < 10_020,
  );
  const first = firstOf(inside);
  return edges.includes("begin")
    ? inside
    : inside.filter(({ sequence }) => sequence >= (first?.sequence ?? 0));
}

/** What is surely the act's: all of it where nothing else used the session, else its first process and what that started. */
function ownOf(one: World, events: readonly HostEvent[]): HostEvent[] {
  const perhaps = perhapsOf(one, events);
  const first = firstOf(perhaps);
  return one.alone ? perhaps : perhaps.filter((event) => event === first || event.ppid === first?.pid);
}

function firstOf(events: readonly HostEvent[]): HostEvent | undefined {
  return events.find(({ ppid, argv }) => ppid === 100 && argv.length === 3);
}

/** Whether no number of the host is missing from where the act begins to be known. */
function isGapless({ edges }: World, events: readonly HostEvent[], own: readonly HostEvent[]): boolean {
  const from = edges.includes("begin") ? 10_000 : (own[0]?.sequence ?? 10_000);
  const there = events.filter(({ sequence }) => sequence >= from && sequence <= 10_020);
  return there.length === 10_020 - from + 1;
}

/** Everything twice, in an order that a seed tells. */
function shuffledTwice<T>(all: readonly T[], seed: number): T[] {
  const [shuffled = []] = fc.sample(fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }), {
    numRuns: 1,
    seed,
  });
  return shuffled;
}

test("the same observations give the same verdict in every order and repetition, whatever happened", () => {
  fc.assert(
    fc.property(world, fc.nat(), (one, seed) => {
      const events = eventsOf(one);
      const alerts = alertsOf(one, events);
      const again = judge(one, shuffledTwice(events, seed), shuffledTwice(alerts, seed + 1));
      expect(again).toEqual(judge(one, events, alerts));
    }),
    { numRuns: 2_000 },
  );
});

test("whatever happened, credit is given for the trial's own events alone, and nothing is concluded from a doubtful silence", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(world, (one) => {
      const events = eventsOf(one);
      const alerts = alertsOf(one, events);
      const { outcome, evidence, attribution } = judge(one, events, alerts);
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      const own = ownOf(one, events);
      const perhaps = perhapsOf(one, events);
      const isOwn = (id: string): boolean => own.some((event) => event.id === id);
      const mayBeOwn = (id: string): boolean => perhaps.some((event) => event.id === id);
      if (["detected", "suppressed", "false-alarm"].includes(outcome)) {
        const alert = alerts.find(({ id }) => id === evidence[0]);
        expect(alert?.rule).toBe("base64");
        if (outcome === "detected") expect(alert?.foldedInto).toBeNull();
        if (attribution === "exact") {
          expect(alert?.sourceEvents?.some(isOwn)).toBe(true);
          expect(evidence.slice(1).every(isOwn)).toBe(true);
        } else {
          expect([alert?.sourceEvents, alert?.host, one.matches, one.surroundings]).toEqual([
            null,
            "h1",
            0,
            true,
          ]);
          expect(
            own.some(({ argv, ingestedAt }) => argv[0] === "base64" && ingestedAt <= (alert?.createdAt ?? 0)),
          ).toBe(true);
        }
      }
      if (["logged", "blind", "other-alert", "quiet"].includes(outcome)) {
        expect(one.state).toBe("complete");
        const gapless = isGapless(one, events, perhaps);
        expect(one.lostAfter === 0 || (one.lostAfter === null && gapless)).toBe(true);
        if (!one.read) expect(one.agreeing).toBe(2);
        if (!one.read && outcome !== "blind") expect(gapless).toBe(true);
        expect(
          alerts.some(({ rule, sourceEvents }) => rule === "base64" && sourceEvents?.some(mayBeOwn) === true),
        ).toBe(false);
      }
      if (outcome === "quiet")
        expect(["streaming", "scheduled", "stateful", "late", "throttled"]).toContain(one.status);
      expect(
        one.twin
          ? ["quiet", "false-alarm", "pending", "undecided"]
          : ["detected", "suppressed", "other-alert", "logged", "blind", "pending", "undecided"],
      ).toContain(outcome);
    }),
    { numRuns: 6_000, seed: 20261124 },
  );
  // A property that nothing reaches proves nothing.
  const reached = "detected suppressed false-alarm logged other-alert quiet pending undecided".split(" ");
  for (const outcome of reached) expect([outcome, (seen.get(outcome) ?? 0) >= 5]).toEqual([outcome, true]);
});

test("what happened on another host, in another session or to another rule never changes a verdict that is proved", () => {
  fc.assert(
    fc.property(world, fc.array(happening, { maxLength: 5 }), (one, strangers) => {
      const events = eventsOf(one);
      const alerts = alertsOf(one, events);
      const before = judge(one, events, alerts);
      const elsewhere = strangers.map(({ argv, sequence, ppid }) =>
        exec(argv, { sequence, ppid, host: "h2", id: `h2/auditd/${sequence}` }),
      );
      const decoys = elsewhere.map((event, index) =>
        alertOf("base64", [event], { id: `decoy-${index}`, host: "h2" }),
      );
      const after = judge(one, [...events, ...elsewhere], [...alerts, ...decoys]);
      if (before.outcome === "undecided" || before.outcome === "pending")
        expect(["undecided", "pending"]).toContain(after.outcome);
      else if (before.outcome === "blind") expect(["blind", "undecided"]).toContain(after.outcome);
      else if (before.attribution === "exclusive")
        expect(["exclusive", "ambiguous"]).toContain(after.attribution);
      else expect([after.outcome, after.evidence]).toEqual([before.outcome, before.evidence]);
    }),
    { numRuns: 1_000 },
  );
});

test("whether an act was prevented does not depend on the order in which its records came either", () => {
  const controls = [{ id: "c", description: "", refuses: { errors: ["EACCES" as const], paths: ["/tmp/"] } }];
  const failed = (alone: boolean) =>
    executionOf({ status: "failed", reason: { code: "proof-not-met", message: "" }, alone });
  const refusal = fc.record({
    sequence: fc.integer({ min: 9_998, max: 10_022 }),
    path: fc.constantFrom("/tmp/x", "/opt/x"),
    session: fc.constantFrom("7", "8"),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(refusal, { selector: ({ sequence }) => sequence }),
      fc.nat(),
      fc.boolean(),
      (refusals, seed, alone) => {
        const refused = refusals
          .filter(({ sequence }) => sequence !== 10_000 && sequence !== 10_020)
          .map(({ path, ...rest }) =>
            exec([], {
              ...rest,
              ppid: 3_000,
              kind: "exec-refused",
              error: "EACCES",
              fields: { TargetFilename: path },
            }),
          );
        const edges = [
          sentinel("begin", "run-0001", { sequence: 10_000 }),
          sentinel("end", "run-0001", { sequence: 10_020 }),
        ];
        const events = [...edges, ...refused];
        const host = edges[0]?.host ?? "";
        const otherRecords = Array.from({ length: 19 }, (_, at) => ({
          ...{ host, sensor: "auditd" as const },
          sequence: 10_001 + at,
        }));
        const refine = (order: HostEvent[]) =>
          refineExecution(trialOf({ controls }), failed(alone), shippedOf(order, [], { otherRecords }));
        const result = refine(events);
        expect(refine(shuffledTwice(events, seed))).toEqual(result);
        const own = refused.some(
          ({ session, sequence, fields }) =>
            session === "7" &&
            sequence > 10_000 &&
            sequence < 10_020 &&
            fields["TargetFilename"] === "/tmp/x",
        );
        // Nobody is seen to have started what was refused: it may be another's.
        expect(result.status).toBe(own && alone ? "prevented" : "failed");
      },
    ),
  );
});
