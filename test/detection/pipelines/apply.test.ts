import { describe, expect, test } from "vitest";
import { applyPipelines, parsePipeline, parseWithPipelines } from "../../../src/detection/pipelines/index.js";
import { parseSigma } from "../../../src/detection/sigma/parse.js";
import type { SigmaRule } from "../../../src/detection/sigma/rule-tree.js";
import { pipelineOf } from "./helpers.js";
import { ruleText, selection } from "../sigma/helpers.js";

const source = { file: "rules/test.yml", text: ruleText(selection("Image: a\nParentImage|contains: b")) };

function theRule(): SigmaRule {
  const { rule } = parseSigma(source.text, source.file);
  if (rule === null) throw new Error("the rule of the test is refused");
  return rule;
}

/** The tree as plain data. */
function plain(rule: SigmaRule | null): unknown {
  return rule === null ? null : { ...rule, searches: [...rule.searches] };
}

describe("several pipelines", () => {
  const map = (from: string, to: string, priority: number): ReturnType<typeof pipelineOf> =>
    pipelineOf(
      `- { id: ${to}, type: field_name_mapping, mapping: { ${from}: ${to} } }`,
      `priority: ${priority}`,
    );

  test("are applied from the lowest priority to the highest", () => {
    const { applied, rule } = applyPipelines(theRule(), source, [
      map("exe", "program", 20),
      map("Image", "exe", 10),
    ]);
    expect(applied).toEqual(["exe", "program"]);
    expect(rule?.searches.get("selection")).toMatchObject({ items: [{ field: "program" }, {}] });
  });

  test("of one priority are applied in the order in which they are given", () => {
    const { rule } = applyPipelines(theRule(), source, [map("exe", "program", 5), map("Image", "exe", 5)]);
    expect(rule?.searches.get("selection")).toMatchObject({ items: [{ field: "exe" }, {}] });
  });

  test("share the state, and know which steps were taken", () => {
    const first = pipelineOf("- { id: one, type: set_state, key: k, val: v }");
    const conditions =
      "[{ type: processing_state, key: k, val: v }, { type: processing_item_applied, processing_item_id: one }]";
    const second = pipelineOf(
      `- { id: two, type: rule_failure, message: seen, rule_conditions: ${conditions} }`,
      "priority: 1",
    );
    const { rule, diagnostics } = applyPipelines(theRule(), source, [second, first]);
    expect(rule).toBeNull();
    expect(diagnostics).toMatchObject([{ code: "pipeline-refused", message: "seen (pipeline test)" }]);
  });

  test("none leave the rule as it is", () => {
    expect(plain(applyPipelines(theRule(), source, []).rule)).toEqual(plain(theRule()));
  });
});

describe("applying", () => {
  const steps = `
- { type: field_name_mapping, mapping: { Image: [exe, program] } }
- { type: set_value, value: 2 }
- { type: add_condition, conditions: { C: 1 } }
- { type: change_logsource, service: auditd }`;

  test("leaves the rule that is given as it is, and gives the same each time", () => {
    const rule = theRule();
    const before = JSON.stringify(plain(rule));
    const pipeline = pipelineOf(steps);
    const first = applyPipelines(rule, source, [pipeline]);
    expect(JSON.stringify(plain(rule))).toBe(before);
    expect(plain(applyPipelines(rule, source, [pipeline]).rule)).toEqual(plain(first.rule));
  });

  test("keeps id, title, level and tags, and what others may add to the tree", () => {
    const rule = { ...theRule(), id: "x", tags: ["attack.t1059"], further: "kept" };
    expect(applyPipelines(rule, source, [pipelineOf(steps)]).rule).toMatchObject({
      id: "x",
      title: "Test",
      tags: ["attack.t1059"],
      further: "kept",
      logsource: { product: null, category: null, service: "auditd" },
    });
  });

  test("tells a refusal at the document of the rule, when its text has several", () => {
    const text = `title: other\n---\n${source.text}`;
    const at = text.indexOf("---") + 4;
    const refusing = pipelineOf("- { type: rule_failure, message: no }");
    const { diagnostics } = applyPipelines(theRule(), { file: "a.yml", text, at }, [refusing]);
    expect(diagnostics).toMatchObject([{ line: 3, column: 1 }]);
  });
});

test("a line that does not stand in the rule's text (of a filter) is told at the rule", () => {
  const failing = pipelineOf(
    "- { type: detection_item_failure, message: no, field_name_conditions: [{ type: include_fields, fields: [ParentImage] }] }",
  );
  const { diagnostics } = applyPipelines(theRule(), source, [failing]);
  expect(diagnostics).toMatchObject([{ line: 8, column: 5 }]);
  const elsewhere = { ...source, text: "title: the text of the rule without the line\n" };
  expect(applyPipelines(theRule(), elsewhere, [failing]).diagnostics).toMatchObject([{ line: 1, column: 1 }]);
});

describe("mapField: names that stand outside of the rule, as in a correlation", () => {
  test("are mapped by the steps that were taken for this rule", () => {
    const pipeline = pipelineOf(`
- { type: field_name_mapping, mapping: { User: [uid, auid], Image: exe } }
- type: field_name_prefix
  prefix: x.
  field_name_conditions: [{ type: exclude_fields, fields: [auid] }]
- type: field_name_suffix
  suffix: .never
  rule_conditions: [{ type: logsource, product: windows }]`);
    const { mapField } = applyPipelines(theRule(), source, [pipeline]);
    expect(mapField("Image")).toEqual(["x.exe"]);
    expect(mapField("User")).toEqual(["x.uid", "auid"]);
    expect(mapField("other")).toEqual(["x.other"]);
  });

  test("look at the state and the steps as they were when the step was taken", () => {
    const pipeline = pipelineOf(`
- { id: first, type: field_name_mapping, mapping: { A: a } }
- type: field_name_prefix
  prefix: x.
  field_name_conditions: [{ type: processing_item_applied, processing_item_id: first }]
- type: field_name_prefix
  prefix: y.
  field_name_conditions: [{ type: processing_state, key: k, val: v }]
- { type: set_state, key: k, val: v }
- type: field_name_suffix
  suffix: .z
  field_name_conditions: [{ type: processing_state, key: k, val: v }]`);
    const { mapField } = applyPipelines(theRule(), source, [pipeline]);
    expect(mapField("A")).toEqual(["x.a.z"]);
    expect(mapField("B")).toEqual(["B.z"]);
  });

  test("without pipelines are themselves", () => {
    expect(applyPipelines(theRule(), source, []).mapField("A")).toEqual(["A"]);
  });
});

test("a rule that cannot be read has no result, and its own findings", () => {
  const { original, result, diagnostics } = parseWithPipelines("title: x\n", "a.yml", [
    pipelineOf("- { type: case }"),
  ]);
  expect({ original, result }).toEqual({ original: null, result: null });
  expect(diagnostics.map(({ code }) => code)).toContain("missing-logsource");
});

test("a pipeline is read once and applied to any number of rules", () => {
  const { pipeline } = parsePipeline(
    "transformations:\n  - { type: field_name_prefix, prefix: x. }\n",
    "a.yml",
  );
  const pipelines = pipeline === null ? [] : [pipeline];
  for (const rule of [theRule(), theRule()]) {
    const result = applyPipelines(rule, source, pipelines);
    expect(result.rule?.searches.get("selection")).toMatchObject({
      items: [{ field: "x.Image" }, { field: "x.ParentImage" }],
    });
  }
});
