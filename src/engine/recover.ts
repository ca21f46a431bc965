import type { RunState, TrialRecord } from "../journal/fold.js";
import type { CleanupResult } from "../model/execution.js";
import type { Target } from "../model/target.js";
import { cleanUp } from "./cleanup.js";
import type { EnginePorts } from "./ports.js";

/** Trials that were armed and are not proved clean: what a crash, a lost host or a failed probe left owing. */
export function owedCleanups(state: RunState): TrialRecord[] {
  return state.trials.filter(
    (record) => record.reached.armed !== undefined && record.cleanup?.status !== "clean",
  );
}

/** What became of one owed cleanup. */
export interface RecoveredTrial {
  readonly trial: string;
  readonly target: string;
  readonly cleanup: CleanupResult;
}

/**
 * Does the cleanups that a run still owes. Nothing of a procedure is run again: an act whose end is unknown stays
 * `indeterminate`.
 * @param targetOf null when the inventory no longer has the target: its trial stays owed.
 * @throws what the journal threw, or TyrianError `target-dirty` for a mark that cannot be read; after all cleanups were done.
 */
export async function recover(
  state: RunState,
  targetOf: (name: string) => Target | null,
  ports: EnginePorts,
): Promise<RecoveredTrial[]> {
  const done: RecoveredTrial[] = [];
  const failures: unknown[] = [];
  // A trial that was not armed has done nothing, whatever its mark says.
  const clean = new Set(
    state.trials
      .filter((record) => record.cleanup?.status === "clean" || record.reached.armed === undefined)
      .map(({ trial }) => trial.id),
  );
  for (const { trial, execution } of owedCleanups(state)) {
    const target = targetOf(trial.target);
    const cleanup: CleanupResult =
      target === null
        ? { status: "unverified", detail: `the inventory has no target ${trial.target}`, attempts: 0 }
        : await cleanUp((deadlineMs) => ports.acquire(target, { deadlineMs }), trial, execution?.strays);
    try {
      await ports.journal({ type: "trial-cleaned", trial: trial.id, cleanup }, { barrier: true });
      if (cleanup.status === "clean") clean.add(trial.id);
    } catch (error) {
      // Its target stays withheld; the others' cleanups are owed no less.
      failures.push(error);
    }
    done.push({ trial: trial.id, target: trial.target, cleanup });
  }
  // Also where the crash came between the last journal line and the mark.
  for (const name of new Set(state.trials.map(({ trial }) => trial.target))) {
    try {
      const mark = await ports.withheld.markOf(name);
      if (mark !== null && clean.has(mark.trial)) await ports.withheld.clear(name);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return done;
}
