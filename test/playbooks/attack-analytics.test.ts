import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { addressOf, attackAnalytics } from "../../src/attack/t1059.js";
import type { RuleEvent } from "../../src/detection/rule.js";
import { constructed } from "./constructed-events.js";
import { analytics, documentOf, rules, shelf, short } from "./shelf.js";

/**
 * Every analytic of ATT&CK for T1059 is what some rule of ours is about. A rule says so by the address of the analytic among its
 * references: https://attack.mitre.org/detectionstrategies/DETnnnn/#ANnnnn.
 */

const references = analytics.map(({ file }) => ({
  file: short(file),
  to: (documentOf(file)["references"] as string[]).filter((to) => to.includes("/detectionstrategies/")),
}));

/** Techniques whose playbooks are not on the shelf yet: the rules come with them. */
const awaited = ["T1059.008", "T1059.009", "T1059.012"].filter(
  (technique) => !analytics.some(({ file }) => short(file).startsWith(`${technique}-`)),
);

describe("the analytics of ATT&CK", () => {
  for (const one of attackAnalytics) {
    const { id, technique, platforms } = one;
    test(`${technique} ${id} (${platforms.join(", ")}) is the subject of a rule`, ({ skip }) => {
      skip(awaited.includes(technique), `there is no playbook of ${technique} yet`);
      const subjects = references.filter(({ to }) => to.includes(addressOf(one)));
      expect(subjects.map(({ file }) => file)).not.toEqual([]);
      // Beside rules of its own technique, another may be about it as well.
      expect(subjects.some(({ file }) => file.startsWith(`${technique}-`))).toBe(true);
    });
  }

  test("each has a rule that a house can tune by parameters", () => {
    const tunable = analytics
      .map(({ file }) => documentOf(file))
      .filter((document) => document["parameters"] !== undefined)
      .flatMap((document) => document["references"] as string[]);
    expect(attackAnalytics.map(addressOf).filter((address) => !tunable.includes(address))).toEqual([]);
  });

  test("no rule names one that ATT&CK does not have", () => {
    const known = attackAnalytics.map(addressOf);
    expect(references.flatMap(({ to }) => to).filter((to) => !known.includes(to))).toEqual([]);
  });
});

describe("rules about machines that are not here, on constructed events", () => {
  test.each(constructed)("$rule", ({ rule: file, fires, quiet }) => {
    const rule = rules.find((entry) => entry.file === join(shelf, file))?.rule;
    const logsource = documentOf(join(shelf, file))["logsource"] as RuleEvent["logsource"];
    const matches = (fields: Readonly<Record<string, string>>): boolean | undefined =>
      rule?.matches({ id: "constructed", logsource, fields });
    expect(matches(fires)).toBe(true);
    expect(matches(quiet)).toBe(false);
  });
});
