import { describe, expect, test } from "vitest";
import type { HostEvent } from "../../src/model/event.js";
import type { Observation } from "../../src/model/observation.js";
import type { HostLog } from "../../src/verify/host-log.js";
import {
  alertOf,
  begin,
  exec,
  root,
  said,
  sentinel,
  shippedOf,
  statusOf,
  T0,
  twin,
  verdictOf,
} from "./builders.js";
import { observed, ScriptedSiem } from "./scripted-siem.js";

const other = exec(["id"], { sequence: 3, ppid: root.pid });
const matching = exec(["base64", "-d"], { sequence: 4, ppid: root.pid });
const end = sentinel("end", "run-0001", { sequence: 5 });
const act = [begin, root, other, matching, end];
const without = (...lost: HostEvent[]): HostEvent[] => act.filter((event) => !lost.includes(event));

/** What the verdict is where the host's own log was read, and holds these. */
function withHostLog(arrived: HostEvent[], over: Partial<Observation> = {}, recorded = act): Observation {
  return shippedOf(arrived, [], { hostLog: { state: "complete", detail: "", events: recorded }, ...over });
}

const outcomeOf = (observation: Observation, trial = {}): [string, string | null] =>
  said(verdictOf(observation, { trial }));

describe("what was lost on the way, and stands in the host's own log", () => {
  test("is why the rule did not fire, where it is what the rule looks for", () => {
    const verdict = verdictOf(withHostLog(without(matching)));
    expect(said(verdict)).toEqual(["logged", "ingest"]);
    expect(verdict.cause?.detail).toContain("base64 -d");
    expect(verdict.cause?.tested).toContain("host-log");
    expect(said(verdictOf(shippedOf(without(matching), [])))).toEqual(["undecided", "ingest"]);
  });

  test("leaves the trial blind where it is all that the rule reads, sentinels or not", () => {
    expect(outcomeOf(withHostLog([begin, end]))).toEqual(["blind", "ingest"]);
    expect(outcomeOf(withHostLog([]))).toEqual(["blind", "ingest"]);
  });

  test("comes before a rule that is absent, for it is the first link that failed", () => {
    const absent = { rules: [statusOf({ present: false })] };
    expect(outcomeOf(withHostLog(without(matching), absent))).toEqual(["logged", "ingest"]);
    expect(outcomeOf(withHostLog(without(other, matching), absent, without(matching)))).toEqual([
      "logged",
      "rule-present",
    ]);
  });

  test("does not hide an unmet clause, which then says that the way was not whole", () => {
    const verdict = verdictOf(withHostLog(without(other, matching), {}, without(matching)));
    expect(said(verdict)).toEqual(["logged", "clause"]);
    expect(verdict.cause?.untested.map(({ link }) => link)).toContain("ingest");
    expect(verdict.cause?.tested).not.toContain("ingest");
  });

  test("keeps a twin undecided: the rule has not seen all of it", () => {
    expect(outcomeOf(withHostLog(without(other, matching), {}, without(matching)), twin)).toEqual([
      "undecided",
      "ingest",
    ]);
  });

  test("is not taken for lost while it may still come", () => {
    const early = { answeredAt: T0 + 60_000, agreedAt: T0 + 60_000 };
    expect(outcomeOf(withHostLog(without(matching), early))[0]).not.toBe("logged");
  });

  test("earns no alert: one that says nothing of its sources is not this trial's by it", () => {
    const alerts = [alertOf("base64", null)];
    expect(outcomeOf(withHostLog(without(matching), { alerts }))).toEqual(["undecided", "attribution"]);
  });

  test("and yet an alert names it: then the SIEM's answer is not to be relied on", () => {
    const alerts = [alertOf("base64", [matching])];
    expect(outcomeOf(withHostLog(without(matching), { alerts }))).toEqual(["undecided", "ingest"]);
  });
});

describe("a number that is missing in the host's own log too", () => {
  const late = sentinel("end", "run-0001", { sequence: 7 });
  const gap = [begin, root, other, late];

  test("is nothing that the host recorded, where nothing was lost before it was numbered", () => {
    expect(outcomeOf(withHostLog(gap, {}, gap))).toEqual(["logged", "clause"]);
    expect(outcomeOf(withHostLog(gap, {}, gap), twin)[0]).toBe("quiet");
  });

  test("may be anything where nobody counts those", () => {
    const sensor = { lostBefore: null, lostAfter: null, running: true, detail: "" };
    expect(outcomeOf(withHostLog(gap, { sensor }, gap))).toEqual(["undecided", "host-log"]);
  });
});

describe("the host's own log is asked", () => {
  const hostLog = (...states: Observation["state"][]): HostLog & { asked: number[] } => {
    const asked: number[] = [];
    return {
      asked,
      recordsOf: () => {
        const state = states[asked.length] ?? "unreachable";
        asked.push(siem.at);
        return Promise.resolve({ state, detail: state, value: state === "complete" ? act : [] });
      },
    };
  };
  let siem: ScriptedSiem;
  const shows = (events: HostEvent[]): void => {
    siem = new ScriptedSiem();
    siem.telemetry = events.map((event) => ({ since: 1_000, what: { ...event, ingestedAt: T0 + 1_000 } }));
  };

  test("once, after the deadline, when records are missing", async () => {
    shows(without(matching));
    const log = hostLog("complete");
    const observation = await observed(siem, { hostLog: log });
    expect(said(verdictOf(observation))).toEqual(["logged", "ingest"]);
    expect(log.asked).toHaveLength(1);
    expect(log.asked[0]).toBeGreaterThanOrEqual(61_000);
  });

  test("three times at most when it cannot be read, and then the verdict says what the SIEM alone tells", async () => {
    shows(without(matching));
    const log = hostLog();
    const observation = await observed(siem, { hostLog: log });
    expect(said(verdictOf(observation))).toEqual(["undecided", "ingest"]);
    expect(log.asked).toHaveLength(3);
  });

  test("not again when the SIEM is asked later, for it has told already", async () => {
    shows(without(matching));
    const earlier = await observed(siem, { hostLog: hostLog("complete") });
    siem.at = 3_600_000;
    const again = hostLog("complete");
    const observation = await observed(siem, { earlier, hostLog: again });
    expect(said(verdictOf(observation))).toEqual(["logged", "ingest"]);
    expect(again.asked).toEqual([]);
  });

  test("not at all when everything arrived", async () => {
    shows(without(matching, other).map((event) => (event === end ? { ...end, sequence: 3 } : event)));
    const log = hostLog("complete");
    await observed(siem, { hostLog: log });
    expect(log.asked).toEqual([]);
  });
});
