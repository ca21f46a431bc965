import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { selectProcedures } from "../../src/plan/selection.js";
import { CAMPAIGNS_FOLDER, loadCampaigns } from "../../src/playbook/campaigns.js";
import { loadPlaybooks } from "../../src/playbook/load.js";
import { skippedFor } from "../skipped.js";
import { shelf } from "./shelf.js";

const facts = resolve(import.meta.dirname, "../../../shared/attack/t1059.json");
const groups = existsSync(facts)
  ? z
      .object({
        groups: z.array(z.object({ id: z.string(), name: z.string(), techniques: z.array(z.string()) })),
      })
      .parse(JSON.parse(readFileSync(facts, "utf8"))).groups
  : [];

const { playbooks } = await loadPlaybooks([shelf]);
const { campaigns, diagnostics } = await loadCampaigns(join(shelf, CAMPAIGNS_FOLDER), playbooks);

test("the shipped campaigns load without a diagnostic, and each is about a group of its own", () => {
  expect(diagnostics).toEqual([]);
  expect(new Set(campaigns.map(({ group }) => group)).size).toBe(campaigns.length);
});

describe("the groups of ATT&CK", skippedFor(groups.length === 0 ? `${facts} is absent` : null), () => {
  test.each(groups)("$id $name: its campaign has a step for each technique, and no other", (group) => {
    const campaign = campaigns.find((one) => one.group === group.id);
    expect(campaign?.name).toBe(group.name);
    const steps = selectProcedures(playbooks, { campaign });
    expect([...new Set(steps.map(({ playbook }) => playbook.technique))].sort()).toEqual(
      group.techniques.toSorted(),
    );
  });

  test("each campaign has a step that runs on the embedded lab's Linux hosts", () => {
    for (const campaign of campaigns) {
      const steps = selectProcedures(playbooks, { campaign });
      const here = steps.filter(({ procedure }) => procedure.platforms.includes("linux"));
      expect([campaign.name, here.length > 0]).toEqual([campaign.name, true]);
    }
  });
});
