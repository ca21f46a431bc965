import { EXIT, type ExitStatus } from "../errors.js";
import type { Results } from "../model/results.js";
import { REASON } from "./results.js";

export interface ExitOptions {
  /** A trial whose declared requirement is absent counts as not executed. */
  readonly strict: boolean;
}

/**
 * The exit status of a run: 130 interrupted, 3 an execution failed or is indeterminate or a target is not proved clean,
 * 4 undecided, 1 an expectation not met, 0 all met; the first that holds. (2, invalid input, never has a run.)
 */
export function exitStatus(results: Results, { strict }: ExitOptions): ExitStatus {
  if (results.run.ended === "interrupted" || results.run.ended === "killed") return EXIT.interrupted;
  const statuses = results.trials.map((trial) => trialStatus(trial, strict));
  // A run without a start has no trials either; it executed nothing.
  if (results.run.startedAt === "") return EXIT.executionFailed;
  return (
    ([EXIT.executionFailed, EXIT.undecided, EXIT.notMet] as const).find((status) =>
      statuses.includes(status),
    ) ?? EXIT.met
  );
}

type TrialResult = Results["trials"][number];

/** Whether a trial was left out because a requirement that its procedure declares is absent on the target. */
export function lacksRequirement({ execution }: Pick<TrialResult, "execution">): boolean {
  return execution.status === "not-run" && execution.reason?.code === REASON.requirementAbsent;
}

/** What one trial contributes to the exit status. */
export function trialStatus(trial: TrialResult, strict: boolean): ExitStatus {
  const { execution, verdicts, cleanup } = trial;
  if (cleanup.status !== "clean") return EXIT.executionFailed;
  if (lacksRequirement(trial)) return strict ? EXIT.executionFailed : EXIT.met;
  // A playbook may expect that its procedure fails or does not run; what is indeterminate can never be what was expected.
  const asExpected = verdicts.length > 0 && verdicts.every((verdict) => verdict.met);
  if (execution.status === "indeterminate") return EXIT.executionFailed;
  if ((execution.status === "failed" || execution.status === "not-run") && !asExpected) {
    return EXIT.executionFailed;
  }
  if (verdicts.length === 0) return EXIT.undecided;
  const missed = verdicts.filter((verdict) => !verdict.met && verdict.accepted === undefined);
  // A control stopped what was expected to run: that is known, although its detection is not decided.
  if (execution.status === "prevented") return missed.length > 0 ? EXIT.notMet : EXIT.met;
  if (missed.some(({ outcome }) => outcome === "undecided" || outcome === "pending")) return EXIT.undecided;
  return missed.length > 0 ? EXIT.notMet : EXIT.met;
}
