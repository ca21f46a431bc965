import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CompiledRule } from "../../src/detection/rule.js";
import type { Execution } from "../../src/model/execution.js";
import type { Observation } from "../../src/model/observation.js";
import type { Trial } from "../../src/model/trial.js";
import { decide } from "../../src/verify/decide.js";
import { refineExecution } from "../../src/verify/prevention.js";
import {
  alertOf,
  base64Rule,
  exec,
  executionOf,
  observationOf,
  rule,
  sentinel,
  T0,
  trialOf,
  verdictOf,
} from "./builders.js";

const rules = new Map([["base64", base64Rule]]);

function verdict(
  observation: Observation | null,
  over: { trial?: Partial<Trial>; execution?: Partial<Execution> } = {},
) {
  const [first] = decide({
    trial: trialOf(over.trial),
    execution: executionOf(over.execution),
    observation,
    rules,
  });
  if (first === undefined) throw new Error("no verdict");
  return first;
}

const begin = sentinel("begin", "run-0001");
const root = exec(["bash", "-c", "echo x | base64"]);
const child = exec(["base64"], { ppid: root.pid });
const end = sentinel("end", "run-0001");
const whole = [begin, root, child, end];
const harmless = exec(["bash", "-c", "echo x"], { sequence: root.sequence });
const streaming = observationOf([], []).rules[0];
if (streaming === undefined) throw new Error("no rule status");
const throttle = { from: T0 - 1000, until: T0 + 99_000_000, openedBy: "alert-1" };

describe("a trial's detection", () => {
  test("is detected when the named analytic fired for its own event, with the latency split into its parts", () => {
    const result = verdict(observationOf(whole, [alertOf("base64", [root])]));
    expect(result).toMatchObject({
      outcome: "detected",
      met: true,
      attribution: "exact",
      tier: "alert",
      cause: null,
    });
    expect(result.latency).toEqual({ event: 4, ingest: 3, rule: expect.any(Number), alert: 0 });
    expect(result.evidence).toContain(root.id);
  });

  test("gives no credit for prerequisites, cleanup or another connection", () => {
    const requirement = exec(["base64", "--version"], { sequence: begin.sequence - 0.5 });
    const elsewhere = exec(["base64"], { session: "8", sequence: root.sequence + 0.5 });
    const events = [requirement, begin, harmless, elsewhere, end];
    const alerts = [alertOf("base64", [requirement]), alertOf("base64", [elsewhere])];
    expect(verdict(observationOf(events, alerts)).outcome).toBe("logged");
  });

  test("is suppressed when the SIEM folded the alert, naming the earlier one", () => {
    const result = verdict(observationOf(whole, [alertOf("base64", [root], { foldedInto: "alert-17" })]));
    expect(result).toMatchObject({
      outcome: "suppressed",
      cause: { link: "suppression", detail: expect.stringContaining("alert-17") },
    });
  });

  test("is logged when nothing matched, with the clause, the value wanted and the value found", () => {
    const result = verdict(observationOf([begin, harmless, end], []));
    expect(result).toMatchObject({ outcome: "logged", met: false, cause: { link: "clause" } });
    expect(result.cause?.nearest?.unmet[0]).toMatchObject({
      field: "CommandLine",
      wanted: expect.stringContaining("base64"),
      found: "bash -c echo x",
    });
    expect(result.cause?.untested.map(({ link }) => link)).toContain("exception");
  });

  test("is other-alert when another analytic fired for the same execution", () => {
    expect(verdict(observationOf([begin, harmless, end], [alertOf("another", [harmless])])).outcome).toBe(
      "other-alert",
    );
  });

  test("is blind when nothing of the host arrived and the sensor does not run", () => {
    const sensor = { lostBefore: 0, lostAfter: 0, running: false, detail: "auditd is gone" };
    expect(verdict(observationOf([], [], { sensor }))).toMatchObject({
      outcome: "blind",
      cause: { link: "host-log" },
    });
    expect(verdict(observationOf([], []))).toMatchObject({ outcome: "blind", cause: { link: "ingest" } });
  });

  // outage r1000-00139 of the simulator: the sensor ran, and never recorded what the rule reads.
  test("is not said to be in the host's own log where nothing tells that the sensor records that log source", () => {
    const detection = "{ selection: { CommandLine|contains: base64 }, condition: selection }";
    const files = rule("files", detection, "{ product: linux, category: file_event }");
    const untestedOf = (judged: CompiledRule): string[] =>
      verdictOf(observationOf([], []), { rule: judged }).cause?.untested.map(({ link }) => link) ?? [];
    expect(untestedOf(base64Rule)).not.toContain("host-log");
    expect(untestedOf(files)).toContain("host-log");
  });

  test("is blind when the act's events are not of the log source that the rule reads", () => {
    const foreign = exec(["bash"], {
      sequence: root.sequence,
      logsource: { product: "linux", service: "auditd" },
    });
    expect(verdict(observationOf([begin, foreign, end], []))).toMatchObject({
      outcome: "blind",
      cause: { link: "fields" },
    });
  });

  test.each([
    ["the canary alone was lost", [harmless], {}, "ingest"],
    ["one sentinel is missing", [begin, harmless], {}, "ingest"],
    [
      "the kernel lost records",
      [],
      { sensor: { lostBefore: 3, lostAfter: 4, running: true, detail: "" } },
      "host-log",
    ],
    [
      "the count of lost records was reset",
      [begin, harmless, end],
      { sensor: { lostBefore: 3, lostAfter: 0, running: true, detail: "" } },
      "host-log",
    ],
    [
      "the answer is partial",
      [begin, harmless, end],
      { state: "partial" as const, stateDetail: "timeout" },
      "siem",
    ],
    ["the SIEM cannot be reached", [], { state: "unreachable" as const, stateDetail: "refused" }, "siem"],
    ["the SIEM says nothing of the rule", [begin, harmless, end], { rules: [] }, "rule-present"],
    ["the rule matches but no alert was kept", whole, {}, "evaluated"],
    ["a throttle was open", whole, { rules: [{ ...streaming, throttles: [throttle] }] }, "suppression"],
  ])("is undecided when %s", (_name, events, over, link) => {
    const result = verdict(observationOf(events, [], over));
    expect([result.outcome, result.cause?.link]).toEqual(["undecided", link]);
  });

  test("is undecided when the only alert is ambiguous, never detected", () => {
    const alerts = [alertOf("base64", null)];
    const background = { base64: { matches: 2, observedHours: 1, perDay: 48 } };
    expect(verdict(observationOf(whole, alerts, { background }))).toMatchObject({
      outcome: "undecided",
      attribution: "ambiguous",
    });
  });

  test("is undecided when the marker stands in a field that the rule reads", () => {
    const marked = exec(["bash", "-c", "base64 run-0001"], { sequence: root.sequence });
    expect(verdict(observationOf([begin, marked, end], [alertOf("base64", [marked])]))).toMatchObject({
      outcome: "undecided",
      cause: { link: "attribution", detail: expect.stringContaining("CommandLine") },
    });
  });

  test("still counts an alert of its own when the rest of the answer is partial: presence needs no completeness", () => {
    expect(
      verdict(observationOf(whole, [alertOf("base64", [root])], { state: "partial", stateDetail: "x" }))
        .outcome,
    ).toBe("detected");
  });

  test.each(["failed", "not-run", "indeterminate"] as const)(
    "is undecided when the execution is %s",
    (status) => {
      const reason = { code: "x", message: "because" };
      const result = verdict(null, { execution: { status, reason } });
      expect(result).toMatchObject({
        outcome: "undecided",
        met: false,
        cause: { link: "execution", detail: "because" },
      });
    },
  );

  test("of a scheduled rule is pending until an evaluation has covered the events, and a gap when the look-back missed them", () => {
    const scheduled = (lookBackMs: number, ...starts: number[]) => ({
      answeredAt: T0 + 600_000,
      rules: [
        {
          ...streaming,
          schedule: {
            type: "scheduled" as const,
            intervalMs: 60_000,
            lookBackMs,
            windowOver: "event-time" as const,
            evaluations: starts.map((startedAt) => ({
              ...{ startedAt, completedAt: startedAt + 1000 },
              ...{ from: startedAt - lookBackMs, to: startedAt },
            })),
          },
        },
      ],
    });
    const events = [begin, harmless, end];
    expect(verdict(observationOf(events, [], scheduled(600_000))).outcome).toBe("pending");
    const before = scheduled(600_000, T0 - 1);
    expect(verdict(observationOf(events, [], before)).outcome).toBe("pending");
    expect(verdict(observationOf(events, [], scheduled(20_000, T0 + 60_000)))).toMatchObject({
      outcome: "logged",
      cause: { link: "look-back" },
    });
    expect(verdict(observationOf(events, [], scheduled(90_000, T0 + 60_000)))).toMatchObject({
      outcome: "logged",
      cause: { link: "clause" },
    });
  });

  test.each([
    ["rule-present", { present: false }],
    ["rule-enabled", { enabled: false }],
  ])("names the link %s", (link, over) => {
    const result = verdict(observationOf([begin, harmless, end], [], { rules: [{ ...streaming, ...over }] }));
    expect([result.outcome, result.cause?.link]).toEqual(["logged", link]);
  });

  test("expected as a miss is met by that miss only", () => {
    const expectations = [{ analytic: "base64", outcome: "logged" as const, execution: "ran" as const }];
    expect(verdict(observationOf([begin, harmless, end], []), { trial: { expectations } }).met).toBe(true);
    expect(verdict(observationOf(whole, [alertOf("base64", [root])]), { trial: { expectations } }).met).toBe(
      false,
    );
  });

  test("asks for the tier that the expectation names", () => {
    const expectations = [
      { analytic: "base64", outcome: "detected" as const, execution: "ran" as const, tier: "alert" as const },
    ];
    const signal = observationOf(whole, [alertOf("base64", [root], { tier: "signal" })]);
    expect(verdict(signal, { trial: { expectations } })).toMatchObject({
      outcome: "detected",
      tier: "signal",
      met: false,
    });
  });
});

describe("a twin", () => {
  const twin = {
    twin: true,
    expectations: [{ analytic: "base64", outcome: "quiet" as const, execution: "ran" as const }],
  };

  test("is quiet when its telemetry arrived and the rule did not fire", () => {
    expect(verdict(observationOf([begin, harmless, end], []), { trial: twin })).toMatchObject({
      outcome: "quiet",
      met: true,
    });
  });

  test("is a false alarm when the rule fired for it, also when the alert was folded", () => {
    expect(verdict(observationOf(whole, [alertOf("base64", [root])]), { trial: twin })).toMatchObject({
      outcome: "false-alarm",
      met: false,
    });
    const folded = observationOf(whole, [alertOf("base64", [root], { foldedInto: "a" })]);
    expect(verdict(folded, { trial: twin }).outcome).toBe("false-alarm");
  });

  test.each([
    ["the rule is disabled", { rules: [{ ...streaming, enabled: false }] }],
    ["the rule is absent", { rules: [{ ...streaming, present: false }] }],
    ["a throttle is open", { rules: [{ ...streaming, throttles: [throttle] }] }],
    ["records were lost", { sensor: { lostBefore: 0, lostAfter: 1, running: true, detail: "" } }],
  ])("is not quiet but undecided when %s: silence proves nothing then", (_name, over) => {
    expect(verdict(observationOf([begin, harmless, end], [], over), { trial: twin }).outcome).toBe(
      "undecided",
    );
  });
});

test("a twin whose telemetry did not arrive is undecided, not blind", () => {
  const twin = {
    twin: true,
    expectations: [{ analytic: "base64", outcome: "quiet" as const, execution: "ran" as const }],
  };
  expect(verdict(observationOf([], []), { trial: twin })).toMatchObject({
    outcome: "undecided",
    cause: { link: "ingest" },
  });
  expect(verdict(observationOf([begin, end], []), { trial: twin }).outcome).toBe("undecided");
});

test("silence is undecided when processes of the act outlived its end sentinel", () => {
  const result = verdict(observationOf([begin, harmless, end], []), { execution: { outlived: true } });
  expect(result).toMatchObject({ outcome: "undecided", cause: { link: "attribution" } });
  const fired = verdict(observationOf(whole, [alertOf("base64", [root])]), { execution: { outlived: true } });
  expect(fired.outcome).toBe("detected");
});

test("a miss whose losses could not be asked needs the host's own numbers without a gap", () => {
  const sensor = { lostBefore: null, lostAfter: null, running: null, detail: "no probe" };
  const gapless = [begin, harmless, { ...child, argv: ["ls"], fields: {} }, end];
  const proved = verdict(observationOf(gapless, [], { sensor }));
  expect(proved.outcome).toBe("logged");
  expect(proved.cause?.untested.map(({ link }) => link)).toContain("host-log");
  expect(verdict(observationOf([begin, harmless, end], [], { sensor }))).toMatchObject({
    outcome: "undecided",
    cause: { link: "host-log", detail: expect.stringContaining("1 numbers are missing") },
  });
});

describe("prevention", () => {
  const control = {
    id: "noexec-tmp",
    description: "",
    refuses: { errors: ["EACCES" as const], paths: ["/tmp/"] },
  };
  const refused = exec([], {
    kind: "exec-refused",
    error: "EACCES",
    sequence: root.sequence,
    fields: { TargetFilename: "/tmp/tmp.AAAAAAAAAA/tool" },
  });
  const failed = executionOf({ status: "failed", reason: { code: "proof-not-met", message: "" } });
  const observation = observationOf([begin, refused, end], []);

  test("needs an audited refusal of a declared control", () => {
    expect(refineExecution(trialOf({ controls: [control] }), failed, observation)).toMatchObject({
      status: "prevented",
      reason: { code: "control-refused", message: expect.stringContaining(refused.id) },
    });
    expect(refineExecution(trialOf(), failed, observation).status).toBe("failed");
    const elsewhere = { ...control, refuses: { ...control.refuses, paths: ["/opt/"] } };
    expect(refineExecution(trialOf({ controls: [elsewhere] }), failed, observation).status).toBe("failed");
    expect(
      refineExecution(trialOf({ controls: [control] }), failed, observationOf([begin, end, refused], []))
        .status,
    ).toBe("prevented");
    const outside = { ...refused, sequence: end.sequence + 1 };
    expect(
      refineExecution(trialOf({ controls: [control] }), failed, observationOf([begin, end, outside], []))
        .status,
    ).toBe("failed");
  });
});

test("the same observations give the same verdicts in every order of arrival", () => {
  const alerts = [
    alertOf("base64", [child]),
    alertOf("base64", [root]),
    alertOf("base64", null),
    alertOf("another", [root]),
  ];
  const noise = [exec(["ls"], { session: "9" }), exec(["base64"], { session: "9" })];
  const wanted = JSON.stringify(verdict(observationOf([...whole, ...noise], alerts)));
  fc.assert(
    fc.property(
      fc.shuffledSubarray([...whole, ...noise], { minLength: whole.length + noise.length }),
      fc.shuffledSubarray(alerts, { minLength: alerts.length }),
      (events, shuffledAlerts) => {
        expect(JSON.stringify(verdict(observationOf(events, shuffledAlerts)))).toBe(wanted);
      },
    ),
  );
});

test("a rule of keywords reads every field, so the marker must be in none", () => {
  const keywords = rule("words", "{ keywords: [ base64 ], condition: keywords }");
  const marked = exec(["bash", "-c", "base64"], {
    sequence: root.sequence,
    fields: { CommandLine: "bash -c base64", Note: "run-0001" },
  });
  const [result] = decide({
    trial: trialOf({ expectations: [{ analytic: "words", outcome: "detected", execution: "ran" }] }),
    execution: executionOf(),
    observation: observationOf([begin, marked, end], [alertOf("words", [marked])]),
    rules: new Map([["words", keywords]]),
  });
  expect(result).toMatchObject({ outcome: "undecided", cause: { link: "attribution" } });
});
