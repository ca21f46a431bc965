import { describe, expect, test } from "vitest";
import type { HostEvent } from "../../src/model/event.js";
import { sentinelOf } from "../../src/model/event.js";
import { bracketOf } from "../../src/verify/bracket.js";
import { alertOf, exec, observationOf, rule, said, statusOf, trialOf, verdictOf } from "./builders.js";

/** The log of a network device (src/telemetry/device), and what is concluded from it. */

const changed = rule(
  "changed",
  "{ s: { CommandLine: reload }, condition: s }",
  "{ category: device_command }",
);
const processes = rule("processes", "{ s: { CommandLine: reload }, condition: s }");

/** A command that the device logged: in the session of the trial unless said otherwise. */
function typed(command: string, sequence: number, over: Partial<HostEvent> = {}): HostEvent {
  return exec([], {
    id: `r1/device-log/${String(sequence)}`,
    sensor: "device-log",
    kind: "command",
    logsource: { product: "frr", category: "device_command", service: "commands" },
    sequence,
    session: "zebra/vty31#1",
    pid: 0,
    ppid: 0,
    fields: { CommandLine: command, Daemon: "zebra" },
    ...over,
  });
}

const begin = typed("do show thread cpu tyrian-sentinel.begin.run-0001", 10);
const end = typed("do show thread cpu tyrian-sentinel.end.run-0001", 20);
const network = { platform: "network", act: { ...trialOf().act, program: "frr", via: "stdin" } } as const;

function judged(events: HostEvent[], by = changed, alerts: HostEvent[] = []): [string, string | null] {
  const observation = observationOf(
    events,
    alerts.map((event) => alertOf(by.id, [event])),
    { rules: [statusOf({ rule: by.id, evaluatedBy: "embedded" })] },
  );
  return said(verdictOf(observation, { trial: network, rule: by, execution: { alone: true } }));
}

describe("a sentinel of a device", () => {
  test.each([
    ["show thread cpu tyrian-sentinel.begin.run-0001", { edge: "begin", trial: "run-0001" }],
    ["do show thread cpu tyrian-sentinel.end.run-0001", { edge: "end", trial: "run-0001" }],
    ['show version | match "tyrian-sentinel.begin.run-0001"', { edge: "begin", trial: "run-0001" }],
    ["run show users | include tyrian-sentinel.end.a-b_c", { edge: "end", trial: "a-b_c" }],
    ["description show tyrian-sentinel.begin.run-0001", null],
    ["show ip route", null],
    ["show users | include tyrian-sentinel.begin.run-0001 x", null],
    ["reload tyrian-sentinel.begin.run-0001", null],
  ])("%s", (command, found) => {
    expect(sentinelOf(typed(command, 1))).toEqual(found);
  });

  test("of FRR is a process where it is given one-shot", () => {
    const word = "show version | include tyrian-sentinel.begin.run-0001";
    expect(sentinelOf(exec(["vtysh", "-c", word]))).toEqual({ edge: "begin", trial: "run-0001" });
    expect(sentinelOf(exec(["vtysh", "-c", word, "-c", "reload"]))).toBeNull();
    expect(sentinelOf(exec(["sh", "-c", word]))).toBeNull();
  });
});

test("what was typed between the sentinels in their session is the act", () => {
  const others = [
    typed("enable", 9),
    typed("show clock", 12, { session: "zebra/vty33#1" }),
    typed("copy a b", 14, { session: null }),
    typed("end", 21),
  ];
  const act = [typed("configure terminal", 11), typed("reload", 13)];
  const bracket = bracketOf({ ...trialOf(network), id: "run-0001" }, [...others, begin, ...act, end]);
  expect(bracket).toMatchObject({ state: "closed", act });
});

test("a session that the log does not name is nobody's", () => {
  const events = [begin, typed("reload", 11), end].map((event) => ({ ...event, session: null }));
  expect(judged(events, changed, events.slice(1, 2))).toEqual(["undecided", "attribution"]);
});

test("an alert for the act's own command is the trial's", () => {
  const own = typed("reload", 11);
  expect(judged([begin, own, end], changed, [own])).toEqual(["detected", null]);
});

describe("silence", () => {
  test("is a miss when everything between the sentinels can be told", () => {
    const other = typed("reload", 12, { session: "zebra/vty33#1" });
    expect(judged([begin, typed("show clock", 11), other, end], changed, [other])).toEqual([
      "logged",
      "clause",
    ]);
  });

  test.each([
    ["names no session", { session: null }],
    [
      "is another daemon's",
      { session: "static/vty13#1", fields: { CommandLine: "reload", Daemon: "static" } },
    ],
  ])("is nothing when the rule looks for a command that %s", (_what, over) => {
    const other = typed("reload", 12, over);
    expect(judged([begin, typed("show clock", 11), other, end], changed, [other])).toEqual([
      "undecided",
      "attribution",
    ]);
  });

  test("of a rule over another log of the device proves nothing: its sentinels are not there", () => {
    expect(judged([begin, typed("show clock", 11), end], processes)).toEqual(["undecided", "ingest"]);
  });

  test("of the command log about a command that it never holds is blindness", () => {
    expect(judged([begin, end])).toEqual(["blind", "host-log"]);
  });
});
