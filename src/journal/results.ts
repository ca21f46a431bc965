import type { CleanupResult, Execution } from "../model/execution.js";
import type { Results } from "../model/results.js";
import type { RunState, TrialRecord } from "./fold.js";

/** Words for why a trial has no execution of its own; `Execution.reason.code`. */
export const REASON = {
  /** A requirement that the procedure declares is absent on the target. The engine records it. */
  requirementAbsent: "requirement-absent",
  /** Armed, and then the journal says no more: it may or may not have started. Never run again. */
  interruptedAfterArming: "interrupted-after-arming",
  /** It ended, but its proof was never looked at. */
  interruptedBeforeCheck: "interrupted-before-check",
  /** Nothing was done on the target. */
  notReached: "not-reached",
} as const;

/** `results.json` of a run, finished or not. Nothing that the journal does not say is assumed. */
export function toResults(state: RunState): Results {
  const trials = state.trials.map(trialResult);
  const verdicts = trials.flatMap((trial) => trial.verdicts);
  const byOutcome: Results["summary"]["byOutcome"] = {};
  for (const { outcome } of verdicts) byOutcome[outcome] = (byOutcome[outcome] ?? 0) + 1;
  const met = verdicts.filter((verdict) => verdict.met).length;
  return {
    schemaVersion: 1,
    run: {
      id: state.id,
      startedAt: state.startedAt ?? "",
      endedAt: state.endedAt,
      lab: state.plan?.lab ?? "",
      siem: state.plan?.siem ?? "",
      version: state.version,
      ended: state.ended,
    },
    trials,
    summary: { byOutcome, met, notMet: verdicts.length - met },
  };
}

function trialResult(record: TrialRecord): Results["trials"][number] {
  const { trial } = record;
  const { status, detail } = cleanupOf(record);
  return {
    id: trial.id,
    playbook: trial.playbook,
    procedure: trial.procedure,
    guid: trial.guid,
    name: trial.name,
    technique: trial.technique,
    target: trial.target,
    platform: trial.platform,
    fidelity: trial.fidelity,
    variant: trial.variant,
    twin: trial.twin,
    execution: executionOf(record),
    verdicts: [...record.verdicts],
    cleanup: { status, detail },
  };
}

/** The execution of a trial as far as it is proved: what was armed and never seen to end is `indeterminate`. */
export function executionOf(record: TrialRecord): Execution {
  const { execution, reached } = record;
  if (execution !== null) {
    const unproved = execution.status === "ran" && execution.proof === null && reached.checked === undefined;
    if (!unproved) return execution;
    return {
      ...execution,
      status: "indeterminate",
      reason: { code: REASON.interruptedBeforeCheck, message: "it ended, but its proof was not examined" },
    };
  }
  if (reached.armed !== undefined) {
    return unseenExecution("indeterminate", {
      code: REASON.interruptedAfterArming,
      message: "it was armed, and whether it started is not known; it is never run again",
    });
  }
  return unseenExecution("not-run", { code: REASON.notReached, message: "nothing was done on the target" });
}

/** The cleanup of a trial as far as it is proved. Only a trial that was never armed is clean by itself. */
export function cleanupOf(record: TrialRecord): CleanupResult {
  if (record.cleanup !== null) return record.cleanup;
  return record.reached.armed === undefined
    ? { status: "clean", detail: "nothing was done on the target", attempts: 0 }
    : { status: "unverified", detail: "no cleanup is recorded", attempts: 0 };
}

/** An execution of which nothing was seen: it never began, or nobody knows. */
export function unseenExecution(
  status: Execution["status"],
  reason: NonNullable<Execution["reason"]>,
): Execution {
  return {
    status,
    reason,
    startedAt: null,
    endedAt: null,
    durationMs: null,
    exitCode: null,
    signal: null,
    stdout: "",
    stderr: "",
    truncated: { stdout: false, stderr: false },
    evidenceFiles: [],
    proof: null,
  };
}
