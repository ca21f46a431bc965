import { join } from "node:path";
import { type Command, Option } from "commander";
import { exitStatus } from "../../journal/exit-status.js";
import { toResults } from "../../journal/results.js";
import { newRunId } from "../../plan/identity.js";
import { buildPlan, unplacedProcedures } from "../../plan/plan.js";
import { chooseCampaign } from "../campaign-choice.js";
import { openAnnouncing } from "../announcing.js";
import { openRunnable } from "../runnable.js";
import type { Invocation } from "../invocation.js";
import { chooseLab, expectedInventory } from "../lab-choice.js";
import { showLive } from "../live-view.js";
import { wholeNumber } from "../options.js";
import { DEFAULT_RUNS_FOLDER } from "../places.js";
import { MOST_CONCURRENT, type RunOptions, addRunOptions, selectionOf, titleOf } from "../run-options.js";
import { readPipelineTexts } from "../pipeline-option.js";
import { executeRun } from "../run-session.js";
import { chooseSiem, unboundNote } from "../siem-choice.js";
import { printPlan, unplacedNote } from "../plan-view.js";

interface Options extends RunOptions {
  readonly out: string;
  readonly concurrency: number;
  readonly dryRun?: boolean;
  readonly strict?: boolean;
  readonly ndjson?: boolean;
}

export function register(command: Command, invocation: Invocation): void {
  addRunOptions(command)
    .option("--out <folder>", "where the run's folder is made", DEFAULT_RUNS_FOLDER)
    .option("--concurrency <n>", "targets that are acted on at once", wholeNumber(1, MOST_CONCURRENT), 50)
    .option("--dry-run", "print what would run, with exact commands, and run nothing")
    .option("--strict", "a missing requirement counts as a failure")
    .addOption(
      new Option("--ndjson", "journal events on stdout as they happen, instead of the summary").conflicts(
        "json",
      ),
    )
    .action(
      invocation.action(async (paths: string[], options: Options) => {
        const chosen = selectionOf(options);
        const siem = await chooseSiem(options.siem);
        const catalogue = await openRunnable(paths, readPipelineTexts(options.pipeline ?? []));
        const selection = { ...chosen, campaign: await chooseCampaign(options, catalogue.playbooks) };
        const run = newRunId(new Date());
        const request = {
          run,
          playbooks: catalogue.playbooks,
          analytics: catalogue.analytics,
          selection,
          siem: siem.name,
          acceptedMisses: siem.acceptedMisses,
        };
        // Planned before the lab is touched, so that bad input never reaches a host.
        const expected = await expectedInventory({
          ...(options.lab === undefined ? {} : { file: options.lab }),
          targets: options.targets,
        });
        const rehearsal = buildPlan({ ...request, inventory: expected });
        const note = unplacedNote(unplacedProcedures({ ...request, inventory: expected }), expected.name);
        if (note !== null) invocation.output.note(note);
        const unbound = await unboundNote(siem, rehearsal);
        if (unbound !== null) invocation.output.warn(unbound);
        if (options.dryRun === true) return printPlan(rehearsal, options.json === true, invocation.output);

        const { output, signal } = invocation;
        const announcing = await openAnnouncing();
        const lab = await chooseLab({
          ...(options.lab === undefined ? {} : { file: options.lab }),
          targets: options.targets,
          signal,
          onStart: () => output.note(`starting the embedded lab with ${options.targets} hosts`),
        });
        try {
          const folder = join(options.out, run);
          const plan = buildPlan({ ...request, inventory: lab.inventory, labIdentity: lab.identity });
          const reference = options.out === DEFAULT_RUNS_FOLDER ? run : folder;
          const ownLab = options.lab === undefined ? "" : ` --lab ${options.lab}`;
          output.note(
            `run ${run} begins; interrupted or crashed, \`tyrian cleanup ${reference}${ownLab}\` cleans up`,
          );
          const live = showLive(output, { events: options.ndjson === true });
          const state = await executeRun({
            plan,
            title: titleOf(paths, options),
            lab,
            siem,
            rules: catalogue.analytics.rules,
            folder,
            concurrency: options.concurrency,
            signal,
            announcing,
            onEvent: live.event,
            onWarning: live.warning,
          }).finally(() => live.close());
          const results = toResults(state);
          if (options.json === true) output.json(results);
          else if (options.ndjson !== true) {
            const { renderSummary } = await import("../../report/summary.js");
            output.data(
              renderSummary(state, {
                width: output.stdout.width,
                color: output.stdout.color,
                folder,
                reference,
              }),
            );
          }
          return exitStatus(results, { strict: options.strict === true });
        } finally {
          await announcing?.close();
          await lab.release();
        }
      }),
    );
}
