import { describe, expect, test } from "vitest";
import type { Alert } from "../../src/model/alert.js";
import type { HostEvent } from "../../src/model/event.js";
import type { Observation } from "../../src/model/observation.js";
import { defaultPatience } from "../../src/verify/observe.js";
import { SentinelLag } from "../../src/verify/sentinel-lag.js";
import { alertOf, begin, end, exec, root, said, scheduledOf, shipped, T0, verdictOf } from "./builders.js";
import { observed, ScriptedSiem, type Visible } from "./scripted-siem.js";

/** The act lasted from T0 to T0 + 1 s; what is shipped comes within a minute, and an alert five seconds later. */
const DEADLINE = 61_000;
const matching = exec(["bash", "-c", "base64"], { sequence: root.sequence });

function arriving(since: number, ...events: HostEvent[]): Visible<HostEvent>[] {
  return events.map((event) => ({ since, what: { ...event, ingestedAt: T0 + since } }));
}

function written(since: number, alert: Alert): Visible<Alert> {
  return { since, what: { ...alert, createdAt: T0 + since, updatedAt: T0 + since } };
}

function siemOf(over: Partial<ScriptedSiem> = {}): ScriptedSiem {
  return Object.assign(new ScriptedSiem(), over);
}

function judged(observation: Observation): [string, string | null] {
  return said(verdictOf(observation));
}

describe("a SIEM that reads the sensor's log", () => {
  const read = { delivery: { type: "read" } } as const;

  test("is asked for the sentinels alone until the end has come, and then once for everything", async () => {
    const siem = siemOf({ ...read, telemetry: arriving(1_500, begin, matching, end) });
    siem.alertBook = [written(1_500, alertOf("base64", [matching]))];
    const observation = await observed(siem);
    expect(judged(observation)).toEqual(["detected", null]);
    expect(observation.answeredAt).toBeLessThan(T0 + 1_500 + 60);
    for (const question of ["alerts", "events", "ruleStatuses", "sensor"] as const)
      expect(siem.askedAt(question).filter((at) => at < 1_500)).toEqual([]);
    expect(siem.askedAt("alerts")).toHaveLength(1);
    expect(siem.askedAt("canaries").length).toBeGreaterThan(3);
  });

  test("is asked at once when it tells that something came", async () => {
    const siem = siemOf({ ...read, telemetry: arriving(4_000, begin, root, end), news: [4_000] });
    await observed(siem);
    expect(siem.askedAt("alerts")).toEqual([4_000]);
  });

  test("keeps the alert of an event that its very answer shows for the first time, of other rules too", async () => {
    const siem = siemOf({ ...read, telemetry: arriving(0, begin, root, end) });
    siem.alertBook = [written(100, alertOf("another", [root]))];
    expect(judged(await observed(siem))[0]).toBe("other-alert");
  });

  test("has until its deadline to show the end sentinel, and no longer", async () => {
    const siem = siemOf({ ...read, telemetry: arriving(0, begin, root) });
    const observation = await observed(siem);
    expect(judged(observation)[0]).toBe("undecided");
    expect(observation.answeredAt).toBeGreaterThanOrEqual(T0 + 1_000 + defaultPatience.settleMs);
    expect(siem.at).toBeLessThan(1_000 + defaultPatience.settleMs + 100);
  });

  test("is asked again while its answer is partial", async () => {
    const siem = siemOf({ ...read, telemetry: arriving(0, begin, root, end) });
    siem.mood = (question, at) => (question === "events" && at < 3_000 ? "partial" : "complete");
    expect(judged(await observed(siem))).toEqual(["logged", "clause"]);
    expect(siem.at).toBeGreaterThanOrEqual(3_000);
  });
});

describe("a SIEM to which records travel", () => {
  test("is asked for little while nothing has come, and nothing is concluded before the deadline", async () => {
    const siem = siemOf();
    const observation = await observed(siem);
    expect(judged(observation)).toEqual(["blind", "ingest"]);
    expect(observation.answeredAt).toBeGreaterThanOrEqual(T0 + DEADLINE);
    expect(siem.at).toBeLessThan(DEADLINE + 2 * defaultPatience.longestPauseMs + 1_000);
    for (const question of ["events", "alerts", "ruleStatuses", "background"] as const)
      expect(siem.askedAt(question).filter((at) => at < DEADLINE)).toEqual([]);
  });

  test.each([1_200, 3_000, 20_000, 45_000])(
    "shows a detection soon after the alert became visible, %i ms",
    async (at) => {
      const siem = siemOf({ telemetry: arriving(1_100, begin, matching, end) });
      siem.status = () => scheduledOf(120_000, []);
      siem.alertBook = [written(at, alertOf("base64", [matching]))];
      const observation = await observed(siem);
      expect(judged(observation)).toEqual(["detected", null]);
      expect(siem.at).toBeLessThanOrEqual(Math.max(at * 1.15, at + 1_100));
    },
  );

  test("proves a miss as soon as the alert can no longer come, long before records are taken for lost", async () => {
    const siem = siemOf({ telemetry: arriving(3_000, begin, root, end) });
    const observation = await observed(siem);
    expect(judged(observation)).toEqual(["logged", "clause"]);
    expect(observation.answeredAt).toBeGreaterThanOrEqual(T0 + 8_000);
    expect(siem.at).toBeLessThan(30_000);
  });

  test("waits for the record that is missing until it is taken for lost", async () => {
    const late = siemOf({ telemetry: [...arriving(2_000, begin, end), ...arriving(50_000, matching)] });
    late.alertBook = [written(53_000, alertOf("base64", [matching]))];
    expect(judged(await observed(late))[0]).toBe("detected");
    const never = siemOf({ telemetry: arriving(2_000, begin, end) });
    const observation = await observed(never);
    expect(judged(observation)).toEqual(["undecided", "ingest"]);
    expect(observation.answeredAt).toBeGreaterThanOrEqual(T0 + DEADLINE);
  });

  test("is asked less and less often, and seldom at all", async () => {
    const siem = siemOf({ telemetry: arriving(2_000, begin, end) });
    await observed(siem);
    siem.waits.forEach((wait, index) => {
      expect(wait).toBeLessThanOrEqual(defaultPatience.longestPauseMs);
      if (index > 0 && index < siem.waits.length - 1)
        expect(wait).toBeLessThanOrEqual(Math.max(1_100, 0.2 * (siem.asked.at(-1)?.at ?? 0)));
    });
    expect(siem.asked.length).toBeLessThan(300);
  });

  test("is not believed about absence by an answer of before the alert could be seen", async () => {
    const siem = siemOf({ telemetry: arriving(2_000, begin, matching, end) });
    siem.alertBook = [written(20_000, alertOf("base64", [matching]))];
    siem.status = () => scheduledOf(120_000, [14_000]);
    // From the third second on, each answer about the rule waits for its turn.
    siem.takes = (question) => (question === "ruleStatuses" && siem.at > 3_000 ? 40_000 : 0);
    expect(judged(await observed(siem))).toEqual(["detected", null]);
  });

  test("gets no credit for an alert whose rival came between the answers about events and about alerts", async () => {
    const siem = siemOf({ telemetry: arriving(1_100, begin, matching, end) });
    const early = alertOf("base64", null, { id: "early", host: null });
    const rival = exec(["base64"], { session: "8", sequence: 900 });
    siem.alertBook = [written(1_100, early), written(10_003, alertOf("base64", null, { id: "rivals" }))];
    siem.telemetry = [...siem.telemetry, ...arriving(10_002, rival)];
    siem.takes = (question) =>
      question === "alerts" && siem.at > 9_000 && siem.at < 10_002 ? 10_010 - siem.at : 0;
    // The first alert is closed and hidden before the second is written, so that it alone decides nothing.
    siem.alertBook = siem.alertBook.filter(({ what }) => what.id !== "early" || siem.at < 5_000);
    expect(judged(await observed(siem))[0]).not.toBe("detected");
  });

  test.each([20_000, 40_000])("is asked twice however slow it is, %i ms an answer", async (takes) => {
    const siem = siemOf({ telemetry: arriving(1_100, begin, root, end), takes: () => takes });
    expect(judged(await observed(siem))).toEqual(["logged", "clause"]);
    const silent = siemOf({ takes: () => takes });
    expect(judged(await observed(silent))).toEqual(["blind", "ingest"]);
  });

  test("is not taken to be blind when it knows the sentinels and shows no events", async () => {
    const siem = siemOf({ telemetry: arriving(2_000, begin, root, end) });
    siem.events = () => Promise.resolve({ state: "complete", detail: "", value: [] });
    expect(judged(await observed(siem))[0]).toBe("undecided");
  });

  test("decides in spite of an alert of long before and of a host that never rests", async () => {
    const busy = Array.from({ length: 900 }, (_, index) =>
      arriving(1_100 + index * 200, exec(["ls"], { session: "8", sequence: 2_000 + index })),
    );
    const siem = siemOf({ telemetry: [...arriving(1_100, begin, root, end), ...busy.flat()] });
    siem.alertBook = [written(-30_000, alertOf("base64", null))];
    expect(judged(await observed(siem))).toEqual(["logged", "clause"]);
  });
});

describe("an answer that is not whole", () => {
  test("keeps a miss from being concluded for as long as it lasts", async () => {
    for (const mood of ["partial", "rate-limited", "unreachable"] as const) {
      const siem = siemOf({ telemetry: arriving(1_100, begin, root, end) });
      siem.mood = (question, at) => (question === "alerts" && at < 40_000 ? mood : "complete");
      const observation = await observed(siem);
      expect(judged(observation)).toEqual(["logged", "clause"]);
      expect(observation.answeredAt).toBeGreaterThanOrEqual(T0 + 40_000);
    }
  });

  test("ends in undecided when it lasts for ever, after a bounded time and few questions", async () => {
    for (const mood of ["partial", "rate-limited", "unreachable"] as const) {
      const siem = siemOf({ telemetry: arriving(1_100, begin, root, end), mood: () => mood });
      expect(judged(await observed(siem))).toEqual(["undecided", "siem"]);
      expect(siem.at).toBeLessThan(
        DEADLINE + defaultPatience.scheduledMs + 5 * defaultPatience.longestPauseMs,
      );
      expect(siem.asked.length).toBeLessThan(300);
    }
  });

  test("does not cost a detection that is proved", async () => {
    const siem = siemOf({ telemetry: arriving(1_100, begin, matching, end) });
    siem.alertBook = [written(2_000, alertOf("base64", [matching]))];
    siem.mood = (question) =>
      question === "ruleStatuses" || question === "background" ? "unreachable" : "complete";
    expect(judged(await observed(siem))[0]).toBe("detected");
  });

  test("about the clock spoils nothing that is asked later", async () => {
    const old = exec(["ls"], { time: T0 - 5_000_000, sequence: 1, session: "8" });
    const siem = siemOf({ telemetry: [{ what: { ...old, ingestedAt: T0 - 5_000_000 }, since: -5_000_000 }] });
    siem.mood = (question, at) =>
      question === "clock" && at < DEADLINE + 5_000 ? "unreachable" : "complete";
    expect(judged(await observed(siem))).toEqual(["blind", "ingest"]);
  });

  test("about the rule does not end the wait for an evaluation that is due", async () => {
    const siem = siemOf({ telemetry: arriving(1_100, begin, matching, end) });
    siem.status = (at) => scheduledOf(600_000, at < 301_000 ? [] : [300_000], { intervalMs: 300_000 });
    siem.alertBook = [written(303_000, alertOf("base64", [matching]))];
    siem.mood = (question, at) =>
      question === "ruleStatuses" && at > DEADLINE + 100_000 && at < DEADLINE + 200_000
        ? "rate-limited"
        : "complete";
    expect(judged(await observed(siem))).toEqual(["detected", null]);
  });
});

describe("a scheduled rule", () => {
  test("is waited for until it was evaluated, and once more when it skipped that", async () => {
    for (const first of [240_000, 540_000]) {
      const siem = siemOf({ telemetry: arriving(1_100, begin, root, end) });
      siem.status = (at) => scheduledOf(900_000, at < first + 1_000 ? [] : [first], { intervalMs: 300_000 });
      const observation = await observed(siem);
      expect(judged(observation)).toEqual(["logged", "clause"]);
      expect(observation.answeredAt).toBeGreaterThanOrEqual(T0 + first + 6_000);
      expect(siem.at).toBeLessThan((first + 6_000) * 1.35);
    }
  });

  test("of once a day is left pending when all else is known, without waiting for it", async () => {
    const siem = siemOf({ telemetry: arriving(1_100, begin, matching, end) });
    siem.status = () => scheduledOf(172_800_000, [], { intervalMs: 86_400_000 });
    expect(judged(await observed(siem))).toEqual(["pending", "evaluated"]);
    expect(siem.at).toBeLessThan(DEADLINE + 5_000 + 3 * defaultPatience.longestPauseMs);
  });

  test("that is never evaluated is left pending after a bounded time", async () => {
    const siem = siemOf({ telemetry: arriving(1_100, begin, root, end) });
    siem.status = () => scheduledOf(600_000, [], { intervalMs: 300_000 });
    expect(judged(await observed(siem))[0]).toBe("pending");
    expect(siem.at).toBeLessThan(DEADLINE + defaultPatience.scheduledMs + 3 * defaultPatience.longestPauseMs);
  });
});

describe("a signal", () => {
  const reason = new Error("the run was interrupted");

  /** Asks a SIEM that shows nothing, and aborts when it has been asked so often. */
  function abortedAfter(questions: number, siem = siemOf()): Promise<Observation> {
    const abort = new AbortController();
    siem.mood = () => {
      if (siem.asked.length > questions) abort.abort(reason);
      return "complete";
    };
    return observed(siem, { signal: abort.signal });
  }

  test("before the first answer ends the waiting with its reason", async () => {
    await expect(abortedAfter(0)).rejects.toBe(reason);
  });

  test("later ends it with what is known by then, from which nothing is concluded too early", async () => {
    for (const after of [5, 10, 20]) {
      const siem = siemOf();
      expect(judged(await abortedAfter(after, siem))[0]).toBe("undecided");
      expect(siem.asked.length).toBeLessThan(after + 10);
    }
  });

  test("does not wait for a question that is still waiting for its turn", async () => {
    const abort = new AbortController();
    const siem = siemOf();
    siem.clock = () => new Promise(() => abort.abort(reason));
    await expect(observed(siem, { signal: abort.signal })).rejects.toBe(reason);
  });

  test("does not keep a SIEM that reads the log from its answer: it comes within seconds", async () => {
    const siem = siemOf({ delivery: { type: "read" } });
    siem.telemetry = arriving(1_100, begin, root, end);
    expect(judged(await abortedAfter(0, siem))).toEqual(["logged", "clause"]);
  });
});

describe("the lag that sentinels have shown", () => {
  /** Asks about a trial all of whose telemetry comes so late, and says when the waiting ended. */
  async function lateBy(ms: number, lag: SentinelLag): Promise<[...ReturnType<typeof judged>, number]> {
    const siem = siemOf({ telemetry: arriving(1_000 + ms, begin, root, end) });
    return [...judged(await observed(siem, {}, { lag })), siem.at];
  }

  test("is not known at first: what comes after the declared one is taken for lost", async () => {
    const [outcome] = await lateBy(200_000, new SentinelLag());
    expect(outcome).toBe("blind");
  });

  test("moves the deadline of later trials, by half as much again", async () => {
    const lag = new SentinelLag();
    lag.measure({ ...end, ingestedAt: T0 + 151_000 }, T0 + 1_000, { offsetMs: 0, errorMs: 0 });
    const [outcome, , at] = await lateBy(200_000, lag);
    expect(outcome).toBe("logged");
    expect(at).toBeGreaterThan(201_000);
    const [never, , gaveUp] = await lateBy(10_000_000, lag);
    expect(never).toBe("blind");
    expect(gaveUp).toBeGreaterThan(1_000 + 1.5 * 150_000);
  });

  test("is learned from the trials themselves", async () => {
    const lag = new SentinelLag();
    await lateBy(50_000, lag);
    expect(lag.correct({ ...shipped, longestLagMs: 60_000 })).toMatchObject({ longestLagMs: 1.5 * 50_001 });
  });

  test("never shortens what the SIEM declares, and is measured by one clock", () => {
    const lag = new SentinelLag();
    lag.measure({ ...end, ingestedAt: T0 + 3_600_000 }, T0, { offsetMs: 3_599_000, errorMs: 0 });
    expect(lag.correct(shipped)).toEqual(shipped);
  });

  test("that is longer than anybody waits leaves a verdict that may be asked about again", async () => {
    const lag = new SentinelLag();
    lag.measure({ ...end, ingestedAt: T0 + 10 * 3_600_000 }, T0, { offsetMs: 0, errorMs: 0 });
    const [outcome, link, at] = await lateBy(5 * 3_600_000, lag);
    expect([outcome, link]).toEqual(["undecided", "ingest"]);
    expect(at).toBeLessThan(DEADLINE + defaultPatience.scheduledMs + 5 * defaultPatience.longestPauseMs);
  });
});

describe("a SIEM that is asked again later", () => {
  test("need not show again what it has shown: the late part completes the early one", async () => {
    const early = siemOf();
    early.telemetry = arriving(1_100, begin, root);
    const before = await observed(early);
    expect(judged(before)).toEqual(["undecided", "ingest"]);

    const later = siemOf();
    later.at = 86_400_000;
    later.telemetry = arriving(80_000_000, begin, root, end);
    const after = await observed(later, { earlier: before });
    expect(judged(after)).toEqual(["logged", "clause"]);
    expect(after.askedAt).toBe(before.askedAt);
  });

  test("that has deleted what it had shown is no witness of absence", async () => {
    const early = siemOf();
    early.telemetry = arriving(1_100, begin, root);
    const later = siemOf();
    later.at = 86_400_000;
    const after = await observed(later, { earlier: await observed(early) });
    expect([after.state, after.events]).toEqual([
      "partial",
      [begin, root].map((event) => expect.objectContaining({ id: event.id })),
    ]);
    expect(judged(after)[0]).toBe("undecided");
  });

  test("does not take what the sensor lost since for a loss of the trial", async () => {
    const early = siemOf();
    early.telemetry = arriving(1_100, begin, root);
    const later = siemOf();
    later.at = 86_400_000;
    later.reading = { lost: 500, running: true, detail: "" };
    later.telemetry = arriving(80_000_000, begin, root, end);
    const after = await observed(later, { earlier: await observed(early) });
    expect(after.sensor).toMatchObject({ lostBefore: 0, lostAfter: 0 });
    expect(judged(after)).toEqual(["logged", "clause"]);
  });
});

test("a skewed clock of the SIEM changes neither the verdict nor when it is reached", async () => {
  const reached = [-3_600_000, 0, 3_600_000].map(async (offsetMs) => {
    const siem = siemOf({ offsetMs });
    siem.telemetry = [begin, root, end].map((what) => ({
      since: 1_100,
      what: { ...what, ingestedAt: T0 + 1_100 + offsetMs },
    }));
    return [...judged(await observed(siem)), siem.at];
  });
  const [behind, level, ahead] = await Promise.all(reached);
  expect(level?.slice(0, 2)).toEqual(["logged", "clause"]);
  expect([behind, ahead]).toEqual([level, level]);
});
