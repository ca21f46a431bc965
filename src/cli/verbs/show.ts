import { dirname, join } from "node:path";
import type { Command } from "commander";
import { EXIT, TyrianError } from "../../errors.js";
import type { Playbook, Procedure } from "../../model/playbook.js";
import {
  isForWindows,
  renderAction,
  twinAsProcedure,
  type Variant,
  variantsOf,
} from "../../playbook/render.js";
import { nearest } from "../../playbook/suggest.js";
import { plain } from "../../report/text.js";
import { loadCatalogue } from "../catalogue.js";
import type { Invocation } from "../invocation.js";
import { collect } from "../options.js";

/** Stands for the trial's work folder, which gets its name when a run is planned. */
const WORK = { windows: "C:\\Windows\\Temp\\WORK", elsewhere: "/tmp/WORK" } as const;

export function register(command: Command, invocation: Invocation): void {
  command
    .argument("<id>", "id of a playbook or procedure, a procedure's guid, or a technique")
    .option("--playbooks <path>", "look here and not in the catalogue (may be repeated)", collect, [])
    .option("--json", "print an array of playbooks with the procedures that were asked for")
    .action(
      invocation.action(async (id: string, options: { playbooks: string[]; json?: true }) => {
        const { playbooks } = await loadCatalogue(options.playbooks);
        const found = playbooks
          .map((playbook) => ({
            ...playbook,
            procedures: playbook.procedures.filter((procedure) => isMeant(id, playbook, procedure)),
          }))
          .filter(({ procedures }) => procedures.length > 0);
        if (found.length === 0) {
          const near = nearest(id, playbooks.flatMap(namesOf));
          throw new TyrianError(
            "selection-empty",
            `nothing in the catalogue is called ${JSON.stringify(id)}`,
            near === null ? {} : { hint: `Did you mean ${near}?` },
          );
        }
        if (options.json === true) invocation.output.json(found);
        else invocation.output.data(found.flatMap(describe).join("\n"));
        return EXIT.met;
      }),
    );
}

function namesOf({ id, technique, procedures }: Playbook): string[] {
  return [id, technique, ...procedures.map((procedure) => procedure.id)];
}

function isMeant(id: string, playbook: Playbook, procedure: Procedure): boolean {
  const wanted = id.toLowerCase();
  const technique = playbook.technique.toLowerCase();
  return (
    [playbook.id, technique, procedure.id, procedure.guid].some((each) => each.toLowerCase() === wanted) ||
    technique.startsWith(`${wanted}.`)
  );
}

function describe(playbook: Playbook): string[] {
  const lines = [
    `${playbook.technique}  ${plain(playbook.name)}`,
    `playbook ${playbook.id}  ${plain(playbook.file)}`,
  ];
  for (const procedure of playbook.procedures) {
    lines.push("", `${procedure.id}  ${plain(procedure.name)}`, ...block("  ", procedure.description));
    lines.push(`  guid ${procedure.guid}; platforms ${procedure.platforms.join(", ")}`);
    lines.push(`  effects ${procedure.effects.join(", ") || "none"}; timeout ${procedure.timeout} s`);
    for (const { check, description } of procedure.requires)
      lines.push(`  requires ${plain(description || check)}`);
    for (const { analytic, outcome, execution, because } of procedure.expect) {
      const axis = execution === "ran" ? "" : `, execution ${execution}`;
      lines.push(`  expects ${outcome}${axis} of ${plain(join(dirname(playbook.file), analytic))}`);
      if (because !== undefined) lines.push(...block("    because ", because));
    }
    lines.push(...variantsText(procedure, "  "));
    const twin = twinAsProcedure(procedure);
    if (twin !== null)
      lines.push(`  twin  ${plain(twin.name)}, expects quiet`, ...variantsText(twin, "    "));
  }
  return [...lines, ""];
}

function variantsText(procedure: Procedure, indent: string): string[] {
  return variantsOf(procedure).flatMap((variant: Variant) => {
    const { act, cleanup } = renderAction(
      procedure,
      variant,
      WORK[isForWindows(procedure) ? "windows" : "elsewhere"],
    );
    const values = Object.entries(variant).map(([name, value]) => `${name}=${String(value)}`);
    const lines = [
      `${indent}${plain(`${[act.program, ...act.options].join(" ")} via ${act.via}  (${values.join(", ")})`)}`,
    ];
    lines.push(...block(`${indent}  | `, act.code));
    for (const file of act.files)
      lines.push(`${indent}  file ${file.name}`, ...block(`${indent}  | `, file.content));
    if (cleanup !== "none")
      lines.push(
        ...block(`${indent}  cleanup `, cleanup.run),
        ...block(`${indent}  probe   `, cleanup.probe),
      );
    return lines;
  });
}

/** A text of several lines, each behind the same words. */
function block(before: string, text: string): string[] {
  return text.trim() === ""
    ? []
    : text
        .trimEnd()
        .split("\n")
        .map((line) => before + plain(line));
}
