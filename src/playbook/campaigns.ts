import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Diagnostic } from "../errors.js";
import { type Campaign, campaignSchema } from "../model/campaign.js";
import type { Playbook } from "../model/playbook.js";
import { explainIssues } from "./explain-issue.js";
import { readText } from "./read-text.js";
import { nearest } from "./suggest.js";
import { readYaml } from "./yaml-source.js";

/** The folder of campaigns beside the playbooks that they are about. */
export const CAMPAIGNS_FOLDER = "campaigns";

/** A campaign, or why there is none. */
export interface LoadedCampaign {
  readonly campaign: Campaign | null;
  readonly diagnostics: Diagnostic[];
}

/** The name of a procedure in a campaign. */
export function referenceOf(playbook: Playbook, procedure: { readonly id: string }): string {
  return `${playbook.id}/${procedure.id}`;
}

/** Reads one campaign and checks that the playbooks have its procedures. Never throws for what is in the file. */
export async function loadCampaign(file: string, playbooks: readonly Playbook[]): Promise<LoadedCampaign> {
  const read = await readText(file);
  if (read.text === null) return { campaign: null, diagnostics: [read.diagnostic] };
  const yaml = readYaml(read.text, file);
  if (yaml.source === null) return { campaign: null, diagnostics: [...yaml.diagnostics] };
  const { source } = yaml;
  const parsed = campaignSchema.safeParse(yaml.value, { reportInput: true });
  if (!parsed.success) {
    return {
      campaign: null,
      diagnostics: explainIssues(parsed.error.issues, campaignSchema, yaml.value, source),
    };
  }
  const known = playbooks.flatMap((playbook) =>
    playbook.procedures.map((procedure) => referenceOf(playbook, procedure)),
  );
  const diagnostics = parsed.data.steps.flatMap(({ procedure }, index): Diagnostic[] => {
    if (known.includes(procedure)) return [];
    const near = nearest(procedure, known);
    return [
      {
        ...source.value(["steps", index, "procedure"]),
        severity: "error",
        code: "procedure-unknown",
        message: `there is no procedure ${procedure}`,
        hint: near === null ? "`tyrian list --json` shows playbooks and procedures" : `did you mean ${near}?`,
      },
    ];
  });
  return { campaign: diagnostics.length > 0 ? null : { ...parsed.data, file }, diagnostics };
}

/** All campaigns (`*.yaml`) of a folder, in the order of their files; none when there is no such folder. */
export async function loadCampaigns(
  folder: string,
  playbooks: readonly Playbook[],
): Promise<{ campaigns: Campaign[]; diagnostics: Diagnostic[] }> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith(".yaml")).sort();
  const loaded = await Promise.all(files.map((name) => loadCampaign(join(folder, name), playbooks)));
  return {
    campaigns: loaded.flatMap(({ campaign }) => campaign ?? []),
    diagnostics: loaded.flatMap(({ diagnostics }) => diagnostics),
  };
}
