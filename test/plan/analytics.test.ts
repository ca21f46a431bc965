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

describe("an analytic that is more than one Sigma rule", () => {
  const correlation = (generate = false): string => `${ruleOf("base").replace("id: base", "name: base")}---
title: Three of them
id: three
correlation:
  type: event_count
  rules: [base]
  group-by: [User]
  timespan: 1m
  condition: { gte: 3 }
  generate: ${generate}
`;

  async function loaded(name: string, text: string): ReturnType<typeof loadAnalytics> {
    shelf.write(`T1059/analytics/${name}`, text);
    return await loadAnalytics([shelf.playbook("T1059", expecting(`analytics/${name}`))]);
  }

  test("is a correlation with the rules that it reads, which alert through it alone", async () => {
    const { analytics, rules, diagnostics } = await loaded("three.yml", correlation());
    expect(diagnostics).toEqual([]);
    expect(analytics).toMatchObject([{ id: "three", title: "Three of them", language: "sigma" }]);
    expect(rules.get("three")?.timespan).toBe(60_000);
  });

  test("is a rule with a filter that stands in its file", async () => {
    const filter = `---\ntitle: Known\nlogsource: { product: linux }\nfilter: { rules: [rule-1], selection: { User: root }, condition: not selection }\n`;
    const { rules, diagnostics } = await loaded("rule.yml", ruleOf("rule-1") + filter);
    expect(diagnostics).toEqual([]);
    const event = (User: string): boolean | undefined =>
      rules.get("rule-1")?.matches({
        id: "e",
        logsource: { product: "linux", category: "process_creation" },
        fields: { CommandLine: "needle", User },
      });
    expect([event("op"), event("root")]).toEqual([true, false]);
  });

  test("is refused when several rules of its file alert, or none", async () => {
    const both = await loaded("both.yml", correlation(true));
    expect(both.diagnostics).toMatchObject([{ code: "analytic-not-one", severity: "error" }]);
    expect(both.diagnostics[0]?.message).toContain("2 rules of the file alert: Rule base, Three of them");
    const filter =
      "title: Known\nlogsource: { product: linux }\nfilter: { rules: [x], selection: { A: b }, condition: not selection }\n";
    expect((await loaded("none.yml", filter)).diagnostics).toContainEqual(
      expect.objectContaining({ code: "analytic-not-one", message: "nothing in the file alerts" }),
    );
  });

  test("is refused whole when one of its documents is", async () => {
    const { analytics, diagnostics } = await loaded(
      "cut.yml",
      correlation().replace("rules: [base]", "rules: [bass]"),
    );
    expect(analytics).toEqual([]);
    expect(diagnostics).toContainEqual(
      expect.objectContaining({ code: "reference-unknown", severity: "error" }),
    );
  });

  test("is a query of SPL, with the header that names it", async () => {
    const text =
      "```\ntitle: A query\nid: query-1\nlevel: high\n```\nindex=* CommandLine=*needle* | stats count BY host";
    const { analytics, rules, diagnostics } = await loaded("query.spl", text);
    expect(diagnostics).toEqual([]);
    expect(analytics).toMatchObject([{ id: "query-1", title: "A query", language: "spl", text }]);
    const event = {
      id: "e",
      host: "h1",
      logsource: { product: "linux" },
      fields: { CommandLine: "a needle" },
    };
    expect(rules.get("query-1")?.matches(event)).toBe(true);
    expect(rules.get("query-1")?.matches({ ...event, fields: {} })).toBe(false);
    expect([...rulesOfPlan({ analytics: [...analytics] }).values()].map(({ language }) => language)).toEqual([
      "spl",
    ]);
  });

  test("is no query that decides by several events together", async () => {
    const { analytics, diagnostics } = await loaded("query.spl", "* | stats count BY host | where count>3");
    expect(analytics).toEqual([]);
    expect(diagnostics).toMatchObject([{ code: "several-events-unsupported", line: 1 }]);
  });
});

describe("the analytics of a recorded plan", () => {
  test("compile again from the plan alone, when their files are gone", async () => {
    shelf.write("T1059/analytics/rule.yml", ruleOf("rule-1"));
    const plan = await planOf({ playbooks: [shelf.playbook("T1059", expecting("analytics/rule.yml"))] });
    shelf.remove();
    expect(rulesOfPlan(plan).get("rule-1")?.title).toBe("Rule rule-1");
  });

  test("that no longer compile are an error that names the rule", async () => {
    shelf.write("T1059/analytics/rule.yml", ruleOf("rule-1"));
    const plan = await planOf({ playbooks: [shelf.playbook("T1059", expecting("analytics/rule.yml"))] });
    const damaged = plan.analytics.map((analytic) => ({ ...analytic, text: "title: cut" }));
    expect(() => rulesOfPlan({ analytics: damaged })).toThrow("rule-1");
  });
});
