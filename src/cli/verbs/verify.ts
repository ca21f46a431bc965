import { type Command, Option } from "commander";
import type { RevisedTrial } from "../../engine/revise.js";
import { EXIT, type ExitStatus, TyrianError } from "../../errors.js";
import { exitStatus } from "../../journal/exit-status.js";
import { resolveRun } from "../../journal/find.js";
import { foldRun } from "../../journal/fold.js";
import { damageError, readJournal } from "../../journal/read.js";
import { toResults } from "../../journal/results.js";
import type { JournalEvent } from "../../model/journal-event.js";
import type { Verdict } from "../../model/verdict.js";
import { rulesOfPlan } from "../../plan/analytics.js";
import { replay } from "../../verify/replay.js";
import type { Invocation } from "../invocation.js";
import { chooseLab } from "../lab-choice.js";
import { collect } from "../options.js";
import { DEFAULT_RUNS_FOLDER } from "../places.js";
import { reviseRun, trialsToRevise } from "../revision.js";

interface Options {
  readonly from?: string;
  readonly siem?: string;
  readonly analytic: string[];
  readonly replay?: true;
  readonly all?: true;
  readonly lab?: string;
  readonly out: string;
  readonly json?: true;
}

export function register(command: Command, invocation: Invocation): void {
  command
    .argument("[run]", "run id, run folder or `latest`")
    .addOption(
      new Option(
        "--from <file>",
        "judge what others executed: Tyrian's form, a log of Invoke-AtomicRedTeam, ATTiRe or Caldera",
      ).conflicts(["replay", "all", "lab"]),
    )
    .option("--siem <name>", "with --from: the SIEM that is asked, NAME[@ENVIRONMENT] of tyrian.config.yaml")
    .option(
      "--analytic <file>",
      "with --from: expected where nothing else says what is; FILE or FILE#RULE; may be repeated",
      collect,
      [],
    )
    .option("--replay", "ask nobody: compute every verdict again from the journal alone, and compare")
    .option("--all", "ask about every trial that acted, not only about verdicts that wait for evidence")
    .option("--lab <file>", "inventory of the lab (default: the embedded lab)")
    .option("--out <folder>", "where runs are kept", DEFAULT_RUNS_FOLDER)
    .option("--json", "one JSON document on stdout")
    .addHelpText(
      "after",
      "\nWithout --replay the SIEM is asked again about verdicts that are `pending` or `undecided`. What it shows by now is\n" +
        "appended as a revision; nothing is overwritten, and nothing runs on a target.\n" +
        "With --from nothing is run either: docs/verify-from.md.\n" +
        "Exit status: that of the run as it then is; with --replay 1 when a verdict comes out differently.",
    )
    .action(
      invocation.action(async (run: string | undefined, options: Options) => {
        if (options.from !== undefined) {
          if (run !== undefined) throw new TyrianError("usage", "give a run or --from, not both");
          const { verifyFrom } = await import("../verify-from.js");
          return await verifyFrom({ ...options, from: options.from }, invocation);
        }
        if (run === undefined)
          throw new TyrianError("usage", "missing required argument 'run', or --from FILE");
        const { folder } = await resolveRun(run, options.out);
        // Before any lab is looked for.
        const { events, damage } = await readJournal(folder);
        if (damage !== null) throw damageError(folder, damage);
        return options.replay === true
          ? replayRun(events, folder, options, invocation)
          : await askAgain(events, folder, options, invocation);
      }),
    );
}

function replayRun(
  events: readonly JournalEvent[],
  folder: string,
  options: Options,
  { output }: Invocation,
): ExitStatus {
  const plan = events.find((event) => event.type === "run-started")?.plan;
  if (plan === undefined) throw new TyrianError("journal-invalid", `${folder}: the journal has no plan`);
  const replayed = replay(events, rulesOfPlan(plan));
  const different = replayed.filter(({ same }) => !same);
  if (options.json === true) output.json({ trials: replayed.length, different });
  else {
    for (const { trial, recorded, recomputed } of different) {
      output.data(`${trial}  recorded ${outcomesOf(recorded)}  recomputed ${outcomesOf(recomputed)}`);
    }
    output.data(`${replayed.length} trials replayed, ${different.length} different`);
  }
  return different.length === 0 ? EXIT.met : EXIT.notMet;
}

async function askAgain(
  events: readonly JournalEvent[],
  folder: string,
  options: Options,
  invocation: Invocation,
): Promise<ExitStatus> {
  const { output, signal } = invocation;
  const scope = options.all === true ? "all" : "open";
  const before = foldRun(events);
  let revised: readonly RevisedTrial[] = [];
  let state = before;
  if (trialsToRevise(before, scope).length > 0) {
    const file = options.lab === undefined ? {} : { file: options.lab };
    const isOfOthers = before.trials.every(({ trial }) => trial.recorded !== undefined);
    const lab = isOfOthers ? null : await chooseLab({ ...file, targets: "none", signal });
    try {
      ({ revised, state } = await reviseRun(folder, lab, scope, signal));
    } finally {
      await lab?.release();
    }
  }
  const changed = revised.filter((trial) => trial.changed);
  if (options.json === true) output.json({ asked: revised.length, changed: changed.length, trials: revised });
  else {
    for (const trial of revised) output.data(revisionText(trial));
    output.note(
      revised.length === 0
        ? "no verdict waits for evidence"
        : `${revised.length} trials asked about again, ${changed.length} revised`,
    );
  }
  return signal.aborted ? EXIT.interrupted : exitStatus(toResults(state), { strict: false });
}

function revisionText({ trial, before, after, changed, detail }: RevisedTrial): string {
  if (changed)
    return `${trial}  ${before.length === 0 ? "not judged" : outcomesOf(before)} -> ${outcomesOf(after)}`;
  return `${trial}  still ${outcomesOf(after)}${detail === "" ? "" : ` (${detail})`}`;
}

function outcomesOf(verdicts: readonly Verdict[]): string {
  return verdicts.map(({ outcome }) => outcome).join(", ");
}
