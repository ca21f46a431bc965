import { describe, expect, test } from "vitest";
import type { OtherRecord } from "../../src/model/observation.js";
import type { Answer, HostSpan } from "../../src/siem/siem.js";
import { bracketOf } from "../../src/verify/bracket.js";
import { exec, root, said, sentinel, begin, shippedOf, T0, trialOf, twin, verdictOf } from "./builders.js";
import { observed, ScriptedSiem } from "./scripted-siem.js";

/** The numbers 3 and 4 are of no event. */
const end = sentinel("end", "run-0001", { sequence: 5 });
const act = [begin, root, end];

const others = (...sequences: number[]): OtherRecord[] =>
  sequences.map((sequence) => ({ host: "h1", sensor: "auditd", sequence }));

const twinOf = (otherRecords: OtherRecord[], over = {}) =>
  said(verdictOf(shippedOf(act, [], { otherRecords, ...over }), { trial: twin }));

describe("numbers that are missing among the events of a twin", () => {
  test("are nothing of it where their records arrived and are no program starts: it was quiet", () => {
    expect(twinOf(others(3, 4))[0]).toBe("quiet");
  });

  test("are unknown where one of them did not arrive", () => {
    expect(twinOf([])).toEqual(["undecided", "ingest"]);
    expect(twinOf(others(3))).toEqual(["undecided", "ingest"]);
    expect(twinOf(others(2, 3, 5, 6))).toEqual(["undecided", "ingest"]);
  });

  test("are unknown where another host or another sensor has such numbers", () => {
    expect(twinOf(others(3, 4).map((record) => ({ ...record, host: "h2" })))).toEqual([
      "undecided",
      "ingest",
    ]);
    expect(twinOf(others(3, 4).map((record) => ({ ...record, sensor: "laurel" as const })))).toEqual([
      "undecided",
      "ingest",
    ]);
  });

  test("leave it undecided where what the kernel dropped is not counted, or was dropped", () => {
    const sensor = { lostBefore: null, lostAfter: null, running: true, detail: "" };
    expect(twinOf(others(3, 4), { sensor })).toEqual(["undecided", "host-log"]);
    expect(twinOf(others(3, 4), { sensor: { ...sensor, lostBefore: 3, lostAfter: 4 } })).toEqual([
      "undecided",
      "host-log",
    ]);
  });
});

test("with an act's record that was lost among them, nothing is said of the miss that the rule would not have told", () => {
  const miss = (otherRecords: OtherRecord[]) => said(verdictOf(shippedOf(act, [], { otherRecords })));
  expect(miss(others(3))).toEqual(["undecided", "ingest"]);
  expect(miss(others(3, 4))).toEqual(["logged", "clause"]);
});

test("an end sentinel that was lost is the one number that is missing, beside those of other records", () => {
  const next = sentinel("begin", "run-0002", { sequence: 7 });
  const known = { housekeeping: 0, alone: false };
  const records = [begin, root, exec(["id"], { sequence: 3, ppid: root.pid }), next];
  expect(bracketOf(trialOf(), records, known)).toMatchObject({ state: "half", unseen: null });
  expect(bracketOf(trialOf(), records, { ...known, otherRecords: others(4, 6) })).toMatchObject({
    state: "half",
    unseen: 0,
  });
});

/** A SIEM that also tells of the records that are no events. */
class TellingSiem extends ScriptedSiem {
  readonly spans: HostSpan[] = [];
  told: OtherRecord[] = [];
  state: Answer<unknown>["state"] = "complete";

  otherRecords(spans: readonly HostSpan[]): Promise<Answer<OtherRecord[]>> {
    this.spans.push(...spans);
    return Promise.resolve({ state: this.state, detail: "", value: this.told });
  }
}

describe("the SIEM is asked for records that are no events", () => {
  const siemThatShows = (events = act): TellingSiem => {
    const siem = new TellingSiem();
    siem.telemetry = events.map((event) => ({ since: 1_000, what: { ...event, ingestedAt: T0 + 1_000 } }));
    return siem;
  };

  test("where numbers are missing, around the sentinels", async () => {
    const siem = siemThatShows();
    siem.told = others(3, 4);
    const observation = await observed(siem, { trial: trialOf(twin) });
    expect(observation.otherRecords).toEqual(others(3, 4));
    expect(siem.spans[0]).toEqual({ host: "h1", from: begin.time - 1_000, to: end.time + 1_000 });
    expect(said(verdictOf(observation, { trial: twin }))[0]).toBe("quiet");
  });

  test("and not where none is", async () => {
    const siem = siemThatShows([begin, root, sentinel("end", "run-0001", { sequence: 3 })]);
    const observation = await observed(siem, { trial: trialOf(twin) });
    expect(siem.spans).toEqual([]);
    expect(observation.otherRecords).toBeUndefined();
  });

  test("and what it says is not relied on where its answer is not whole, which spoils no other", async () => {
    const siem = siemThatShows();
    siem.told = others(3, 4);
    siem.state = "partial";
    const observation = await observed(siem, { trial: trialOf(twin) });
    expect(observation.state).toBe("complete");
    expect(said(verdictOf(observation, { trial: twin }))).toEqual(["undecided", "ingest"]);
  });

  test("again later, when the trial is judged anew: what it told before is not forgotten", async () => {
    const siem = siemThatShows();
    siem.told = others(3, 4);
    const earlier = await observed(siem, { trial: trialOf(twin) });
    siem.told = [];
    const later = await observed(siem, { trial: trialOf(twin), earlier });
    expect(later.otherRecords).toEqual(others(3, 4));
  });
});
