import { join } from "node:path";
import { TyrianError } from "../errors.js";
import type { Campaign } from "../model/campaign.js";
import type { Playbook } from "../model/playbook.js";
import { CAMPAIGNS_FOLDER, loadCampaign, loadCampaigns } from "../playbook/campaigns.js";
import { counted } from "../report/text.js";
import { playbooksFolder } from "./places.js";

/** The shipped campaigns. */
function campaignsFolder(): string {
  return join(playbooksFolder(), CAMPAIGNS_FOLDER);
}

/**
 * The campaign that the options ask for: a shipped one by its group, or one of a file; undefined when they ask for none.
 * @throws TyrianError `selection-empty` for a group that no shipped campaign is about; `playbook-invalid` for a campaign
 * with errors.
 */
export async function chooseCampaign(
  options: { readonly group?: string; readonly campaign?: string },
  playbooks: readonly Playbook[],
): Promise<Campaign | undefined> {
  if (options.campaign !== undefined) {
    const { campaign, diagnostics } = await loadCampaign(options.campaign, playbooks);
    if (campaign !== null) return campaign;
    throw new TyrianError(
      "playbook-invalid",
      `the campaign has ${counted(diagnostics.length, "error")}; nothing was run`,
      { diagnostics },
    );
  }
  if (options.group === undefined) return undefined;
  const { campaigns, diagnostics } = await loadCampaigns(campaignsFolder(), playbooks);
  const wanted = options.group.toLowerCase();
  const found = campaigns.find(
    ({ group, name }) => group?.toLowerCase() === wanted || name.toLowerCase() === wanted,
  );
  if (found !== undefined) return found;
  throw new TyrianError("selection-empty", `no campaign is about the group ${options.group}`, {
    hint: `There are: ${campaigns.map(({ group, name }) => `${group ?? ""} ${name}`.trim()).join(", ")}.`,
    diagnostics,
  });
}
