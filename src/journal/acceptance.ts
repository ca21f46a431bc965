import type { Acceptance, AcceptedMiss } from "../model/accepted-miss.js";
import type { Execution } from "../model/execution.js";
import type { Trial } from "../model/trial.js";
import type { DetectionOutcome, Verdict } from "../model/verdict.js";

/** What can be accepted: the analytic is known not to have fired. A false alarm is none, and what is not decided may be anything. */
const misses: ReadonlySet<DetectionOutcome> = new Set(["logged", "blind", "other-alert", "suppressed"]);

/**
 * The verdict, with the acceptance that a bindings file has for its miss. It counts on the day on which the procedure was
 * executed, so that looking again at an old run never changes it.
 */
export function withAcceptance(
  verdict: Verdict,
  { procedure, twin }: Trial,
  execution: Execution | null,
  accepted: readonly AcceptedMiss[],
): Verdict {
  const day = execution?.startedAt?.slice(0, "2026-12-31".length);
  if (day === undefined || twin || execution?.status !== "ran") return verdict;
  if (verdict.met || verdict.expected !== "detected" || !misses.has(verdict.outcome)) return verdict;
  const found = accepted.find(
    ({ analytic, procedures, expires }) =>
      analytic === verdict.analytic && (procedures?.includes(procedure) ?? true) && day <= expires,
  );
  if (found === undefined) return verdict;
  return { ...verdict, accepted: acceptanceOf(found) };
}

function acceptanceOf({
  analytic: _analytic,
  procedures: _procedures,
  ...acceptance
}: AcceptedMiss): Acceptance {
  return acceptance;
}
