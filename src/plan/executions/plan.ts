import type { AcceptedMiss } from "../../model/accepted-miss.js";
import type { Expectation } from "../../model/playbook.js";
import type { Plan, Trial } from "../../model/trial.js";
import { RECORDED_CLOCK_MS } from "../../model/trial.js";
import type { AnalyticSet } from "../analytics.js";
import { trialId } from "../identity.js";
import type { ExecutionLog } from "./log.js";
import type { RecordedExecution } from "./schema.js";

/** An execution with what is expected of it: analytics by their ids. */
export interface ExpectedExecution {
  readonly execution: RecordedExecution;
  readonly expectations: readonly Expectation[];
}

export interface ExecutionsRequest {
  readonly run: string;
  readonly recorder: ExecutionLog["recorder"];
  readonly siem: string;
  readonly analytics: AnalyticSet;
  readonly executions: readonly ExpectedExecution[];
  readonly acceptedMisses: readonly AcceptedMiss[];
}

/** A plan of trials that others have executed: it is only asked about, and nothing of it is ever run. */
export function planOfExecutions(request: ExecutionsRequest): Plan {
  const { run, siem, analytics, executions } = request;
  const used = new Set(
    executions.flatMap(({ expectations }) => expectations.map(({ analytic }) => analytic)),
  );
  const accepted = request.acceptedMisses.filter(({ analytic }) => used.has(analytic));
  return {
    run,
    // They were on no lab of Tyrian's.
    lab: "none",
    siem,
    analytics: analytics.analytics.filter(({ id }) => used.has(id)),
    ...(analytics.pipelines.length === 0 ? {} : { pipelines: [...analytics.pipelines] }),
    ...(accepted.length === 0 ? {} : { acceptedMisses: accepted }),
    trials: executions.map((each, index) => trialOf(request, each, index)),
  };
}

function trialOf(
  { run, recorder, executions }: ExecutionsRequest,
  { execution, expectations }: ExpectedExecution,
  index: number,
): Trial {
  const { host, startedAt, endedAt = null, command, pid = null, technique = "" } = execution;
  const name = execution.name ?? command ?? `process ${String(pid)}`;
  const others = executions.filter((_, at) => at !== index).map((other) => other.execution);
  return {
    id: trialId(run, index + 1),
    run,
    ordinal: index + 1,
    playbook: recorder,
    procedure: execution.guid ?? name,
    guid: execution.guid ?? "",
    technique,
    name,
    twin: false,
    target: host,
    // The telemetry that connectors read is that of Linux.
    platform: "linux",
    fidelity: "native",
    variant: {},
    work: "",
    requires: [],
    act: { program: "", options: [], via: "argument", code: command ?? "", files: [], timeoutMs: 0 },
    effects: [],
    controls: [],
    telemetryHost: host,
    // What every execution satisfies: the record is all that there is, and nothing is examined.
    proof: { exitCode: 0, stdout: { matches: "^" } },
    cleanup: "none",
    recorded: {
      recorder,
      command,
      pid,
      startedAt: new Date(startedAt).toISOString(),
      endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
      alone: !others.some((other) => mayBeTaken(other, execution)),
    },
    expectations: [...expectations],
  };
}

/** Whether what is seen of one could be taken for the other: the same command or process on the host, at times that touch. */
function mayBeTaken(one: RecordedExecution, other: RecordedExecution): boolean {
  const differs = <T>(a: T | null | undefined, b: T | null | undefined): boolean =>
    a !== null && a !== undefined && b !== null && b !== undefined && a !== b;
  if (one.host !== other.host || differs(one.command, other.command) || differs(one.pid, other.pid))
    return false;
  const spans = [one, other].map(({ startedAt, endedAt = startedAt }) => ({
    from: Date.parse(startedAt) - RECORDED_CLOCK_MS,
    to: Date.parse(endedAt) + RECORDED_CLOCK_MS,
  }));
  const [a, b] = spans as [{ from: number; to: number }, { from: number; to: number }];
  return a.from <= b.to && b.from <= a.to;
}
