import { compileSigma } from "../../src/detection/sigma/compile.js";
import type { CompiledRule } from "../../src/detection/rule.js";
import type { Alert } from "../../src/model/alert.js";
import { type HostEvent, SENTINEL_WORD } from "../../src/model/event.js";
import type { Execution } from "../../src/model/execution.js";
import type { Observation } from "../../src/model/observation.js";
import type { Trial } from "../../src/model/trial.js";

export const T0 = Date.UTC(2026, 10, 24, 12, 0, 0);

let counter = 0;

/** An exec on host h1, session 7, started by the wrapper (pid 100) unless said otherwise. */
export function exec(argv: string[], over: Partial<HostEvent> = {}): HostEvent {
  counter += 1;
  const sequence = over.sequence ?? counter;
  const image = argv[0]?.startsWith("/") === true ? argv[0] : `/usr/bin/${argv[0]}`;
  return {
    id: `h1/auditd/${sequence}`,
    host: "h1",
    sensor: "auditd",
    kind: "exec",
    logsource: { product: "linux", category: "process_creation" },
    time: T0 + sequence * 4,
    ingestedAt: T0 + sequence * 4 + 3,
    sequence,
    session: "7",
    pid: 1000 + sequence,
    ppid: 100,
    argv,
    error: null,
    fields: { Image: image, CommandLine: argv.join(" ") },
    original: null,
    ...over,
  };
}

export function sentinel(edge: "begin" | "end", trial: string, over: Partial<HostEvent> = {}): HostEvent {
  return exec(["/bin/true", SENTINEL_WORD, edge, trial], over);
}

export function rule(id: string, detection: string): CompiledRule {
  const text = `title: Rule ${id}
id: ${id}
status: test
logsource: { product: linux, category: process_creation }
detection: ${detection}
level: medium
`;
  const { rule: compiled, diagnostics } = compileSigma(text, `${id}.yml`);
  if (compiled === null) throw new Error(JSON.stringify(diagnostics));
  return compiled;
}

export const base64Rule = rule(
  "base64",
  "{ selection: { CommandLine|contains: base64 }, condition: selection }",
);

export function alertOf(ruleId: string, events: HostEvent[] | null, over: Partial<Alert> = {}): Alert {
  counter += 1;
  return {
    id: `${ruleId}@${counter}`,
    rule: ruleId,
    title: ruleId,
    tier: "alert",
    host: "h1",
    createdAt: T0 + 50_000,
    updatedAt: T0 + 50_000,
    evaluatedAt: T0 + 50_000,
    sourceEvents: events === null ? null : events.map((event) => event.id),
    sourcesWhole: true,
    foldedInto: null,
    ...over,
  };
}

export function trialOf(over: Partial<Trial> = {}): Trial {
  return {
    id: "run-0001",
    run: "run",
    ordinal: 1,
    playbook: "p",
    procedure: "q",
    guid: "00000000-0000-4000-8000-000000000000",
    technique: "T1059.004",
    name: "n",
    twin: false,
    target: "h1",
    platform: "linux",
    fidelity: "native",
    variant: { program: "bash" },
    work: "/tmp/tmp.AAAAAAAAAA",
    requires: [],
    act: { program: "bash", options: [], via: "argument", code: "true", files: [], timeoutMs: 1000 },
    effects: [],
    controls: [],
    telemetryHost: "h1",
    proof: { exitCode: 0, stdout: { contains: "x" } },
    cleanup: "none",
    expectations: [{ analytic: "base64", outcome: "detected", execution: "ran" }],
    ...over,
  };
}

export function executionOf(over: Partial<Execution> = {}): Execution {
  return {
    status: "ran",
    reason: null,
    startedAt: new Date(T0).toISOString(),
    endedAt: new Date(T0 + 1000).toISOString(),
    durationMs: 1000,
    exitCode: 0,
    signal: null,
    stdout: "x",
    stderr: "",
    truncated: { stdout: false, stderr: false },
    evidenceFiles: [],
    proof: { met: true, checks: [] },
    ...over,
  };
}

export function observationOf(
  events: HostEvent[],
  alerts: Alert[],
  over: Partial<Observation> = {},
): Observation {
  return {
    siem: "embedded",
    askedAt: T0 + 60_000,
    answeredAt: T0 + 61_000,
    deadlineAt: T0 + 60_500,
    state: "complete",
    delivery: { type: "read" },
    clock: { offsetMs: 0, errorMs: 0 },
    agreeing: 1,
    surroundings: true,
    stateDetail: "",
    events,
    alerts,
    rules: [
      {
        rule: "base64",
        present: true,
        enabled: true,
        evaluatedBy: "embedded",
        schedule: { type: "streaming" },
        throttle: null,
        stateful: false,
      },
    ],
    background: { base64: { matches: 0, observedHours: 1, perDay: 0 } },
    sensor: { lostBefore: 0, lostAfter: 0, running: true, detail: "" },
    ...over,
  };
}
