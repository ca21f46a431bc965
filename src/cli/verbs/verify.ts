import type { Command } from "commander";
import { EXIT, TyrianError } from "../../errors.js";
import { resolveRun } from "../../journal/find.js";
import { damageError, readJournal } from "../../journal/read.js";
import { rulesOfPlan } from "../../plan/analytics.js";
import { replay } from "../../verify/replay.js";
import type { Invocation } from "../invocation.js";
import { DEFAULT_RUNS_FOLDER } from "../places.js";

export function register(command: Command, invocation: Invocation): void {
  command
    .argument("<run>", "run id, run folder or `latest`")
    .requiredOption("--replay", "compute every verdict again from the journal alone, and compare")
    .option("--out <folder>", "where runs are kept", DEFAULT_RUNS_FOLDER)
    .option("--json", "one JSON document on stdout")
    .action(
      invocation.action(async (run: string, options: { out: string; json?: boolean }) => {
        const { folder } = await resolveRun(run, options.out);
        const { events, damage } = await readJournal(folder);
        if (damage !== null) throw damageError(folder, damage);
        const plan = events.find((event) => event.type === "run-started")?.plan;
        if (plan === undefined)
          throw new TyrianError("journal-invalid", `${folder}: the journal has no plan`);
        const replayed = replay(events, rulesOfPlan(plan.analytics));
        const different = replayed.filter(({ same }) => !same);
        if (options.json === true) invocation.output.json({ trials: replayed.length, different });
        else {
          for (const { trial, recorded, recomputed } of different) {
            const outcomes = (verdicts: typeof recorded): string =>
              verdicts.map(({ outcome }) => outcome).join(", ");
            invocation.output.data(
              `${trial}  recorded ${outcomes(recorded)}  recomputed ${outcomes(recomputed)}`,
            );
          }
          invocation.output.data(`${replayed.length} trials replayed, ${different.length} different`);
        }
        return different.length === 0 ? EXIT.met : EXIT.notMet;
      }),
    );
}
