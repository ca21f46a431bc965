import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { campaignJsonSchema } from "../../src/cli/schemas.js";
import { loadCampaign, loadCampaigns } from "../../src/playbook/campaigns.js";
import { parsed, playbookText, show } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "tyrian-campaigns-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const playbooks = [parsed(playbookText())];
const text = (changes: Record<string, string> = {}): string =>
  Object.entries({
    name: "a group",
    summary: "what it does",
    references: "[G0001]",
    steps: "[ { procedure: fixture/only, resembles: a report } ]",
    ...changes,
  })
    .map(([key, value]) => `${key}: ${value}\n`)
    .join("");

async function problems(changes: Record<string, string>): Promise<string[]> {
  const file = join(folder, "campaign.yaml");
  writeFileSync(file, text(changes));
  return (await loadCampaign(file, playbooks)).diagnostics.map(show);
}

test("docs/schema/campaign.json is what the program prints", () => {
  const file = resolve(import.meta.dirname, "../../docs/schema/campaign.json");
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(campaignJsonSchema());
});

test("the campaigns of a folder are read in the order of their files; what is no campaign's file is left alone", async () => {
  const shelf = mkdtempSync(join(folder, "shelf-"));
  writeFileSync(join(shelf, "b.yaml"), text({ name: "second", group: "G0002" }));
  writeFileSync(join(shelf, "a.yaml"), text({ name: "first" }));
  writeFileSync(join(shelf, "README.md"), "no campaign");
  const { campaigns, diagnostics } = await loadCampaigns(shelf, playbooks);
  expect(diagnostics).toEqual([]);
  expect(campaigns.map(({ name, group, pace }) => [name, group, pace])).toEqual([
    ["first", undefined, { least: 2, most: 10 }],
    ["second", "G0002", { least: 2, most: 10 }],
  ]);
  expect(await loadCampaigns(join(folder, "none"), playbooks)).toEqual({ campaigns: [], diagnostics: [] });
});

describe("a campaign is refused, at the place", () => {
  test.each<[string, Record<string, string>, string]>([
    [
      "with a procedure that no playbook has",
      { steps: "[ { procedure: fixture/onyl, resembles: a report } ]" },
      "4:23 procedure-unknown there is no procedure fixture/onyl did you mean fixture/only?",
    ],
    [
      "with a procedure of no playbook",
      { steps: "[ { procedure: only, resembles: a report } ]" },
      "4:23 invalid-value steps[0].procedure: expected a playbook's id, a slash and a procedure's id, such as t1059.006-python/inline-code, found the text \"only\" ",
    ],
    [
      "with a pace that goes backwards",
      { pace: "{ least: 5, most: 1 }" },
      "5:7 invalid-value pace: expected least to be at most `most` ",
    ],
    [
      "with a group that is none",
      { group: "FIN7" },
      '5:8 invalid-value group: expected an ATT&CK group id such as G0046, found the text "FIN7" ',
    ],
    [
      "with a key that is misspelt",
      { refrences: "[x]" },
      '5:1 unknown-key unknown key "refrences" expected one of: group, pace',
    ],
  ])("%s", async (_, changes, wanted) => {
    expect(await problems(changes)).toEqual([wanted]);
  });

  test("that cannot be read", async () => {
    const { campaign, diagnostics } = await loadCampaign(join(folder, "absent.yaml"), playbooks);
    expect(campaign).toBeNull();
    expect(diagnostics.map(({ code }) => code)).toEqual(["file-unreadable"]);
  });
});
