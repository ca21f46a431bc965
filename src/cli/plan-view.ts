import { basename } from "node:path";
import { EXIT, type ExitStatus } from "../errors.js";
import { quote } from "../engine/script.js";
import { actArguments } from "../playbook/act-arguments.js";
import { isForDevices, programsOf } from "../playbook/render.js";
import { windowsCommandLine } from "../playbook/windows-command-line.js";
import type { Procedure } from "../model/playbook.js";
import { counted } from "../report/text.js";
import type { Plan, Trial } from "../model/trial.js";
import type { Output } from "./output.js";

/** Prints what would run: every trial with its exact command, proof, cleanup and expectations. */
export function printPlan(plan: Plan, asJson: boolean, output: Output): ExitStatus {
  if (asJson) output.json(plan);
  else output.data([...plan.trials.map((trial) => trialText(plan, trial)), totals(plan)].join("\n"));
  return EXIT.met;
}

/** What of the selection no selected target can run; null when that is nothing. */
export function unplacedNote(procedures: readonly Procedure[], lab: string): string | null {
  if (procedures.length === 0) return null;
  const platforms = [...new Set(procedures.flatMap(placesOf))].join(", ");
  const are = procedures.length === 1 ? "needs" : "need";
  return `${counted(procedures.length, "procedure")} ${are} a target with the platform ${platforms}, and no selected target of lab ${lab} has it: not runnable here`;
}

/** The platforms of a procedure; of a network device also the kinds whose commands it is written for. */
function placesOf(procedure: Procedure): readonly string[] {
  if (!isForDevices(procedure)) return procedure.platforms;
  return programsOf(procedure).map((profile) => `network (${profile})`);
}

function totals(plan: Plan): string {
  const targets = new Set(plan.trials.map((trial) => trial.target)).size;
  const twins = plan.trials.filter((trial) => trial.twin).length;
  return `${plan.trials.length} trials (${twins} twins) on ${targets} targets of lab ${plan.lab}; nothing was run`;
}

function trialText(plan: Plan, trial: Trial): string {
  const variant = Object.entries(trial.variant).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const command =
    trial.platform === "windows"
      ? windowsCommandLine(trial.act, trial.work)
      : actArguments(trial.act, trial.work).map(quote).join(" ");
  const lines = [
    `${trial.target}  ${trial.technique}  ${trial.procedure}${trial.twin ? " (twin)" : ""}  ${variant.join(" ")}`,
    `    ${indented(command)}`,
  ];
  if (trial.act.via !== "argument") lines.push(`    ${trial.act.via}: ${indented(trial.act.code.trimEnd())}`);
  if (trial.effects.length > 0) lines.push(`    effects: ${trial.effects.join(", ")}`);
  if (trial.cleanup !== "none")
    lines.push(`    cleanup: ${indented(trial.cleanup.run)}`, `    probe: ${indented(trial.cleanup.probe)}`);
  for (const expectation of trial.expectations) {
    const analytic = plan.analytics.find((candidate) => candidate.id === expectation.analytic);
    const others = (analytic?.with ?? []).map(({ file }) => basename(file));
    const beside = others.length === 0 ? "" : ` (with ${others.join(", ")})`;
    lines.push(`    expects ${expectation.outcome}: ${analytic?.title ?? expectation.analytic}${beside}`);
  }
  return `${lines.join("\n")}\n`;
}

function indented(text: string): string {
  return text.replaceAll("\n", "\n      ");
}
