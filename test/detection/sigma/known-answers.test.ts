import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { CompiledRule, RuleEvent } from "../../../src/detection/rule.js";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { jsonDocuments, windowsEvent } from "../windows-events.js";

const folder = resolve(import.meta.dirname, "../../../../shared/known-answers/sigma");
const there = existsSync(join(folder, "manifest.json"));

/** Rules that match events which were recorded for another rule, and why they should. */
const reviewed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // HVCI tampering on the command line, Credential Guard tampering on the command line.
  "6225c53a-a96e-4235-b28f-8d7997cd96eb": {
    "c17d47b7-dcd6-4109-87eb-d1817bd4cbc9":
      "PowerShell sets EnableVirtualizationBasedSecurity under DeviceGuard, which switches both protections",
  },
  // Dropped files of credential dumpers, files of NetExec.
  "8fbf3271-1ef6-4e94-8210-03c2317947f6": {
    "efc21479-9e83-41da-8cf1-122e06ba8db3": "NetExec unpacks procdump.exe, which the first rule names",
  },
  // Programs in the public folder, files of legitimate programs in uncommon places.
  "b447f7de-1e53-4cbf-bfb4-f1f6d0b04e4e": {
    "1cf465a1-2609-4c15-9b66-c32dbe4bfd67": "certutil writes C:\\Users\\Public\\7zip.exe",
  },
};

function ruleOf(id: string): CompiledRule {
  const file = join(folder, `${id}.rule.yml`);
  const { rule, diagnostics } = compileSigma(readFileSync(file, "utf8"), file);
  expect(diagnostics).toEqual([]);
  if (rule === null) throw new Error(`${id} was refused`);
  return rule;
}

function eventsOf(id: string): RuleEvent[] {
  const text = readFileSync(join(folder, `${id}.events.json`), "utf8");
  return jsonDocuments(text).map((document, index) => windowsEvent(document, `${id}/${index}`));
}

describe("rules of SigmaHQ with the events that were recorded for them", () => {
  if (!there) {
    test("match what they were written for", ({ skip }) => skip(`${folder} is not on this machine`));
    return;
  }
  const answers = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as {
    rule: string;
    minMatches: number;
  }[];
  const rules = new Map(answers.map(({ rule }) => [rule, ruleOf(rule)]));
  const events = new Map(answers.map(({ rule }) => [rule, eventsOf(rule)]));

  test("the manifest names every rule of the folder", () => {
    const files = readdirSync(folder).filter((name) => name.endsWith(".rule.yml"));
    expect(files.length).toBeGreaterThan(60);
    expect(answers.map(({ rule }) => rule).toSorted()).toEqual(
      files.map((name) => basename(name, ".rule.yml")).toSorted(),
    );
  });

  test.each(answers)("$rule matches at least $minMatches of its events", ({ rule, minMatches }) => {
    const matched = (events.get(rule) ?? []).filter((event) => rules.get(rule)?.matches(event));
    expect(matched.length).toBeGreaterThanOrEqual(minMatches);
  });

  test("no rule matches the events of another, but for those that were looked at", () => {
    const found: Record<string, Record<string, string>> = {};
    for (const [id, rule] of rules) {
      for (const [other, others] of events) {
        if (other === id || !others.some((event) => rule.matches(event))) continue;
        found[id] = { ...found[id], [other]: reviewed[id]?.[other] ?? "not reviewed" };
      }
    }
    expect(found).toEqual(reviewed);
  });
});
