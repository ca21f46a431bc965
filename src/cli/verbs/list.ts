import { join } from "node:path";
import type { Command } from "commander";
import { EXIT, type ExitStatus, TyrianError } from "../../errors.js";
import type { Playbook, Procedure } from "../../model/playbook.js";
import { selectProcedures } from "../../plan/selection.js";
import { CAMPAIGNS_FOLDER, loadCampaigns } from "../../playbook/campaigns.js";
import { programsOf, variantsOf } from "../../playbook/render.js";
import { table } from "../../report/table.js";
import { counted, plain } from "../../report/text.js";
import { loadCatalogue } from "../catalogue.js";
import type { Invocation } from "../invocation.js";
import { collect } from "../options.js";
import type { Output } from "../output.js";
import { playbooksFolder } from "../places.js";

interface ListOptions {
  readonly technique: string[];
  readonly tag: string[];
  readonly groups?: true;
  readonly json?: true;
}

export function register(command: Command, invocation: Invocation): void {
  command
    .argument("[path...]", "playbooks or folders; default the catalogue")
    .option("--technique <id>", "only this technique and its sub-techniques (may be repeated)", collect, [])
    .option("--tag <tag>", "only procedures with this tag (may be repeated)", collect, [])
    .option("--groups", "the campaigns of groups, for `run --group`, in place of procedures")
    .option("--json", "print an array of procedures, or of campaigns")
    .action(
      invocation.action(async (paths: string[], options: ListOptions) => {
        const { output } = invocation;
        const { playbooks } = await loadCatalogue(paths);
        if (options.groups === true) return await listCampaigns(playbooks, options.json === true, output);
        const selected = selectProcedures(playbooks, { techniques: options.technique, tags: options.tag });
        if (selected.length === 0)
          throw new TyrianError("selection-empty", "no procedure is selected", {
            hint: "`tyrian list` without options shows all.",
          });
        const entries = selected.map(({ playbook, procedure }) => entryOf(playbook, procedure));
        if (options.json === true) {
          output.json(entries);
          return EXIT.met;
        }
        const rows = entries.map((entry) =>
          [
            entry.technique,
            entry.procedure,
            entry.interpreters.join(","),
            String(entry.variants),
            entry.twin ? "yes" : "no",
            entry.name,
          ].map(plain),
        );
        const head = [
          { title: "technique" },
          { title: "procedure" },
          { title: "interpreter", shrinks: true },
          { title: "variants", align: "right" as const },
          { title: "twin" },
          { title: "name", shrinks: true },
        ];
        for (const line of table(head, rows, output.stdout.width)) output.data(line);
        const variants = entries.reduce((sum, entry) => sum + entry.variants, 0);
        output.note(
          `${counted(entries.length, "procedure")}, ${counted(variants, "variant")} in ${counted(new Set(entries.map(({ playbook }) => playbook)).size, "playbook")}`,
        );
        return EXIT.met;
      }),
    );
}

async function listCampaigns(
  playbooks: readonly Playbook[],
  json: boolean,
  output: Output,
): Promise<ExitStatus> {
  const { campaigns, diagnostics } = await loadCampaigns(
    join(playbooksFolder(), CAMPAIGNS_FOLDER),
    playbooks,
  );
  if (diagnostics.length > 0)
    throw new TyrianError("playbook-invalid", "there are campaigns with errors", { diagnostics });
  if (json) {
    output.json(campaigns);
    return EXIT.met;
  }
  const head = [
    { title: "group" },
    { title: "name" },
    { title: "steps", align: "right" as const },
    { title: "techniques", shrinks: true },
  ];
  const rows = campaigns.map((campaign) => {
    const techniques = selectProcedures(playbooks, { campaign }).map(({ playbook }) => playbook.technique);
    const names = [...new Set(techniques)].sort().join(" ");
    return [campaign.group ?? "", campaign.name, String(campaign.steps.length), names].map(plain);
  });
  for (const line of table(head, rows, output.stdout.width)) output.data(line);
  output.note(`${counted(campaigns.length, "campaign")}; \`tyrian run --group ID\` runs one`);
  return EXIT.met;
}

function entryOf(playbook: Playbook, procedure: Procedure) {
  return {
    playbook: playbook.id,
    file: playbook.file,
    technique: playbook.technique,
    procedure: procedure.id,
    guid: procedure.guid,
    name: procedure.name,
    platforms: procedure.platforms,
    tags: procedure.tags,
    interpreters: programsOf(procedure),
    variants: variantsOf(procedure).length,
    effects: procedure.effects,
    twin: procedure.twin !== undefined,
    expect: procedure.expect,
  };
}
