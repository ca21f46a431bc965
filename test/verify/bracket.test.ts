import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bracketOf } from "../../src/verify/bracket.js";
import type { Bracket } from "../../src/verify/bracket-model.js";
import { circumstancesOf } from "../../src/verify/witness.js";
import type { HostEvent } from "../../src/model/event.js";
import { exec, executionOf, observationOf, sentinel, trialOf } from "./builders.js";

const trial = "run-0001";
const alone = { housekeeping: null, alone: true };

/** The act's first process with exactly the arguments that the plan of `trialOf` gives it. */
function planned(over: Partial<HostEvent> = {}): HostEvent {
  return exec(["bash", "-c", "true"], over);
}

function actOf(bracket: Bracket): string[] {
  if (!("act" in bracket)) throw new Error(`the act cannot be told: ${bracket.state}`);
  return bracket.act.map(({ id }) => id);
}

function idsOf(...events: HostEvent[]): string[] {
  return events.map(({ id }) => id);
}

describe("the bracket of a trial", () => {
  test("holds what happened in the same session between the sentinels, and nothing else", () => {
    const before = exec(["bash", "-c", "requirement"]);
    const begin = sentinel("begin", trial);
    const root = exec(["bash", "-c", "x"]);
    const child = exec(["base64", "-d"], { ppid: root.pid });
    const otherSession = exec(["base64"], { session: "8" });
    const daemon = exec(["setsid", "thing"], { ppid: 1 });
    const end = sentinel("end", trial);
    const cleanup = exec(["rm", "-rf", "/tmp/tmp.AAAAAAAAAA"]);
    const events = [before, begin, root, child, otherSession, daemon, end, cleanup];
    const bracket = bracketOf(trialOf(), events, alone);
    expect(bracket).toMatchObject({ state: "closed", unseen: 0 });
    expect(actOf(bracket)).toEqual(idsOf(root, child, daemon));
  });

  test("where others may have used the session holds what the act is seen to have started, and leaves the rest unplaced", () => {
    const begin = sentinel("begin", trial);
    const root = planned();
    const child = exec(["base64", "-d"], { ppid: root.pid });
    const daemon = exec(["setsid", "thing"], { ppid: 1 });
    const below = exec(["base64"], { ppid: daemon.pid });
    const bracket = bracketOf(trialOf(), [begin, root, child, daemon, below, sentinel("end", trial)]);
    expect(actOf(bracket)).toEqual(idsOf(root, child));
    expect(bracket).toMatchObject({ state: "closed", unplaced: [daemon, below] });
  });

  test("leaves out what the wrapper itself starts after the act's first process", () => {
    const begin = sentinel("begin", trial);
    const root = exec(["bash", "-c", "x"]);
    const rootAgain = exec(["sleep", "1"], { pid: root.pid, ppid: 100 });
    const housekeeping = exec(["/bin/sleep", "0.05"]);
    const looking = exec(["grep", "-ls", "TYRIAN", "/proc/12/limits"], { ppid: 555 });
    const bracket = bracketOf(trialOf(), [
      begin,
      root,
      rootAgain,
      housekeeping,
      looking,
      sentinel("end", trial),
    ]);
    expect(actOf(bracket)).toEqual(idsOf(root, rootAgain));
  });

  test("keeps what looks like housekeeping when the act's own processes did it", () => {
    const begin = sentinel("begin", trial);
    const root = planned();
    const nap = exec(["/bin/sleep", "0.05"], { ppid: root.pid });
    const search = exec(["grep", "-ls", "password", "/etc/hosts"], { ppid: root.pid });
    const bracket = bracketOf(trialOf(), [begin, root, nap, search, sentinel("end", trial)]);
    expect(actOf(bracket)).toEqual(idsOf(root, nap, search));
  });

  test("has the wrapper's first child as its root also when that was refused and has no arguments", () => {
    const begin = sentinel("begin", trial);
    const refused = exec([], { kind: "exec-refused", error: "EACCES" });
    const bracket = bracketOf(trialOf(), [begin, refused, sentinel("end", trial)]);
    expect(actOf(bracket)).toEqual(idsOf(refused));
  });

  test("does not take a mention of a sentinel for one", () => {
    const begin = sentinel("begin", trial);
    const mention = exec(["bash", "-c", `/bin/true tyrian-sentinel end ${trial}`]);
    expect(bracketOf(trialOf(), [begin, mention])).toMatchObject({ state: "open" });
  });

  test("counts the numbers that are missing, whatever session the others belong to", () => {
    const begin = sentinel("begin", trial, { sequence: 5_000 });
    const end = sentinel("end", trial, { sequence: 5_006 });
    const root = planned({ sequence: 5_001 });
    const foreign = exec(["ls"], { sequence: 5_003, session: "8" });
    expect(bracketOf(trialOf(), [begin, root, foreign, end])).toMatchObject({ state: "closed", unseen: 3 });
    const elsewhere = [5_002, 5_004, 5_005].map((sequence) => exec(["ls"], { sequence, session: "9" }));
    expect(bracketOf(trialOf(), [begin, root, foreign, ...elsewhere, end])).toMatchObject({ unseen: 0 });
  });

  test("lets no record of another sensor or another host fill a gap, or earn credit", () => {
    const begin = sentinel("begin", trial, { sequence: 6_000 });
    const end = sentinel("end", trial, { sequence: 6_004 });
    const root = planned({ sequence: 6_001 });
    const otherSensor = exec(["base64"], { sequence: 6_002, sensor: "strace", id: "h1/strace/6002" });
    const otherHost = exec(["base64"], { sequence: 6_003, host: "h2", id: "h2/auditd/6003" });
    const bracket = bracketOf(trialOf(), [begin, root, otherSensor, otherHost, end]);
    expect(bracket).toMatchObject({ state: "closed", unseen: 2 });
    expect(actOf(bracket)).toEqual(idsOf(root));
  });
});

describe("a bracket that lost a sentinel", () => {
  test("says which, and is untold when the act's first process is not there either", () => {
    const begin = sentinel("begin", trial);
    const foreign = [sentinel("begin", "run-0002"), sentinel("end", "run-0002")];
    expect(bracketOf(trialOf(), [])).toMatchObject({ state: "missing" });
    expect(bracketOf(trialOf(), foreign)).toMatchObject({ state: "missing" });
    expect(bracketOf(trialOf(), [begin])).toMatchObject({
      state: "open",
      detail: expect.stringContaining("no end"),
    });
    expect(bracketOf(trialOf(), [sentinel("end", trial), exec(["bash"])])).toMatchObject({
      state: "open",
      detail: expect.stringContaining("no begin"),
    });
  });

  test("the end: holds the first process and what descends from it, and leaves open what is missing", () => {
    const begin = sentinel("begin", trial);
    const root = planned();
    const child = exec(["base64"], { ppid: root.pid });
    const grandchild = exec(["sh"], { ppid: child.pid });
    const executedAgain = exec(["tr"], { pid: child.pid, ppid: root.pid });
    const orphan = exec(["setsid", "thing"], { ppid: 1 });
    const stranger = exec(["base64"], { session: "8", ppid: root.pid });
    const bracket = bracketOf(trialOf(), [begin, root, child, grandchild, executedAgain, orphan, stranger]);
    expect(bracket).toMatchObject({ state: "half", unseen: null });
    expect(actOf(bracket)).toEqual(idsOf(root, child, grandchild, executedAgain));
  });

  test("the end: holds nothing that began with the next trial of the connection, though a number of a process came again", () => {
    const begin = sentinel("begin", trial);
    const root = planned();
    const child = exec(["base64"], { ppid: root.pid });
    const next = sentinel("begin", "run-0002", { ppid: 200 });
    const again = exec(["base64"], { pid: child.pid, ppid: 200 });
    const below = exec(["base64"], { ppid: child.pid });
    const bracket = bracketOf(trialOf(), [begin, root, child, next, again, below]);
    expect(actOf(bracket)).toEqual(idsOf(root, child));
  });

  test("the begin: reaches from the first process to the end, and its numbers can be counted", () => {
    const root = planned({ sequence: 7_001 });
    const daemon = exec(["setsid", "thing"], { ppid: 1, sequence: 7_002 });
    const end = sentinel("end", trial, { sequence: 7_003 });
    const requirement = exec(["bash", "-c", "requirement"], { sequence: 6_999 });
    const bracket = bracketOf(trialOf(), [requirement, root, daemon, end], alone);
    expect(bracket).toMatchObject({ state: "half", begin: null, unseen: 0 });
    expect(actOf(bracket)).toEqual(idsOf(root, daemon));
    expect(bracketOf(trialOf(), [root, end])).toMatchObject({ state: "half", unseen: 1 });
  });

  test("the begin: is untold when two processes have the arguments that were planned", () => {
    expect(bracketOf(trialOf(), [planned(), planned(), sentinel("end", trial)])).toMatchObject({
      state: "open",
    });
  });

  test("takes no requirement that ran the same program for the act, while the act itself may be under way", () => {
    const requires = [{ check: "bash -c true", description: "" }];
    const requirement = planned({ sequence: 7_101 });
    const end = sentinel("end", trial, { sequence: 7_104 });
    // The begin sentinel is 7102 and the act 7103.
    const bracket = bracketOf(trialOf({ requires }), [requirement, end]);
    expect("act" in bracket ? bracket.act : []).toEqual([]);
    const act = planned({ sequence: 7_103 });
    expect(actOf(bracketOf(trialOf({ requires }), [act, end]))).toEqual(idsOf(act));
  });

  test("takes no process with the planned arguments of another wrapper or another session for the act's", () => {
    const begin = sentinel("begin", trial);
    const others = [planned({ ppid: 555 }), planned({ session: "8" })];
    expect(bracketOf(trialOf(), [begin, ...others])).toMatchObject({ state: "open" });
  });
});

describe("overlap", () => {
  const begin = sentinel("begin", trial);
  const root = planned();

  test.each<[string, () => HostEvent[]]>([
    ["another trial began inside", () => [begin, sentinel("begin", "run-0002"), sentinel("end", trial)]],
    ["another trial ended inside", () => [begin, sentinel("end", "run-0002"), sentinel("end", trial)]],
    ["a sentinel came twice", () => [begin, sentinel("begin", trial), sentinel("end", trial)]],
    ["the sentinels are of two sessions", () => [begin, sentinel("end", trial, { session: "8" })]],
    ["the sentinels are of two wrappers", () => [begin, sentinel("end", trial, { ppid: 101 })]],
    [
      "the end comes before the begin",
      () => {
        const end = sentinel("end", trial);
        return [end, sentinel("begin", trial)];
      },
    ],
    [
      "there is no session",
      () => [sentinel("begin", trial, { session: null }), sentinel("end", trial, { session: null })],
    ],
    [
      "another trial ended after the first process of one whose begin was lost",
      () => [planned(), sentinel("end", "run-0002"), sentinel("end", trial)],
    ],
  ])("leaves the act untold when %s", (_name, events) => {
    expect(bracketOf(trialOf(), events())).toMatchObject({ state: "overlap" });
  });

  test("is seen from inside too: a trial of the session that began before and had not ended", () => {
    const around = sentinel("begin", "run-0002", { ppid: 200, sequence: begin.sequence - 0.5 });
    const theirRoot = exec(["bash", "-c", "x"], { ppid: 200, pid: 201, sequence: begin.sequence - 0.25 });
    const theirs = exec(["base64"], { ppid: 201 });
    const events = [
      around,
      theirRoot,
      begin,
      root,
      theirs,
      sentinel("end", trial),
      sentinel("end", "run-0002"),
    ];
    expect(bracketOf(trialOf(), events)).toMatchObject({ state: "overlap" });
  });

  test("is none when the trials of a session follow one another", () => {
    const connection = sentinel("begin", "session", { ppid: 89 });
    // Its end was lost on the way.
    const endless = [sentinel("begin", "run-0008", { ppid: 88 }), exec(["ls"], { ppid: 88 })];
    const first = [sentinel("begin", "run-0009", { ppid: 90 }), sentinel("end", "run-0009", { ppid: 90 })];
    const own = [sentinel("begin", trial), planned(), sentinel("end", trial)];
    const last = [sentinel("begin", "run-0010", { ppid: 91 }), sentinel("end", "run-0010", { ppid: 91 })];
    expect(bracketOf(trialOf(), [connection, ...endless, ...first, ...own, ...last])).toMatchObject({
      state: "closed",
    });
  });
});

/** One thing that happened on the host, as numbers that a property test can shrink. */
const happening = fc.record({
  argv: fc.constantFrom<string[]>(["bash", "-c", "true"], ["base64", "-d"], ["/bin/sleep", "0.05"]),
  session: fc.constantFrom("7", "8", null),
  ppid: fc.constantFrom(1, 100, 3_000, 3_001),
  pid: fc.constantFrom(3_000, 3_001, 3_002),
  edge: fc.option(fc.constantFrom("begin" as const, "end" as const), { freq: 3 }),
  trial: fc.constantFrom(trial, "run-0002"),
});

test("the bracket is the same in whatever order, and however often, any events of a host arrive", () => {
  fc.assert(
    fc.property(fc.array(happening, { minLength: 1, maxLength: 9 }), fc.nat(), (happenings, seed) => {
      const events = happenings.map(({ argv, edge, trial: whose, ...rest }, index) =>
        edge === null
          ? exec(argv, { ...rest, sequence: 8_000 + index })
          : sentinel(edge, whose, { session: rest.session, sequence: 8_000 + index }),
      );
      const wanted = JSON.stringify(bracketOf(trialOf(), events));
      const [shuffled] = fc.sample(
        fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
        {
          numRuns: 1,
          seed,
        },
      );
      expect(JSON.stringify(bracketOf(trialOf(), shuffled ?? []))).toBe(wanted);
    }),
    { numRuns: 300 },
  );
});

describe("what the wrapper said of its own programs", () => {
  const numbered = (sequence: number) => ({ sequence });
  const begin = sentinel("begin", "run-0001", numbered(10));
  const root = exec(["bash", "-c", "true"], numbered(11));
  const child = exec(["id"], { ...numbered(12), ppid: root.pid });
  const wait = exec(["/bin/sleep", "0.05"], numbered(13));
  const end = sentinel("end", "run-0001", numbered(14));
  const next = sentinel("begin", "run-0002", { ...numbered(15), ppid: 77 });

  test("accounts for its own records that were lost, and for no others", () => {
    const unseen = (events: HostEvent[], housekeeping: number | null): number | null => {
      const bracket = bracketOf(trialOf(), events, { housekeeping, alone: false });
      return "act" in bracket ? bracket.unseen : null;
    };
    expect(unseen([begin, root, child, end], null)).toBe(1);
    expect(unseen([begin, root, child, end], 1)).toBe(0);
    // Its own record is here: what is missing is another.
    expect(unseen([begin, root, wait, end], 1)).toBe(1);
    expect(unseen([begin, root, end], 1)).toBe(1);
    // It need not have counted all that it executed.
    expect(unseen([begin, root, child, wait, end], 0)).toBe(0);
  });

  test("proves that the end sentinel was executed: the only number that is missing before the next trial is its own", () => {
    const without = [begin, root, child, wait, next];
    expect(bracketOf(trialOf(), without, { housekeeping: 1, alone: false })).toMatchObject({
      ...{ state: "half", end: null, unseen: 0 },
      act: [{ id: root.id }, { id: child.id }],
    });
    expect(bracketOf(trialOf(), without, { housekeeping: null, alone: false })).toMatchObject({
      state: "half",
      unseen: null,
    });
  });

  test("tells nothing of an end that may be any of several numbers, or that nothing follows", () => {
    expect(bracketOf(trialOf(), [begin, root, wait, next], { housekeeping: 1, alone: false })).toMatchObject({
      state: "half",
      unseen: null,
    });
    expect(bracketOf(trialOf(), [begin, root, child, wait], { housekeeping: 1, alone: false })).toMatchObject(
      {
        state: "half",
        unseen: null,
      },
    );
  });

  test("does not make the cleanup's records the act's", () => {
    const cleanup = exec(["rm", "-rf", "--", "/tmp/x"], { ...numbered(15), ppid: 78 });
    const later = { ...next, sequence: 16 };
    expect(
      bracketOf(trialOf(), [begin, root, child, wait, cleanup, later], { housekeeping: 1, alone: false }),
    ).toMatchObject({
      act: [{ id: root.id }, { id: child.id }],
    });
  });

  test("counts only where nothing can have been lost before it was numbered", () => {
    const execution = executionOf({ housekeeping: 1 });
    const lost = (lostBefore: number | null, lostAfter: number | null): number | null =>
      circumstancesOf(
        execution,
        observationOf([], [], { sensor: { lostBefore, lostAfter, running: true, detail: "" } }),
      ).housekeeping;
    expect([lost(3, 3), lost(3, 4), lost(null, 3), lost(null, null)]).toEqual([1, null, null, null]);
    const silent = observationOf([], [], {
      sensor: { lostBefore: 0, lostAfter: 0, running: true, detail: "" },
    });
    expect(circumstancesOf(executionOf(), silent).housekeeping).toBeNull();
  });
});
