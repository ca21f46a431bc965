import type { AcceptedMiss } from "../../src/model/accepted-miss.js";
import type { Execution } from "../../src/model/execution.js";
import type { HostEvent } from "../../src/model/event.js";
import type { JournalEntry, JournalEvent } from "../../src/model/journal-event.js";
import type { Observation } from "../../src/model/observation.js";
import type { Plan, Trial } from "../../src/model/trial.js";
import type { Cause, DetectionOutcome, Verdict } from "../../src/model/verdict.js";

/** Builders of whole, valid runs for the tests of the journal and the reports. */

export const RUN = "20261124-0350-abcd";

export function aTrial(ordinal: number, changes: Partial<Trial> = {}): Trial {
  return {
    id: `${RUN}-${ordinal}`,
    run: RUN,
    ordinal,
    playbook: "t1059.004-unix-shell",
    procedure: "decode-and-pipe-to-shell",
    guid: "4f0d3f0e-7a34-4d0c-8a55-0a4a2a2b8a01",
    technique: "T1059.004",
    name: "A base64 text is decoded and piped to a shell",
    twin: false,
    target: "h1",
    platform: "linux",
    fidelity: "native",
    variant: { program: "bash", word: "hello" },
    work: "/tmp/w1",
    requires: [],
    act: { program: "bash", options: [], via: "argument", code: "echo hello", files: [], timeoutMs: 30_000 },
    effects: [],
    proof: { exitCode: 0, stdout: { contains: "hello" } },
    cleanup: "none",
    controls: [],
    telemetryHost: "h1",
    expectations: [{ analytic: "base64-piped-to-shell", outcome: "detected", execution: "ran" }],
    ...changes,
  };
}

export function aPlan(trials: Trial[]): Plan {
  return {
    run: RUN,
    lab: "embedded",
    siem: "embedded",
    analytics: [
      {
        id: "base64-piped-to-shell",
        title: "Base64 decoded and piped to a shell",
        language: "sigma",
        file: "playbooks/t1059.004-unix-shell/analytics/base64-piped-to-shell.yml",
        text: "title: Base64 decoded and piped to a shell\n",
        hash: "0".repeat(64),
      },
    ],
    trials,
  };
}

export function anExecution(changes: Partial<Execution> = {}): Execution {
  return {
    status: "ran",
    reason: null,
    startedAt: "2026-11-24T03:50:01.000Z",
    endedAt: "2026-11-24T03:50:01.100Z",
    durationMs: 100,
    exitCode: 0,
    signal: null,
    stdout: "hello\n",
    stderr: "",
    truncated: { stdout: false, stderr: false },
    evidenceFiles: [],
    proof: {
      met: true,
      checks: [{ check: "stdout contains", wanted: "hello", found: "hello\n", met: true }],
    },
    ...changes,
  };
}

export function aVerdict(outcome: DetectionOutcome, changes: Partial<Verdict> = {}): Verdict {
  return {
    analytic: "base64-piped-to-shell",
    title: "Base64 decoded and piped to a shell",
    expected: "detected",
    outcome,
    met: (changes.expected ?? "detected") === outcome,
    tier: outcome === "detected" ? "alert" : null,
    evaluatedBy: "embedded",
    attribution: outcome === "detected" ? "exact" : null,
    background: { matches: 0, observedHours: 1, perDay: 0 },
    latency: { event: 3, ingest: 12, rule: 1, alert: 0 },
    evidence: ["h1/auditd/1:7"],
    cause: outcome === "detected" || outcome === "quiet" ? null : aCause(),
    revision: 1,
    ...changes,
  };
}

export function aCause(changes: Partial<Cause> = {}): Cause {
  return {
    link: "clause",
    detail: "1 of 2 clauses was met by the nearest event",
    nearest: {
      event: "h1/auditd/1:7",
      summary: "bash -c 'echo aGVsbG8= | openssl base64 -d | bash'",
      met: 1,
      needed: 2,
      unmet: [
        {
          clause: "selection: CommandLine|contains",
          field: "CommandLine",
          wanted: "base64 -d",
          found: "openssl enc -d -base64",
          change: "add `openssl enc` to the list",
        },
      ],
    },
    tested: ["execution", "host-log", "ingest", "fields"],
    untested: [{ link: "exception", reason: "the rule has no exception list" }],
    ...changes,
  };
}

export function anEvent(changes: Partial<HostEvent> = {}): HostEvent {
  return {
    id: "h1/auditd/1:7",
    host: "h1",
    sensor: "auditd",
    kind: "exec",
    logsource: { product: "linux", category: "process_creation" },
    time: 1795492201005.5,
    ingestedAt: 1795492201010,
    sequence: 7,
    session: "4",
    pid: 100,
    ppid: 99,
    argv: ["bash", "-c", "echo hello"],
    error: null,
    fields: { Image: "/usr/bin/bash", CommandLine: "bash -c echo hello" },
    original: { lines: ["type=SYSCALL"] },
    ...changes,
  };
}

export function anObservation(changes: Partial<Observation> = {}): Observation {
  return {
    siem: "embedded",
    askedAt: 1795492201100,
    answeredAt: 1795492201200,
    deadlineAt: 1795492231200,
    state: "complete",
    stateDetail: "",
    delivery: { type: "read" },
    clock: { offsetMs: 0, errorMs: 0 },
    agreeing: 1,
    agreedAt: 1795492201200,
    surroundings: false,
    events: [anEvent()],
    alerts: [],
    rules: [],
    background: {},
    sensor: { lostBefore: 0, lostAfter: 0, running: true, detail: "" },
    ...changes,
  };
}

/** The entries of one trial's whole life. */
export function lifeOf(trial: Trial, verdicts: Verdict[], execution = anExecution()): JournalEntry[] {
  const of = { trial: trial.id };
  return [
    { ...of, type: "trial-prepared" },
    { ...of, type: "trial-armed" },
    { ...of, type: "trial-executed", execution: { ...execution, proof: null } },
    { ...of, type: "trial-checked", execution },
    { ...of, type: "trial-cleaned", cleanup: { status: "clean", detail: "nothing was left", attempts: 1 } },
    { ...of, type: "trial-observed", observation: anObservation() },
    { ...of, type: "trial-verified", verdicts },
  ];
}

export function started(trials: Trial[], acceptedMisses?: AcceptedMiss[]): JournalEntry {
  const plan = { ...aPlan(trials), ...(acceptedMisses === undefined ? {} : { acceptedMisses }) };
  return { type: "run-started", version: "0.1.0", title: "demo", pid: 4242, plan };
}

export const completed: JournalEntry = { type: "run-ended", reason: "completed" };

/** The entries as the journal would number and date them: one a second from 03:50:00. */
export function numbered(entries: readonly JournalEntry[]): JournalEvent[] {
  return entries.map((entry, index) => ({
    seq: index + 1,
    at: new Date(Date.UTC(2026, 10, 24, 3, 50, index)).toISOString(),
    run: RUN,
    ...entry,
  }));
}
