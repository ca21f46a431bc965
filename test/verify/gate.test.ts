import { describe, expect, test } from "vitest";
import type { HostEvent } from "../../src/model/event.js";
import type { Execution } from "../../src/model/execution.js";
import type { Observation } from "../../src/model/observation.js";
import { type Control, controlSchema } from "../../src/model/target.js";
import type { Trial } from "../../src/model/trial.js";
import { decide } from "../../src/verify/decide.js";
import { refineExecution } from "../../src/verify/prevention.js";
import { base64Rule, exec, executionOf, observationOf, sentinel, trialOf } from "./builders.js";

/** What is no more than a failure must never be called prevented: each test but the first of a group is an attempt to get that. */

const failed = (over: Partial<Execution> = {}): Execution =>
  executionOf({
    status: "failed",
    reason: { code: "proof-not-met", message: "" },
    exitCode: 126,
    stdout: "",
    ...over,
  });

interface Case {
  readonly control: Control;
  readonly trial?: Partial<Trial>;
  readonly act: HostEvent[];
  readonly execution?: Partial<Execution>;
  readonly observation?: Partial<Observation>;
  /** Instead of both sentinels. */
  readonly sentinels?: readonly ("begin" | "end")[];
}

function statusOf({
  control,
  trial,
  act,
  execution,
  observation,
  sentinels = ["begin", "end"],
}: Case): string {
  const whole = [
    ...(sentinels.includes("begin") ? [sentinel("begin", "run-0001", { sequence: 1 })] : []),
    ...act,
    ...(sentinels.includes("end") ? [sentinel("end", "run-0001", { sequence: 9 })] : []),
  ];
  const sensor = { lostBefore: 0, lostAfter: 0, running: true, detail: "" };
  return refineExecution(
    trialOf({ controls: [control], ...trial }),
    failed(execution),
    observationOf(whole, [], { sensor, ...observation }),
  ).status;
}

const work = "/tmp/tmp.AAAAAAAAAA";
const script = `${work}/script.sh`;

describe("a gate that starts what it lets through", () => {
  const control: Control = {
    id: "signed-scripts",
    description: "",
    denies: {
      gate: "/opt/gates/verified",
      helpers: ["/usr/bin/openssl"],
      exitCode: 126,
      message: "verified: {script} is not signed",
      readsCode: false,
    },
  };
  const act = {
    program: "/opt/gates/verified",
    options: [],
    via: "file" as const,
    code: "",
    files: [],
    timeoutMs: 1,
  };
  const gate = exec(["/bin/sh", "/opt/gates/verified", script], { sequence: 2 });
  const helper = exec(["/usr/bin/openssl", "dgst"], { sequence: 3, ppid: gate.pid });
  const said = { stderr: `verified: ${script} is not signed\n` };
  const refusal: Case = { control, trial: { act }, act: [gate, helper], execution: said };

  test("refused when it said so and nothing but its own helper was started", () => {
    expect(statusOf(refusal)).toBe("prevented");
  });

  const started = (argv: string[]): HostEvent => exec(argv, { sequence: 4, ppid: gate.pid });
  test.each<[string, Partial<Case>]>([
    ["the script ran and printed the same message", { act: [gate, helper, started(["/bin/sh", script])] }],
    [
      "the helper ran twice: once perhaps for the script",
      { act: [gate, helper, { ...helper, id: "x", sequence: 4 }] },
    ],
    [
      "a program of the same name elsewhere",
      { act: [gate, exec(["/tmp/openssl"], { sequence: 3, ppid: gate.pid })] },
    ],
    [
      "the kernel refused something as well",
      { act: [gate, { ...started([]), kind: "exec-refused", error: "EPERM" }] },
    ],
    [
      "another script than the one that was planned",
      { act: [exec(["/bin/sh", "/opt/gates/verified", "/x"], { sequence: 2 })] },
    ],
    ["the gate was never started", { act: [] }],
    [
      "the gate is absent, and the shell says so",
      { act: [], execution: { exitCode: 127, stderr: "sh: not found" } },
    ],
    ["the same exit code without the message", { execution: { stderr: "" } }],
    ["another message", { execution: { stderr: "verified: /x is not signed" } }],
    ["more than the message", { execution: { stderr: `${said.stderr}and more` } }],
    ["the message on the wrong stream", { execution: { stdout: said.stderr, stderr: "" } }],
    ["the message with another exit code", { execution: { ...said, exitCode: 1 } }],
    ["killed by a signal after the message", { execution: { ...said, exitCode: 137 } }],
    ["its connection ended by a signal", { execution: { ...said, signal: "KILL" } }],
    ["something outlived it", { execution: { ...said, outlived: true } }],
    ["output that was cut", { execution: { ...said, truncated: { stdout: false, stderr: true } } }],
    [
      "ended because its time was up",
      { execution: { ...said, reason: { code: "deadline-exceeded", message: "" } } },
    ],
    [
      "records were lost",
      { observation: { sensor: { lostBefore: 0, lostAfter: 2, running: true, detail: "" } } },
    ],
    ["an answer that is not whole", { observation: { state: "partial" } }],
    ["the end sentinel did not arrive", { sentinels: ["begin"] }],
    ["the begin sentinel did not arrive", { sentinels: ["end"] }],
    ["a target without the control", { trial: { act, controls: [] } }],
    [
      "another program, which has the gate among its words",
      { trial: { act: { ...act, program: "bash", via: "argument", code: `/opt/gates/verified ${script}` } } },
    ],
    ["options, which the gate may read as it likes", { trial: { act: { ...act, options: ["--help"] } } }],
  ])("fails: %s", (_why, over) => {
    expect(statusOf({ ...refusal, ...over })).toBe("failed");
  });

  test("records that travel and have not all come prove nothing", () => {
    const delivery = { type: "shipped", longestLagMs: 60_000, longestAlertLagMs: 0 } as const;
    const observation = { delivery, agreeing: 2 };
    expect(statusOf({ ...refusal, observation })).toBe("failed");
  });
});

describe("a gate that reads the code itself: a restricted shell", () => {
  const control: Control = {
    id: "restricted-shell",
    description: "",
    denies: {
      gate: "/opt/gates/guest-shell",
      helpers: ["/usr/bin/bash"],
      exitCode: 1,
      message: "rbash: line 1: {command}: restricted",
      readsCode: true,
    },
  };
  const refusalOf = (code: string, command = "/usr/bin/perl"): Case => {
    const program = "/opt/gates/guest-shell";
    const gate = exec(["/bin/sh", program, "-c", code], { sequence: 2 });
    const shell = exec(["/bin/rbash", "-c", code], {
      sequence: 3,
      pid: gate.pid,
      fields: { Image: "/usr/bin/bash" },
    });
    return {
      control,
      trial: { act: { program, options: [], via: "argument", code, files: [], timeoutMs: 1 } },
      act: [gate, shell],
      execution: { exitCode: 1, stderr: `rbash: line 1: ${command}: restricted\n` },
    };
  };

  test("refused one plain command", () => {
    expect(statusOf(refusalOf("/usr/bin/perl -v"))).toBe("prevented");
    expect(statusOf(refusalOf("/usr/bin/perl"))).toBe("prevented");
  });

  test.each([
    ["a builtin prints the same message", "echo 'rbash: line 1: /usr/bin/perl: restricted' >&2; exit 1"],
    ["a second command", "/usr/bin/perl -v; exit 1"],
    ["a second line", "/usr/bin/perl -v\nexit 1"],
    ["a builtin without anything that a shell acts on", "exit 1"],
    ["a name without its folder", "perl -v"],
    ["a substitution", "/usr/bin/perl $(exit 1)"],
    ["a redirection", "/usr/bin/perl >&2"],
    ["an assignment before it", "x=1 /usr/bin/perl"],
  ])("fails: %s", (_why, code) => {
    expect(statusOf(refusalOf(code))).toBe("failed");
  });

  test("fails: another command than the message names", () => {
    expect(statusOf(refusalOf("/usr/bin/perl -v", "/usr/bin/lua"))).toBe("failed");
  });
});

describe("a refusal of the kernel", () => {
  const control: Control = {
    id: "noexec",
    description: "",
    refuses: { errors: ["EACCES"], paths: ["/tmp"] },
  };
  const root = exec(["bash", "-c", "true"], { sequence: 2 });
  const refused = exec([], {
    kind: "exec-refused",
    error: "EACCES",
    sequence: 3,
    ppid: root.pid,
    fields: { TargetFilename: "/tmp/tool" },
  });

  test("prevents when nothing of the act started afterwards", () => {
    expect(statusOf({ control, act: [root, refused] })).toBe("prevented");
  });

  test.each<[string, HostEvent[], Partial<Execution>]>([
    [
      "the program is absent: no refusal is recorded",
      [root],
      { exitCode: 127, stderr: "bash: /tmp/tool: No such file" },
    ],
    [
      "it fails by itself with the exit code of a refusal",
      [root],
      { stderr: "bash: /tmp/tool: Permission denied" },
    ],
    ["another error than the control's", [root, { ...refused, error: "EPERM" }], {}],
    ["a path that only begins alike", [root, { ...refused, fields: { TargetFilename: "/tmpfile" } }], {}],
    [
      "the act went on and started something else",
      [root, refused, exec(["false"], { sequence: 4, ppid: root.pid })],
      {},
    ],
    ["killed before it did anything", [root], { exitCode: 137, stderr: "Killed" }],
    ["refused in another session", [root, { ...refused, session: "8" }], {}],
  ])("fails: %s", (_why, act, execution) => {
    expect(statusOf({ control, act, execution })).toBe("failed");
  });
});

test("an expectation is met by the control that it names, and by no other", () => {
  const met = (control: string): boolean | undefined =>
    decide({
      trial: trialOf({
        expectations: [
          {
            ...{ analytic: "base64", outcome: "undecided", execution: "prevented" },
            preventedBy: { control: "noexec", outcome: "undecided" },
          },
        ],
      }),
      execution: failed({ status: "prevented", control }),
      observation: null,
      rules: new Map([["base64", base64Rule]]),
    })[0]?.met;
  expect([met("noexec"), met("another")]).toEqual([true, false]);
});

test("a control is of one kind", () => {
  const refuses = { errors: ["EACCES"], paths: ["/tmp"] };
  const denies = { gate: "/g", exitCode: 1, message: "no" };
  const isControl = (value: object): boolean => controlSchema.safeParse({ id: "c", ...value }).success;
  expect([
    isControl({ refuses }),
    isControl({ denies }),
    isControl({}),
    isControl({ refuses, denies }),
  ]).toEqual([...[true, true], ...[false, false]]);
});
