import { describe, expect, test } from "vitest";
import type { Alert } from "../../src/model/alert.js";
import type { HostEvent } from "../../src/model/event.js";
import type { Observation } from "../../src/model/observation.js";
import type { RecordedAct } from "../../src/model/trial.js";
import type { Verdict } from "../../src/model/verdict.js";
import { decide } from "../../src/verify/decide.js";
import { alertOf, base64Rule, exec, executionOf, shippedOf, statusOf, T0, trialOf } from "./builders.js";

/** Executions that somebody else made: no sentinels, and what is known is what was written down. */

const COMMAND = "echo aGk= | base64 -d";
const recordedAct: RecordedAct = {
  recorder: "Caldera",
  command: COMMAND,
  pid: null,
  startedAt: new Date(T0).toISOString(),
  endedAt: new Date(T0 + 1_000).toISOString(),
  alone: true,
};

/** The shell that was given the command, what it started, and what the host did long after. */
const shell = exec(["sh", "-c", COMMAND], { sequence: 10, ppid: 50 });
const child = exec(["base64", "-d"], { sequence: 11, ppid: shell.pid });
const later = exec(["sleep", "1"], { sequence: 12, ppid: 51, time: T0 + 20_000 });
const seen = [shell, child, later];

function verdictOf(
  events: HostEvent[],
  alerts: Alert[] = [],
  over: { recorded?: Partial<RecordedAct>; observation?: Partial<Observation> } = {},
): Verdict {
  const recorded = { ...recordedAct, ...over.recorded };
  const [verdict] = decide({
    trial: trialOf({ recorded }),
    execution: executionOf({ startedAt: recorded.startedAt, endedAt: recorded.endedAt }),
    observation: shippedOf(events, alerts, over.observation),
    rules: new Map([["base64", base64Rule]]),
  });
  if (verdict === undefined) throw new Error("no verdict");
  return verdict;
}

const undecided = (verdict: Verdict, why: RegExp): void => {
  expect([verdict.outcome, verdict.attribution]).not.toContain("exact");
  expect(verdict.outcome).toBe("undecided");
  expect(verdict.cause?.detail).toMatch(why);
};

describe("what the one process with the recorded command line did", () => {
  test("is detected when an alert of the rule stands for it, and the verdict says whose it was", () => {
    expect(verdictOf(seen, [alertOf("base64", [child])])).toMatchObject({
      outcome: "detected",
      attribution: "exact",
      recordedBy: "Caldera",
    });
  });

  test("is not what its parent started after it under the same number, which Windows gives again at once", () => {
    const windows = { product: "windows", service: "sysmon", category: "process_creation" };
    const of = (event: HostEvent): HostEvent => ({ ...event, logsource: windows, sensor: "sysmon" });
    const next = exec(["base64", "-d"], { sequence: 11, pid: shell.pid, ppid: 50 });
    const told = (events: HostEvent[]): string => verdictOf(events, [alertOf("base64", [next])]).outcome;
    expect(told([shell, next, later].map(of))).not.toBe("detected");
    // Elsewhere it is the same process, which has handed over to another program.
    expect(told([shell, next, later])).toBe("detected");
  });

  test("is told by the exact command line of the process too, or by its number where no command was recorded", () => {
    const direct = exec(["base64", "-d"], { sequence: 10 });
    const alerts = [alertOf("base64", [direct])];
    const detected = { outcome: "detected", attribution: "exact" };
    expect(verdictOf([direct, later], alerts, { recorded: { command: "base64 -d" } })).toMatchObject(
      detected,
    );
    const byNumber = { command: null, pid: direct.pid };
    expect(verdictOf([direct, later], alerts, { recorded: byNumber })).toMatchObject(detected);
    undecided(
      verdictOf([direct, later], alerts, { recorded: { command: null, pid: 9 } }),
      /no record of the host/,
    );
  });

  test("goes on where the shell hands over to the one command that it was given", () => {
    const handed = exec(["sh", "-c", "base64 -d"], { sequence: 10, pid: 70 });
    const over = exec(["base64", "-d"], { sequence: 11, pid: 70 });
    const recorded = { command: "base64 -d" };
    expect(verdictOf([handed, over, later], [alertOf("base64", [over])], { recorded }).outcome).toBe(
      "detected",
    );
  });

  test("is not what others did: an alert of their events is not its", () => {
    const other = exec(["base64", "-d"], { sequence: 13, ppid: 51 });
    expect(verdictOf([...seen, other], [alertOf("base64", [other])]).outcome).not.toBe("detected");
    // The number of a process that has ended, taken by another.
    const again = exec(["base64", "x"], { sequence: 14, pid: child.pid, ppid: 51 });
    expect(verdictOf([...seen, again], [alertOf("base64", [again])]).outcome).not.toBe("detected");
  });
});

describe("nothing is proved", () => {
  const alerts = [alertOf("base64", [child])];

  test("without a record of the command, whatever fired: it is never `blind`", () => {
    undecided(verdictOf([later]), /no record of the host shows exactly this command line/);
    undecided(verdictOf([]), /no record of the host/);
    // Whether it was lost on the way, or never ran, is not known.
    expect(verdictOf([later]).cause?.link).toBe("attribution");
    const near = exec(["sh", "-c", `${COMMAND} `], { sequence: 10 });
    undecided(verdictOf([near, later], [alertOf("base64", [near])]), /no record of the host/);
  });

  test("on another host, or at another time", () => {
    undecided(
      verdictOf(
        seen.map((event) => ({ ...event, host: "h2" })),
        alerts,
      ),
      /no record of the host/,
    );
    undecided(
      verdictOf(
        seen.map((event) => ({ ...event, time: event.time + 15_000 })),
        alerts,
      ),
      /no record/,
    );
  });

  test("where the command ran twice, or another execution of the file was the same", () => {
    const twice = exec(["sh", "-c", COMMAND], { sequence: 13, ppid: 51 });
    undecided(verdictOf([...seen, twice], alerts), /more than one process/);
    undecided(verdictOf(seen, alerts, { recorded: { alone: false } }), /another execution of the file/);
  });

  test("by an answer that is not whole, or not the last: another process of the command may be missing in it", () => {
    const given = (observation: Partial<Observation>) => verdictOf(seen, alerts, { observation });
    undecided(given({ state: "partial", stateDetail: "cut off" }), /the SIEM's answer is partial: cut off/);
    undecided(given({ agreeing: 1 }), /one alone proves nothing/);
    undecided(given({ deadlineAt: T0 + 900_000 }), /may still arrive/);
  });

  test("where neither the command nor its process was recorded", () => {
    undecided(
      verdictOf(seen, alerts, { recorded: { command: null } }),
      /neither the command nor its process/,
    );
  });
});

describe("a miss", () => {
  test("is proved up to a record of the host from after the end, when no number is missing before it", () => {
    expect(verdictOf(seen)).toMatchObject({ outcome: "logged", recordedBy: "Caldera" });
    expect(verdictOf(seen, [], { observation: { rules: [statusOf({ enabled: false })] } })).toMatchObject({
      outcome: "logged",
      cause: { link: "rule-enabled" },
    });
  });

  test("is not when a record may be missing, or when its end is not known", () => {
    undecided(verdictOf([shell, child]), /nothing of the host has arrived from after its end/);
    undecided(verdictOf([shell, later]), /1 of the host's records/);
    undecided(verdictOf(seen, [], { recorded: { endedAt: null } }), /when it ended was not recorded/);
  });
});
