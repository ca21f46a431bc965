import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { loadAnalytics } from "../../src/plan/analytics.js";
import { lintPlaybook } from "../../src/playbook/lint.js";
import { loadPlaybooks } from "../../src/playbook/load.js";

const readme = readFileSync(resolve(import.meta.dirname, "../../README.md"), "utf8");

test("the README's first playbook and rule are free of errors and warnings", async () => {
  const [playbook, rule] = [...readme.matchAll(/^```yaml\n(.*?)^```/gms)].map((match) => match[1] ?? "");
  const folder = mkdtempSync(join(tmpdir(), "tyrian-readme-"));
  try {
    mkdirSync(join(folder, "analytics"));
    writeFileSync(join(folder, "playbook.yaml"), playbook ?? "");
    writeFileSync(join(folder, "analytics/reversed-text-to-shell.yml"), rule ?? "");
    const { playbooks, diagnostics } = await loadPlaybooks([folder]);
    const linted = await Promise.all(playbooks.map(lintPlaybook));
    const analytics = await loadAnalytics(playbooks);
    expect([...diagnostics, ...linted.flat(), ...analytics.diagnostics]).toEqual([]);
    expect(playbooks.map(({ id }) => id)).toEqual(["my-first-playbook"]);
    expect(analytics.analytics).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the README's links lead somewhere", () => {
  const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? "");
  expect(links.length).toBeGreaterThan(5);
  for (const link of links)
    expect(() => readFileSync(resolve(import.meta.dirname, "../..", link))).not.toThrow();
});
