import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attributeAlerts } from "../../src/verify/attribution.js";
import { bracketOf } from "../../src/verify/bracket.js";
import { alertOf, base64Rule, exec, sentinel, T0, trialOf } from "./builders.js";

const trial = "run-0001";

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
    const bracket = bracketOf(trialOf(), [before, begin, root, child, otherSession, daemon, end, cleanup]);
    expect(bracket.state === "closed" && bracket.act.map((event) => event.id)).toEqual([
      root.id,
      child.id,
      daemon.id,
    ]);
  });

  test("leaves out what the wrapper itself starts after the act's first process", () => {
    const begin = sentinel("begin", trial);
    const root = exec(["bash", "-c", "x"]);
    const rootAgain = exec(["sleep", "1"], { pid: root.pid, ppid: 100 });
    const housekeeping = exec(["/bin/sleep", "0.05"]);
    const end = sentinel("end", trial);
    const bracket = bracketOf(trialOf(), [begin, root, rootAgain, housekeeping, end]);
    expect(bracket.state === "closed" && bracket.act.map((event) => event.id)).toEqual([
      root.id,
      rootAgain.id,
    ]);
  });

  test("says which sentinel is missing", () => {
    const begin = sentinel("begin", trial);
    expect(bracketOf(trialOf(), [])).toMatchObject({ state: "missing" });
    expect(bracketOf(trialOf(), [begin])).toMatchObject({
      state: "open",
      detail: expect.stringContaining("no end"),
    });
    expect(bracketOf(trialOf(), [sentinel("end", trial)])).toMatchObject({ state: "open" });
    expect(bracketOf(trialOf(), [sentinel("begin", "run-0002"), sentinel("end", "run-0002")])).toMatchObject({
      state: "missing",
    });
  });

  test("is no bracket when another trial acted in the same session, when it is doubled, or when sessions differ", () => {
    const begin = sentinel("begin", trial);
    const foreign = sentinel("begin", "run-0002");
    const end = sentinel("end", trial);
    expect(bracketOf(trialOf(), [begin, foreign, end])).toMatchObject({ state: "overlap" });
    expect(bracketOf(trialOf(), [begin, sentinel("begin", trial), sentinel("end", trial)])).toMatchObject({
      state: "overlap",
    });
    expect(bracketOf(trialOf(), [begin, sentinel("end", trial, { session: "8" })])).toMatchObject({
      state: "overlap",
    });
    expect(
      bracketOf(trialOf(), [
        sentinel("begin", trial, { session: null }),
        sentinel("end", trial, { session: null }),
      ]),
    ).toMatchObject({
      state: "overlap",
    });
  });

  test("does not take a mention of a sentinel for one", () => {
    const begin = sentinel("begin", trial);
    const mention = exec(["bash", "-c", `/bin/true tyrian-sentinel end ${trial}`]);
    expect(bracketOf(trialOf(), [begin, mention])).toMatchObject({ state: "open" });
  });

  test("is the same in whatever order, and however often, the events arrive", () => {
    const begin = sentinel("begin", trial);
    const events = [
      begin,
      exec(["bash"]),
      exec(["base64"], { ppid: 1 }),
      exec(["ls"], { session: "9" }),
      sentinel("end", trial),
    ];
    const wanted = JSON.stringify(bracketOf(trialOf(), events));
    fc.assert(
      fc.property(fc.shuffledSubarray([...events, ...events], { minLength: 10 }), (shuffled) => {
        expect(JSON.stringify(bracketOf(trialOf(), shuffled))).toBe(wanted);
      }),
    );
  });
});

describe("alerts of a rule", () => {
  const own = exec(["base64", "-d"]);
  const other = exec(["base64", "-d"], { session: "8" });
  const question = {
    rule: base64Rule,
    act: [own],
    competitors: [own],
    couldCause: () => true,
    host: "h1",
    backgroundMatches: 0,
    tier: undefined,
  };

  test("are exact when their source events are the trial's own", () => {
    expect(attributeAlerts({ ...question, alerts: [alertOf("base64", [own])] })?.grade).toBe("exact");
  });

  test("give no credit for others' events: another trial, host or run", () => {
    expect(attributeAlerts({ ...question, alerts: [alertOf("base64", [other])] })).toBeNull();
    expect(attributeAlerts({ ...question, alerts: [alertOf("another", [own])] })).toBeNull();
    expect(attributeAlerts({ ...question, alerts: [alertOf("base64", [])] })).toBeNull();
  });

  test("that stand for many events are exact when our own satisfy the rule alone, and ambiguous when they do not", () => {
    const harmless = exec(["ls"]);
    const grouped = alertOf("base64", [other, own], { createdAt: T0 - 60_000 });
    expect(attributeAlerts({ ...question, alerts: [grouped] })?.grade).toBe("exact");
    const stretched = alertOf("base64", [other, harmless]);
    expect(attributeAlerts({ ...question, act: [harmless], alerts: [stretched] })?.grade).toBe("ambiguous");
  });

  test("without source events are exclusive only when nothing else can have caused them", () => {
    const unresolved = alertOf("base64", null);
    expect(attributeAlerts({ ...question, alerts: [unresolved] })?.grade).toBe("exclusive");
    expect(attributeAlerts({ ...question, alerts: [unresolved], backgroundMatches: 1 })?.grade).toBe(
      "ambiguous",
    );
    expect(attributeAlerts({ ...question, alerts: [unresolved], backgroundMatches: null })?.grade).toBe(
      "ambiguous",
    );
    expect(attributeAlerts({ ...question, alerts: [unresolved], competitors: [own, other] })?.grade).toBe(
      "ambiguous",
    );
    expect(attributeAlerts({ ...question, alerts: [alertOf("base64", null, { host: "h2" })] })).toBeNull();
    expect(
      attributeAlerts({ ...question, alerts: [alertOf("base64", null, { updatedAt: T0 - 1 })] }),
    ).toBeNull();
  });

  test("prefer the best grade, then an alert that stands alone to one that was folded", () => {
    const folded = alertOf("base64", [own], { foldedInto: "earlier" });
    const standing = alertOf("base64", [own]);
    expect(
      attributeAlerts({ ...question, alerts: [folded, alertOf("base64", null), standing] })?.alert.id,
    ).toBe(standing.id);
  });
});
