import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PipelineText } from "../../src/detection/pipelines/index.js";
import { loadAnalytics, rulesOfPlan } from "../../src/plan/analytics.js";
import { openShelf, planOf, ruleOf, type Shelf } from "./support.js";

let shelf: Shelf;
beforeEach(() => {
  shelf = openShelf();
});
afterEach(() => shelf.remove());

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) shelf.write(`T1059/analytics/${name}`, text);
}

/** The analytics of a playbook that names these, in its folder `analytics`. */
async function loaded(
  names: readonly string[],
  pipelines: readonly PipelineText[] = [],
): ReturnType<typeof loadAnalytics> {
  const expectations = names.map((name) => ({ analytic: `analytics/${name}` }));
  const playbook = shelf.playbook("T1059", { id: "p", expect: expectations });
  return await loadAnalytics([playbook], pipelines);
}

function filter(head: string, rules: string): string {
  return `title: Known users\nlogsource: { ${head} }\nfilter: { rules: ${rules}, selection: { User: root }, condition: not selection }\n`;
}

function correlation(id: string, ...rules: string[]): string {
  return `title: Correlation ${id}
id: ${id}
correlation:
  type: temporal
  rules: [${rules.join(", ")}]
  group-by: [User]
  timespan: 1m
`;
}

const event = (fields: Readonly<Record<string, unknown>>) => ({
  id: "e",
  logsource: { product: "linux", category: "process_creation" },
  fields,
});

describe("an analytic is compiled with the Sigma files of its folder that it needs", () => {
  test("a filter of another file, that names the rule or every rule of its log source", async () => {
    for (const rules of ["[rule-1]", "[RULE-1]", "any"]) {
      write({ "rule.yml": ruleOf("rule-1"), "known.yml": filter("product: linux", rules) });
      const { analytics, rules: compiled, diagnostics } = await loaded(["rule.yml"]);
      expect(diagnostics).toEqual([]);
      const rule = compiled.get("rule-1");
      const matched = ["op", "root"].map((User) => rule?.matches(event({ CommandLine: "a needle", User })));
      expect(matched).toEqual([true, false]);
      expect(analytics[0]?.with?.map(({ file }) => file)).toEqual([
        `${shelf.folder}/T1059/analytics/known.yml`,
      ]);
    }
  });

  test("the rules that its correlation names, and those that a correlation among them names", async () => {
    write({
      "all.yml": correlation("all", "inner", "three"),
      "inner.yml": correlation("inner", "one", "two"),
      "one.yml": ruleOf("one", "first"),
      "two.yml": ruleOf("two", "second"),
      "three.yml": ruleOf("three", "third"),
      "other.yml": ruleOf("four", "first"),
    });
    const { analytics, rules, diagnostics } = await loaded(["all.yml"]);
    expect(diagnostics).toEqual([]);
    expect(analytics[0]?.with?.map(({ file }) => file.split("/").at(-1))).toEqual([
      "inner.yml",
      "one.yml",
      "three.yml",
      "two.yml",
    ]);
    const at = (CommandLine: string, time: number) => ({ ...event({ CommandLine, User: "op" }), time });
    const three = [at("first", 1_000), at("second", 2_000), at("third", 3_000)];
    expect(rules.get("all")?.satisfiedBy(three)).toBe(true);
    expect(rules.get("all")?.satisfiedBy(three.slice(1))).toBe(false);
  });

  test("not those that have nothing to do with it: other rules, filters for others, files that are no Sigma", async () => {
    write({
      "rule.yml": ruleOf("rule-1"),
      "other.yml": ruleOf("rule-2"),
      "windows.yml": filter("product: windows", "any"),
      "of-other.yml": filter("product: linux", "[rule-2]"),
      "broken-rule.yml": "title: cut\nlogsource: { product: linux }\ndetection: { condition: no }\n",
      "inventory.yaml": "filter: no Sigma\n",
      "reads-it.yml": correlation("reads-it", "rule-1", "rule-2"),
    });
    // A text under `filter` could be a filter that was meant for the rule.
    const suspect = await loaded(["rule.yml"]);
    expect(
      suspect.diagnostics.map(({ file, severity }) => [file.split("/").at(-1), severity]),
    ).toContainEqual(["inventory.yaml", "error"]);
    write({ "inventory.yaml": "name: no Sigma\n" });
    const { analytics, diagnostics } = await loaded(["rule.yml"]);
    expect(diagnostics).toEqual([]);
    expect(analytics[0]?.with).toBeUndefined();
  });

  test("a filter that cannot be read refuses it: it may be the rule's", async () => {
    const broken = filter("product: linux", "[rule-1]").replace("not selection", "not selektion");
    write({ "rule.yml": ruleOf("rule-1"), "known.yml": broken });
    const { analytics, diagnostics } = await loaded(["rule.yml"]);
    expect(analytics).toEqual([]);
    expect(diagnostics).toContainEqual(
      expect.objectContaining({ file: `${shelf.folder}/T1059/analytics/known.yml`, severity: "error" }),
    );
  });

  test("what is found in it is told once, however many analytics need it", async () => {
    const careless = filter("product: linux", "any").replace("condition:", "unused: { A: b }, condition:");
    write({ "one.yml": ruleOf("one"), "two.yml": ruleOf("two"), "known.yml": careless });
    const { analytics, diagnostics } = await loaded(["one.yml", "two.yml"]);
    expect(analytics).toHaveLength(2);
    expect(diagnostics).toMatchObject([{ severity: "warning", code: "selection-unused" }]);
  });

  test("its hash tells when one of them changed", async () => {
    write({ "rule.yml": ruleOf("rule-1"), "known.yml": filter("product: linux", "any") });
    const [before] = (await loaded(["rule.yml"])).analytics;
    write({ "known.yml": filter("product: linux", "any").replace("root", "daemon") });
    const [after] = (await loaded(["rule.yml"])).analytics;
    expect(after?.text).toBe(before?.text);
    expect(after?.hash).not.toBe(before?.hash);
  });
});

describe("FILE#RULE", () => {
  const both = `${ruleOf("one", "first")}---\n${ruleOf("two", "second").replace("id: two", "id: two\nname: second")}`;

  test("is one rule of a file in which several alert, by its id or name", async () => {
    write({ "both.yml": both });
    for (const [name, id] of [
      ["one", "one"],
      ["TWO", "two"],
      ["second", "two"],
    ]) {
      const { analytics, rules, diagnostics } = await loaded([`both.yml#${name}`]);
      expect(diagnostics).toEqual([]);
      expect(analytics).toMatchObject([{ id, rule: name }]);
      const matched = ["first", "second"].map((CommandLine) =>
        rules.get(id ?? "")?.matches(event({ CommandLine })),
      );
      expect(matched).toEqual(id === "one" ? [true, false] : [false, true]);
    }
  });

  test("several of one file are several analytics; the same by two names is one", async () => {
    write({ "both.yml": both });
    const { analytics, diagnostics } = await loaded(["both.yml#one", "both.yml#second", "both.yml#two"]);
    expect(diagnostics).toEqual([]);
    expect(analytics.map(({ id }) => id)).toEqual(["one", "two"]);
  });

  test("is refused when the file has no such rule, naming those that it has", async () => {
    write({ "both.yml": both });
    expect((await loaded(["both.yml#three"])).diagnostics).toMatchObject([
      { code: "analytic-unknown", severity: "error", hint: "Its rules have the ids: one, two." },
    ]);
  });

  test("is refused when only a correlation alerts for it", async () => {
    const three = correlation("both", "one", "two");
    write({ "both.yml": `${both}---\n${three}` });
    expect((await loaded(["both.yml#one"])).diagnostics).toMatchObject([{ code: "analytic-not-one" }]);
    expect((await loaded(["both.yml#both"])).diagnostics).toEqual([]);
  });

  test("a rule of the file that is refused is not in the way of another, but is told of", async () => {
    write({ "both.yml": both.replace("condition: selection", "condition: selektion") });
    const { analytics, diagnostics } = await loaded(["both.yml#two"]);
    expect(analytics).toMatchObject([{ id: "two" }]);
    expect(new Set(diagnostics.map(({ severity }) => severity))).toEqual(new Set(["warning"]));
    expect((await loaded(["both.yml#one"])).analytics).toEqual([]);
  });
});

describe("processing pipelines", () => {
  const renaming: PipelineText = {
    file: "renaming.yml",
    format: null,
    text: "name: renaming\ntransformations:\n  - { type: field_name_mapping, mapping: { CommandLine: process.args } }\n",
  };

  test("change the rules of a plan, and a replay from the plan alone", async () => {
    write({ "rule.yml": ruleOf("rule-1"), "known.yml": filter("product: linux", "[rule-1]") });
    const playbook = shelf.playbook("T1059", { id: "p" });
    const analytics = await loadAnalytics([playbook], [renaming]);
    const plan = await planOf({ playbooks: [playbook], analytics });
    shelf.remove();
    const recorded = JSON.parse(JSON.stringify(plan)) as typeof plan;
    for (const rule of [analytics.rules.get("rule-1"), rulesOfPlan(recorded).get("rule-1")]) {
      const fields = { "process.args": "a needle", User: "op" };
      expect(rule?.matches(event(fields))).toBe(true);
      expect(rule?.matches(event({ ...fields, User: "root" }))).toBe(false);
      expect(rule?.matches(event({ CommandLine: "a needle", User: "op" }))).toBe(false);
    }
  });

  test("are part of the hash of what they change", async () => {
    write({ "rule.yml": ruleOf("rule-1") });
    const [plain] = (await loaded(["rule.yml"])).analytics;
    const [changed] = (await loaded(["rule.yml"], [renaming])).analytics;
    expect(changed?.hash).not.toBe(plain?.hash);
  });

  test("with an error refuse everything", async () => {
    write({ "rule.yml": ruleOf("rule-1") });
    const broken = { ...renaming, text: "transformations: [{ type: no_such_step }]" };
    await expect(loaded(["rule.yml"], [broken])).rejects.toMatchObject({ code: "pipeline-invalid" });
  });
});
