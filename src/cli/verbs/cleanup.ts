import type { Command } from "commander";
import { owedCleanups, type RecoveredTrial } from "../../engine/recover.js";
import { foldRun } from "../../journal/fold.js";
import { damageError, readJournal } from "../../journal/read.js";
import { EXIT, type ExitStatus } from "../../errors.js";
import { resolveRun } from "../../journal/find.js";
import type { Invocation } from "../invocation.js";
import { chooseLab } from "../lab-choice.js";
import { DEFAULT_RUNS_FOLDER } from "../places.js";
import { recoverRun } from "../recovery.js";

/**
 * A run that has ended and owes nothing needs no lab.
 * @throws TyrianError `journal-invalid`
 */
async function nothingOwed(folder: string): Promise<boolean> {
  const { events, damage } = await readJournal(folder, { skipObservations: true });
  // Before any lab is looked for: nothing can be cleaned up from it.
  if (damage !== null) throw damageError(folder, damage);
  const state = foldRun(events);
  return state.ended !== null && owedCleanups(state).length === 0;
}

/** One line a trial; for `kill` too. */
export function recoveryText(recovered: readonly RecoveredTrial[]): string {
  return recovered
    .map(
      ({ trial, target, cleanup }) =>
        `${trial}  ${target}  ${cleanup.status}${cleanup.detail === "" ? "" : `: ${cleanup.detail}`}`,
    )
    .join("\n");
}

export function recoveryStatus(recovered: readonly RecoveredTrial[]): ExitStatus {
  return recovered.every(({ cleanup }) => cleanup.status === "clean") ? EXIT.met : EXIT.executionFailed;
}

export function register(command: Command, invocation: Invocation): void {
  command
    .argument("<run>", "run id, run folder or `latest`")
    .option("--lab <file>", "inventory of the lab (default: the embedded lab)")
    .option("--out <folder>", "where runs are kept", DEFAULT_RUNS_FOLDER)
    .action(
      invocation.action(async (run: string, options: { lab?: string; out: string }) => {
        const { folder } = await resolveRun(run, options.out);
        if (await nothingOwed(folder)) {
          invocation.output.note("nothing is owed");
          return EXIT.met;
        }
        const lab = await chooseLab({
          ...(options.lab === undefined ? {} : { file: options.lab }),
          targets: "none",
          signal: invocation.signal,
        });
        try {
          const { output } = invocation;
          const recovered = await recoverRun(folder, lab, (message) => output.warn(message));
          if (recovered.length === 0) output.note("nothing is owed");
          output.data(recoveryText(recovered));
          return recoveryStatus(recovered);
        } finally {
          await lab.release();
        }
      }),
    );
}
