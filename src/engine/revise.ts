import type { CompiledRule } from "../detection/rule.js";
import { executionOf } from "../journal/results.js";
import type { RunState, TrialRecord } from "../journal/fold.js";
import type { Verdict } from "../model/verdict.js";
import type { Siem } from "../siem/siem.js";
import { SentinelLag } from "../verify/sentinel-lag.js";
import { type JudgeSettings, record, verdictsOn } from "./judge.js";
import type { EnginePorts } from "./ports.js";
import type { ActedTrial } from "./trial.js";

/**
 * Trials whose SIEM may say more by now: those that have a verdict which waits for evidence, and those that ran and were never
 * judged. What did not run has nothing to be asked about.
 */
export function openTrials(state: RunState): TrialRecord[] {
  return state.trials.filter(
    (record) =>
      wasActed(record) &&
      (record.verdicts.length === 0 ||
        record.verdicts.some(({ outcome }) => outcome === "pending" || outcome === "undecided")),
  );
}

/** Whether the trial has an execution about which a SIEM can be asked. */
export function wasActed(record: TrialRecord): boolean {
  const { status, startedAt } = executionOf(record);
  return startedAt !== null && (status === "ran" || status === "prevented" || status === "failed");
}

/** What became of one trial that was asked about again. */
export interface RevisedTrial {
  readonly trial: string;
  readonly before: readonly Verdict[];
  /** The same as before when the SIEM has nothing new that counts. */
  readonly after: readonly Verdict[];
  readonly changed: boolean;
  /** Why the answer was not whole; empty otherwise. */
  readonly detail: string;
}

/**
 * Asks the SIEM again about trials that it was asked about before. Evidence that came later appends a revision; nothing is
 * overwritten, and an answer that is not whole changes nothing unless an alert in it decides.
 * @throws what the journal threw.
 */
export async function revise(
  records: readonly TrialRecord[],
  siem: Siem,
  rules: ReadonlyMap<string, CompiledRule>,
  ports: Pick<EnginePorts, "journal">,
  settings: Pick<JudgeSettings, "patience" | "signal"> = {},
): Promise<RevisedTrial[]> {
  const lag = new SentinelLag();
  return await Promise.all(
    records.map(async (earlier): Promise<RevisedTrial> => {
      const { trial, verdicts: before, observation } = earlier;
      const acted: ActedTrial = {
        trial,
        execution: executionOf(earlier),
        cleanup: earlier.cleanup ?? { status: "unverified", detail: "", attempts: 0 },
        lostBefore: observation?.sensor.lostBefore ?? null,
      };
      const judged = await verdictsOn(acted, siem, rules, {
        ...settings,
        lag,
        ...(observation === null ? {} : { earlier: observation }),
      });
      const after = numbered(before, judged.verdicts);
      const whole = judged.observation?.state === "complete";
      const changed = !isSame(before, after) && (whole || after.every(isDecided));
      if (changed) await record(acted, { ...judged, verdicts: after }, ports);
      return {
        trial: trial.id,
        before,
        after: changed ? after : before,
        changed,
        detail: whole ? "" : (judged.observation?.stateDetail ?? ""),
      };
    }),
  );
}

function isDecided({ outcome }: Verdict): boolean {
  return outcome !== "pending" && outcome !== "undecided";
}

/** The later verdicts, each with the number that follows the one it replaces. */
function numbered(before: readonly Verdict[], after: readonly Verdict[]): Verdict[] {
  return after.map((verdict) => {
    const earlier = before.find(({ analytic }) => analytic === verdict.analytic);
    return { ...verdict, revision: (earlier?.revision ?? 0) + 1 };
  });
}

/** Whether the verdicts say the same. Times in a cause's words, and how often the rule fires without us, change by themselves. */
function isSame(before: readonly Verdict[], after: readonly Verdict[]): boolean {
  const said = (verdicts: readonly Verdict[]): string =>
    JSON.stringify(
      verdicts.map(({ analytic, outcome, tier, attribution, evidence, cause }) => [
        analytic,
        outcome,
        tier,
        attribution,
        evidence,
        cause?.link,
      ]),
    );
  return said(before) === said(after);
}
