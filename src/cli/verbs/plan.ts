import type { Command } from "commander";
import { newRunId } from "../../plan/identity.js";
import { buildPlan, unplacedProcedures } from "../../plan/plan.js";
import { chooseCampaign } from "../campaign-choice.js";
import { openRunnable } from "../runnable.js";
import type { Invocation } from "../invocation.js";
import { expectedInventory } from "../lab-choice.js";
import { readPipelineTexts } from "../pipeline-option.js";
import { printPlan, unplacedNote } from "../plan-view.js";
import { type RunOptions, addRunOptions, selectionOf } from "../run-options.js";
import { chooseSiem, unboundNote } from "../siem-choice.js";

export function register(command: Command, invocation: Invocation): void {
  addRunOptions(command).action(
    invocation.action(async (paths: string[], options: RunOptions) => {
      const chosen = selectionOf(options);
      const siem = await chooseSiem(options.siem);
      const { playbooks, analytics } = await openRunnable(paths, readPipelineTexts(options.pipeline ?? []));
      const selection = { ...chosen, campaign: await chooseCampaign(options, playbooks) };
      const inventory = await expectedInventory({
        ...(options.lab === undefined ? {} : { file: options.lab }),
        targets: options.targets,
      });
      const plan = buildPlan({
        run: newRunId(new Date()),
        playbooks,
        analytics,
        inventory,
        selection,
        siem: siem.name,
        acceptedMisses: siem.acceptedMisses,
      });
      const note = unplacedNote(unplacedProcedures({ playbooks, inventory, selection }), inventory.name);
      if (note !== null) invocation.output.note(note);
      const unbound = await unboundNote(siem, plan);
      if (unbound !== null) invocation.output.warn(unbound);
      return printPlan(plan, options.json === true, invocation.output);
    }),
  );
}
