import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { controlsOf } from "../../src/lab/embedded/mitigations/controls.js";
import { compileAnalytic } from "../../src/plan/compile-analytic.js";
import { lintPlaybook } from "../../src/playbook/lint.js";
import { loadPlaybooks } from "../../src/playbook/load.js";
import { documentOf, shelf } from "./shelf.js";

/** The playbooks about mitigations; test/lab/mitigations.test.ts runs those for Linux, with and without. */

const folder = join(shelf, "mitigations");
const { playbooks, diagnostics } = await loadPlaybooks([folder]);
const procedures = playbooks.flatMap((playbook) => playbook.procedures);
const rules = readdirSync(join(folder, "analytics"));
const facts = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../../shared/attack/t1059.json"), "utf8"),
) as { mitigations: { id: string; name: string; techniques: string[] }[] };

test("they load and pass the lint without an error or a warning", async () => {
  expect(diagnostics).toEqual([]);
  expect(await Promise.all(playbooks.map(lintPlaybook))).toEqual(playbooks.map(() => []));
});

test("each bears the id and the name of a mitigation that ATT&CK has for its technique", () => {
  for (const { file, id, name, technique } of playbooks) {
    const mitigation = facts.mitigations.find((one) => basename(dirname(file)).startsWith(`${one.id}-`));
    expect(mitigation?.name).toBe(name);
    expect(mitigation?.techniques).toContain(technique);
    expect(basename(dirname(file)).toLowerCase()).toBe(id);
  }
});

test("every mitigation has a playbook", () => {
  const covered = playbooks.map(({ file }) => basename(dirname(file)).slice(0, 5));
  expect(covered.sort()).toEqual(facts.mitigations.map(({ id }) => id).sort());
});

test("guids are unique", () => {
  expect(new Set(procedures.map(({ guid }) => guid)).size).toBe(procedures.length);
});

describe("the controls that are expected to prevent", () => {
  const named = (platform: string): Set<string | undefined> =>
    new Set(
      procedures
        .filter(({ platforms }) => platforms.some((one) => one === platform))
        .flatMap((procedure) => procedure.expect.map(({ preventedBy }) => preventedBy?.control)),
    );

  test("are on Linux exactly those that the lab switches on, and none without", () => {
    const on = controlsOf({ name: "m2", mitigated: true }).map(({ id }) => id);
    expect(named("linux")).toEqual(new Set(on));
    expect(controlsOf({ name: "m1", mitigated: false })).toEqual([]);
  });

  test("are on Windows none of the lab's, and their procedures are marked", () => {
    const ofWindows = procedures.filter(({ platforms }) => platforms.includes("windows"));
    expect(ofWindows.length).toBeGreaterThanOrEqual(5);
    for (const { tags, description } of ofWindows) {
      expect(tags).toContain("needs-windows");
      expect(description).toMatch(/^Control: /);
    }
    const on = controlsOf({ name: "m2", mitigated: true }).map(({ id }) => id);
    expect([...named("windows")].filter((id) => id === undefined || on.includes(id))).toEqual([]);
  });
});

test.each(rules)("the rule %s compiles, has a random id, and a procedure expects it", (name) => {
  const file = join(folder, "analytics", name);
  const { rule, diagnostics: problems } = compileAnalytic({ file, text: readFileSync(file, "utf8") });
  expect(problems).toEqual([]);
  expect(rule?.techniques.some((technique) => technique.startsWith("T1059"))).toBe(true);
  expect(documentOf(file)["id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
  const expected = procedures.flatMap((procedure) =>
    procedure.expect.map(({ analytic }) => basename(analytic)),
  );
  expect(expected).toContain(name);
});
