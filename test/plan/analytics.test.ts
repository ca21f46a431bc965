import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadAnalytics, rulesOfPlan } from "../../src/plan/analytics.js";
import { openShelf, planOf, ruleOf, type Shelf } from "./support.js";

let shelf: Shelf;
beforeEach(() => {
  shelf = openShelf();
});
afterEach(() => shelf.remove());

const expecting = (...analytics: string[]): { id: string; expect: unknown } => ({
  id: `p${analytics.length}`,
  expect: analytics.map((analytic) => ({ analytic })),
});

describe("the analytics of playbooks", () => {
  test("are found relative to their playbook and kept with their text and its hash", async () => {
    const text = ruleOf("rule-1");
    const file = shelf.write("T1059/analytics/rule.yml", text);
    const playbook = shelf.playbook("T1059", expecting("analytics/rule.yml"));
    const loaded = await loadAnalytics([playbook]);
    expect(loaded.diagnostics).toEqual([]);
    expect(loaded.analytics).toEqual([
      {
        id: "rule-1",
        title: "Rule rule-1",
        language: "sigma",
        file,
        text,
        hash: createHash("sha256").update(text).digest("hex"),
      },
    ]);
    expect(loaded.rules.get("rule-1")?.id).toBe("rule-1");
    expect(loaded.idOf(playbook, "analytics/rule.yml")).toBe("rule-1");
    expect(loaded.idOf(playbook, "analytics/other.yml")).toBeNull();
  });

  test("that several playbooks name by different paths are read once", async () => {
    shelf.write("analytics/shared.yml", ruleOf("shared"));
    const one = shelf.playbook("T1059", expecting("../analytics/shared.yml"));
    const two = shelf.playbook("T1105", expecting("../T1105/../analytics/shared.yml"));
    const loaded = await loadAnalytics([one, two]);
    expect(loaded.diagnostics).toEqual([]);
    expect(loaded.analytics.map(({ id }) => id)).toEqual(["shared"]);
    expect(loaded.idOf(two, "../analytics/shared.yml")).toBe("shared");
  });

  test("that are not there are diagnostics, and the others are loaded", async () => {
    shelf.write("T1059/analytics/rule.yml", ruleOf("rule-1"));
    const playbook = shelf.playbook("T1059", expecting("analytics/missing.yml", "analytics/rule.yml"));
    const loaded = await loadAnalytics([playbook]);
    expect(loaded.diagnostics).toMatchObject([
      {
        file: `${shelf.folder}/T1059/analytics/missing.yml`,
        severity: "error",
        code: "analytic-missing",
        hint: "Paths are relative to the playbook.",
      },
    ]);
    expect(loaded.idOf(playbook, "analytics/missing.yml")).toBeNull();
    expect(loaded.idOf(playbook, "analytics/rule.yml")).toBe("rule-1");
  });

  test("of two files with the same id are refused: a verdict could be of either", async () => {
    const first = shelf.write("T1059/analytics/a.yml", ruleOf("same", "a"));
    shelf.write("T1059/analytics/b.yml", ruleOf("same", "b"));
    const playbook = shelf.playbook("T1059", expecting("analytics/a.yml", "analytics/b.yml"));
    const loaded = await loadAnalytics([playbook]);
    expect(loaded.diagnostics).toMatchObject([{ code: "duplicate-analytic", severity: "error" }]);
    expect(loaded.diagnostics[0]?.message).toContain(first);
    expect(loaded.idOf(playbook, "analytics/b.yml")).toBeNull();
  });

  test("that do not compile are diagnostics at the rule's own position", async () => {
    const file = shelf.write(
      "T1059/analytics/rule.yml",
      ruleOf("rule-1").replace("condition: selection", "condition: selektion"),
    );
    const playbook = shelf.playbook("T1059", expecting("analytics/rule.yml"));
    const loaded = await loadAnalytics([playbook]);
    expect(loaded.analytics).toEqual([]);
    const errors = loaded.diagnostics.filter(({ severity }) => severity === "error");
    expect(errors).toMatchObject([{ file, line: 8 }]);
    await expect(planOf({ playbooks: [playbook], analytics: loaded })).rejects.toMatchObject({
      code: "analytic-invalid",
    });
  });
});

describe("the analytics of a recorded plan", () => {
  test("compile again from the plan alone, when their files are gone", async () => {
    shelf.write("T1059/analytics/rule.yml", ruleOf("rule-1"));
    const plan = await planOf({ playbooks: [shelf.playbook("T1059", expecting("analytics/rule.yml"))] });
    shelf.remove();
    expect(rulesOfPlan(plan.analytics).get("rule-1")?.title).toBe("Rule rule-1");
  });

  test("that no longer compile are an error that names the rule", async () => {
    shelf.write("T1059/analytics/rule.yml", ruleOf("rule-1"));
    const plan = await planOf({ playbooks: [shelf.playbook("T1059", expecting("analytics/rule.yml"))] });
    const damaged = plan.analytics.map((analytic) => ({ ...analytic, text: "title: cut" }));
    expect(() => rulesOfPlan(damaged)).toThrow("rule-1");
  });
});
