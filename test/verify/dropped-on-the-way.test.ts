import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HostEvent } from "../../src/model/event.js";
import type { Observation, OtherRecord } from "../../src/model/observation.js";
import { RecordReader } from "../../src/telemetry/received/record-reader.js";
import { bytesOf, encodeExec } from "../telemetry/audit-encoder.js";
import { alertOf, base64Rule, said, shippedOf, T0, twin, verdictOf } from "./builders.js";

/**
 * The audit log of a host during a trial, in which the rule's match stands: the begin sentinel, the act, logins and other calls between,
 * the end sentinel. Any of its lines may be lost on the way to the SIEM.
 */
const seconds = T0 / 1000;
const stamp = (serial: number): string =>
  `msg=audit(${seconds}.${String(serial).padStart(3, "0")}:${serial}):`;
const started = (serial: number, ppid: number, ...argv: string[]): string[] =>
  encodeExec({ serial, argv: bytesOf(...argv), seconds, ppid });
const told = (serial: number, type: string): string[] => [`type=${type} ${stamp(serial)} pid=1 uid=0`];
const called = (serial: number): string[] => [
  `type=SYSCALL ${stamp(serial)} arch=c000003e syscall=1 success=yes exit=4 items=0 ppid=1 pid=2 ses=9 key="k"`,
  `type=PROCTITLE ${stamp(serial)} proctitle="cron"`,
];
const WRAPPER = 100;
const ROOT = 1_003;
const log: string[][] = [
  started(1, WRAPPER, "/bin/true", "tyrian-sentinel", "begin", "run-0001"),
  told(2, "USER_START"),
  started(3, WRAPPER, "bash", "-c", "true"),
  called(4),
  started(5, ROOT, "base64", "-d"),
  told(6, "CRED_DISP"),
  started(7, WRAPPER, "/bin/true", "tyrian-sentinel", "end", "run-0001"),
];
const lines = log.flat();

interface Arrived {
  readonly events: HostEvent[];
  readonly otherRecords: OtherRecord[];
}

function readBack(sent: readonly string[]): Arrived {
  const otherRecords: OtherRecord[] = [];
  const reader = new RecordReader("sysmon", ({ host, sensor, sequence }) =>
    otherRecords.push({ host, sensor, sequence }),
  );
  const place = { segment: 1, line: 1 };
  const events = sent.flatMap(
    (content) =>
      reader.push({
        host: "h1",
        channel: "syslog/auditd",
        time: null,
        content,
        receivedAt: T0 + 1_000,
        place,
      }).events,
  );
  return { events: [...events, ...reader.flush(T0 + 10_000)], otherRecords };
}

/** What the SIEM shows of it: the rule fires for what arrived of its match. */
function observationOf({ events, otherRecords }: Arrived, over: Partial<Observation> = {}): Observation {
  const matches = events.filter((event) => base64Rule.matches(event));
  const alerts = matches.map((event) => alertOf("base64", [event]));
  return shippedOf(events, alerts, { otherRecords, ...over });
}

const sensor = (lostAfter: number | null) => ({ lostBefore: 0, lostAfter, running: true, detail: "" });
const recorded = readBack(lines).events;
const hostLog = { state: "complete", detail: "", events: recorded } as const;
/** Any lines, and any whole records, as a shipper may lose them. */
const what = fc.oneof(
  fc.subarray(lines),
  fc.subarray(log).map((records) => records.flat()),
);
const allOf = (act: (observation: Observation) => void, over: Partial<Observation> = {}): void =>
  fc.assert(
    fc.property(what, (sent) => act(observationOf(readBack(sent), over))),
    { numRuns: 2_000 },
  );

test("where nothing was lost the rule fires, and what is no program start is not missing", () => {
  const observation = observationOf(readBack(lines));
  expect(observation.otherRecords?.map(({ sequence }) => sequence)).toEqual([2, 4, 6]);
  expect(said(verdictOf(observation))[0]).toBe("detected");
  expect(said(verdictOf(observation, { trial: twin }))[0]).toBe("false-alarm");
});

describe("whatever was lost on the way", () => {
  test("a twin that did what the rule looks for is never quiet", () => {
    const outcomes = new Set<string>();
    const judge = (observation: Observation) => {
      outcomes.add(said(verdictOf(observation, { trial: twin }))[0]);
    };
    allOf(judge);
    allOf(judge, { hostLog });
    allOf(judge, { sensor: sensor(null) });
    expect([...outcomes].sort()).toEqual(["false-alarm", "undecided"]);
  });

  test("the match is never said to be absent, and the trial is blind only where nothing of it came, where only the SIEM was asked", () => {
    const outcomes = new Set<string>();
    allOf((observation) => {
      const [outcome, link] = said(verdictOf(observation));
      outcomes.add(outcome);
      if (outcome !== "blind") return;
      expect(link).toBe("ingest");
      expect(observation.events).toEqual([]);
    });
    expect([...outcomes].sort()).toEqual(["blind", "detected", "undecided"]);
  });

  test("a miss is the way's, where the host's own log has the match", () => {
    const misses = new Set<string>();
    allOf(
      (observation) => {
        const [outcome, link] = said(verdictOf(observation));
        if (outcome === "detected" || outcome === "undecided") return;
        misses.add(`${outcome}: ${link}`);
        const arrived = observation.events.filter((event) => base64Rule.matches(event));
        expect(arrived).toEqual([]);
      },
      { hostLog },
    );
    expect([...misses].sort()).toEqual(["blind: ingest", "logged: ingest"]);
  });
});

test("a twin that did nothing of the kind is quiet only where all of its act's records arrived", () => {
  const harmless = log.map((records, at) => (at === 4 ? started(5, ROOT, "id") : records));
  const act = [harmless[2], harmless[4]].flat() as string[];
  let quiet = 0;
  fc.assert(
    fc.property(fc.subarray(harmless.flat(), { minLength: harmless.flat().length - 4 }), (sent) => {
      if (said(verdictOf(observationOf(readBack(sent)), { trial: twin }))[0] !== "quiet") return;
      quiet += 1;
      // Paths and titles are beside the matter: SYSCALL, EXECVE and CWD make the event.
      const needed = act.filter((line) => /^type=(?:SYSCALL|EXECVE)/.test(line));
      expect(sent).toEqual(expect.arrayContaining(needed));
    }),
    { numRuns: 2_000 },
  );
  expect(quiet).toBeGreaterThan(50);
});
