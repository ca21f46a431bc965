import { compileSigma } from "../../src/detection/sigma/compile.js";
import type { CompiledRule } from "../../src/detection/rule.js";
import type { Alert } from "../../src/model/alert.js";
import { type HostEvent, SENTINEL_WORD } from "../../src/model/event.js";
import type { Execution } from "../../src/model/execution.js";
import type { Delivery, Observation, RuleStatus } from "../../src/model/observation.js";
import type { Trial } from "../../src/model/trial.js";
import type { Verdict } from "../../src/model/verdict.js";
import { decide } from "../../src/verify/decide.js";

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

export function rule(
  id: string,
  detection: string,
  logsource = "{ product: linux, category: process_creation }",
): CompiledRule {
  const text = `title: Rule ${id}
id: ${id}
status: test
logsource: ${logsource}
detection: ${detection}
level: medium
`;
  const { rule: compiled, diagnostics } = compileSigma(text, `${id}.yml`);
  if (compiled === null) throw new Error(JSON.stringify(diagnostics));
  return compiled;
}

/** An act of the trial `run-0001` that no rule matches: it begins at T0 and its records arrive within a second. */
export const begin = sentinel("begin", "run-0001", { sequence: 1 });
export const root = exec(["bash", "-c", "true"], { sequence: 2 });
export const end = sentinel("end", "run-0001", { sequence: 3 });
export const harmless = [begin, root, end];

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
    agreedAt: over.answeredAt ?? T0 + 61_000,
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
        throttles: [],
        stateful: false,
      },
    ],
    background: { base64: { matches: 0, observedHours: 1, perDay: 0 } },
    sensor: { lostBefore: 0, lostAfter: 0, running: true, detail: "" },
    ...over,
  };
}

/** A minute for telemetry, five seconds for alerts. */
export const shipped = {
  type: "shipped",
  longestLagMs: 60_000,
  longestAlertLagMs: 5_000,
} as const satisfies Delivery;

/** An answer of a SIEM to which records travel, two of which agreed; long after everything must have arrived. */
export function shippedOf(
  events: HostEvent[],
  alerts: Alert[],
  over: Partial<Observation> = {},
): Observation {
  return observationOf(events, alerts, {
    delivery: shipped,
    agreeing: 2,
    agreedAt: over.answeredAt ?? T0 + 61_000,
    deadlineAt: T0 + 61_000,
    answeredAt: T0 + 600_000,
    rules: [statusOf()],
    ...over,
  });
}

/** A deployed streaming rule of the SIEM. */
export function statusOf(over: Partial<RuleStatus> = {}): RuleStatus {
  return {
    rule: "base64",
    present: true,
    enabled: true,
    evaluatedBy: "siem-rule",
    schedule: { type: "streaming" },
    throttles: [],
    stateful: false,
    ...over,
  };
}

/**
 * A deployed rule that is evaluated each minute.
 * @param starts when its completed evaluations began, milliseconds after T0; each takes a second
 */
export function scheduledOf(
  lookBackMs: number,
  starts: readonly number[],
  over: { intervalMs?: number; windowOver?: "event-time" | "ingest-time" } = {},
): RuleStatus {
  return statusOf({
    schedule: {
      type: "scheduled",
      intervalMs: 60_000,
      lookBackMs,
      windowOver: "event-time",
      evaluations: starts.map((start) => ({
        startedAt: T0 + start,
        completedAt: T0 + start + 1_000,
        from: T0 + start - lookBackMs,
        to: T0 + start,
      })),
      ...over,
    },
  });
}

export const twin: Partial<Trial> = {
  twin: true,
  expectations: [{ analytic: "base64", outcome: "quiet", execution: "ran" }],
};

/** The one verdict of the trial that `trialOf` makes. */
export function verdictOf(
  observation: Observation | null,
  over: { trial?: Partial<Trial>; execution?: Partial<Execution>; rule?: CompiledRule } = {},
): Verdict {
  const judged = over.rule ?? base64Rule;
  const expectations = [{ analytic: judged.id, outcome: "detected" as const, execution: "ran" as const }];
  const [first] = decide({
    trial: trialOf({ expectations, ...over.trial }),
    execution: executionOf(over.execution),
    observation,
    rules: new Map([[judged.id, judged]]),
  });
  if (first === undefined) throw new Error("no verdict");
  return first;
}

/** What a verdict says in two words: its outcome, and the link of its cause. */
export function said({ outcome, cause }: Verdict): [string, string | null] {
  return [outcome, cause?.link ?? null];
}
