import { describe, expect, test } from "vitest";
import { applied, compiledSection, compiledWith, event, refusal } from "./helpers.js";
import { selection } from "../sigma/helpers.js";

describe("add_condition", () => {
  test("what is added must hold besides", () => {
    const rule = compiledWith(
      "A: 1",
      "- { type: add_condition, conditions: { EventID: [1, 2], Channel|contains: Sys } }",
    );
    expect(rule.matches(event({ A: 1, EventID: 2, Channel: "xSysx" }))).toBe(true);
    expect(rule.matches(event({ A: 1, EventID: 3, Channel: "Sys" }))).toBe(false);
    expect(rule.matches(event({ A: 1, EventID: 1 }))).toBe(false);
    expect(rule.matches(event({ A: 2, EventID: 1, Channel: "Sys" }))).toBe(false);
  });

  test("of a condition with `or` each side needs it", () => {
    const rule = compiledSection(
      "s:\n  A: 1\nt:\n  B: 1\ncondition: s or t",
      "- { type: add_condition, conditions: { C: 1 } }",
    );
    expect(rule.matches(event({ A: 1 }))).toBe(false);
    expect(rule.matches(event({ A: 1, C: 1 }))).toBe(true);
    expect(rule.matches(event({ B: 1, C: 1 }))).toBe(true);
  });

  test("negated: what is added must not hold", () => {
    const rule = compiledWith("A: 1", "- { type: add_condition, negated: true, conditions: { C: 1, D: 1 } }");
    expect(rule.matches(event({ A: 1, C: 1 }))).toBe(true);
    expect(rule.matches(event({ A: 1, C: 1, D: 1 }))).toBe(false);
  });

  test("a pattern of the rule's condition does not take it in", () => {
    for (const pattern of ["1 of *", "1 of them", "1 of s*"]) {
      const steps = "- { type: add_condition, name: s_added, conditions: { C: 1 } }";
      const rule = compiledSection(`s1:\n  A: 1\ns2:\n  B: 1\ncondition: ${pattern}`, steps);
      expect(rule.matches(event({ C: 1 }))).toBe(false);
      expect(rule.matches(event({ B: 1, C: 1 }))).toBe(true);
    }
    const all = "s1:\n  A: 1\ns2:\n  B: 1\ncondition: all of s*";
    const rule = compiledSection(
      all,
      "- { type: add_condition, name: s3, negated: true, conditions: { C: 1 } }",
    );
    expect(rule.matches(event({ A: 1, B: 1 }))).toBe(true);
  });

  test("two steps with one name do not replace one another, nor a selection of the rule", () => {
    const steps = `
- { type: add_condition, name: selection, conditions: { B: 1 } }
- { type: add_condition, name: selection, conditions: { C: 1 } }`;
    const rule = compiledWith("A: 1", steps);
    expect(rule.matches(event({ A: 1, B: 1, C: 1 }))).toBe(true);
    expect(rule.matches(event({ A: 1, B: 1 }))).toBe(false);
    expect(rule.matches(event({ A: 1, C: 1 }))).toBe(false);
    expect(rule.matches(event({ B: 1, C: 1 }))).toBe(false);
  });

  test("template: parts of the rule's log source", () => {
    const steps =
      "- { type: add_condition, template: true, conditions: { index: [$product, '${category}-$$x'], n: 1 } }";
    const rule = compiledWith("A: 1", steps);
    expect(rule.matches(event({ A: 1, n: 1, index: "linux" }))).toBe(true);
    expect(rule.matches(event({ A: 1, n: 1, index: "process_creation-$x" }))).toBe(true);
    expect(rule.matches(event({ A: 1, n: 1, index: "$product" }))).toBe(false);
  });

  test("template: a part that the rule does not have is refused, not made up", () => {
    const error = refusal(
      "A: 1",
      "- { type: add_condition, template: true, conditions: { index: $service } }",
    );
    expect(error).toMatchObject({ code: "pipeline-template", line: 1 });
    expect(error.message).toContain("the rule's service");
  });

  test("without template a dollar sign is one", () => {
    const rule = compiledWith("A: 1", "- { type: add_condition, conditions: { index: $product } }");
    expect(rule.matches(event({ A: 1, index: "$product" }))).toBe(true);
  });

  test("the explanation tells it by its name", () => {
    const rule = compiledWith("A: 1", "- { id: sysmon 1, type: add_condition, conditions: { EventID: 1 } }");
    expect(rule.explain(event({ A: 1 })).unmet).toMatchObject([
      { clause: "sysmon 1 of the pipeline: EventID", found: null },
    ]);
  });

  test("later steps work on what is added too", () => {
    const steps =
      "- { type: add_condition, conditions: { C: 1 } }\n- { type: field_name_prefix, prefix: x. }";
    expect(compiledWith("A: 1", steps).fields).toEqual(new Set(["x.A", "x.C"]));
  });
});

describe("change_logsource", () => {
  test("the rule reads events of the new log source only; what is not given is taken away", () => {
    const rule = compiledWith("A: 1", "- { type: change_logsource, product: windows, service: sysmon }");
    expect(rule.matches(event({ A: 1 }))).toBe(false);
    expect(
      rule.matches({ id: "1", logsource: { product: "windows", service: "sysmon" }, fields: { A: 1 } }),
    ).toBe(true);
  });
});

describe("drop_detection_item", () => {
  const dropB = `
- type: drop_detection_item
  field_name_conditions: [{ type: include_fields, fields: [B] }]`;

  test("the line is not asked for any more", () => {
    expect(compiledWith("A: 1\nB: 2", dropB).matches(event({ A: 1 }))).toBe(true);
  });

  test.each([
    ["s:\n  A: 1\nf:\n  B: 1\ncondition: s and not f", { A: 1, B: 1 }, true],
    ["s:\n  A: 1\nf:\n  B: 1\ncondition: s or f", { B: 1 }, false],
    ["s1:\n  A: 1\ns2:\n  B: 1\ncondition: all of s*", { A: 1 }, true],
    ["s1:\n  A: 1\ns2:\n  B: 1\ncondition: 1 of s*", { B: 1 }, false],
    ["s:\n  A: 1\nf1:\n  B: 1\ncondition: s and not 1 of f*", { A: 1 }, true],
    ["s:\n  - A: 1\n  - B: 1\ncondition: s", { B: 1 }, false],
    ["s:\n  - A: 1\n  - B: 1\ncondition: s", { A: 1 }, true],
  ])("a selection that loses every line leaves the condition: %j of %j: %j", (detection, fields, wanted) => {
    expect(compiledSection(detection, dropB).matches(event(fields))).toBe(wanted);
  });

  test("a rule that loses every line is refused: it would match every event", () => {
    expect(refusal("B: 1", dropB)).toMatchObject({ code: "pipeline-rule-empty" });
    const { rule, diagnostics } = applied("s:\n  B: 1\ncondition: not s", dropB);
    expect(rule).toBeNull();
    expect(diagnostics).toMatchObject([{ code: "pipeline-rule-empty" }]);
  });
});

describe("failures", () => {
  test("rule_failure refuses the rule with the pipeline's words", () => {
    const error = refusal("A: 1", "- { type: rule_failure, message: Not for these events. }");
    expect(error).toEqual({
      file: "rules/test.yml",
      line: 1,
      column: 1,
      severity: "error",
      code: "pipeline-refused",
      message: "Not for these events (pipeline test)",
      hint: "leave the rule out for these events, or use another pipeline",
    });
  });

  test("detection_item_failure refuses at the line, and only when there is one", () => {
    const steps = `
- type: detection_item_failure
  message: events have no B
  field_name_conditions: [{ type: include_fields, fields: [B] }]`;
    expect(refusal("A: 1\nB: 2", steps)).toMatchObject({ code: "pipeline-refused", line: 8, column: 5 });
    expect(compiledWith("A: 1", steps).matches(event({ A: 1 }))).toBe(true);
  });

  test("a line that a pipeline added is refused where the pipeline has it", () => {
    const steps =
      "- { type: add_condition, conditions: { C: 1 } }\n- { type: detection_item_failure, message: no, field_name_conditions: [{ type: include_fields, fields: [C] }] }";
    expect(refusal("A: 1", steps)).toMatchObject({ file: "pipelines/test.yml", line: 3, column: 40 });
  });

  test("strict_field_mapping_failure: a field that no step has mapped", () => {
    const steps = `
- { type: field_name_mapping, mapping: { A: a, B: B } }
- { type: add_condition, conditions: { EventID: 1 } }
- { type: strict_field_mapping_failure }`;
    expect(compiledWith("A: 1\nB: 2", steps).fields).toEqual(new Set(["a", "B", "EventID"]));
    const error = refusal("A: 1\nC: 1\nD: 1", steps);
    expect(error).toMatchObject({ code: "pipeline-field-unmapped", line: 8, column: 5 });
    expect(error.message).toContain("C, D");
  });
});

describe("state, attributes and the list of fields", () => {
  test("set_state and set_custom_attribute come out with the rule", () => {
    const { state, attributes } = applied(
      selection("A: 1"),
      "- { type: set_state, key: index, val: [a, 1] }\n- { type: set_custom_attribute, attribute: team, value: { name: soc } }",
    );
    expect([...state]).toEqual([["index", ["a", 1]]]);
    expect([...attributes]).toEqual([["team", { name: "soc" }]]);
  });

  test.each([
    ["- { type: add_field, field: C }", ["A", "B", "C"]],
    ["- { type: add_field, field: [C, D] }", ["A", "B", "C", "D"]],
    ["- { type: remove_field, field: A }", ["B"]],
    ["- { type: remove_field, field: [A, Z] }", ["B"]],
    ["- { type: set_field, fields: [X] }", ["X"]],
  ])("%s", (steps, wanted) => {
    expect(applied(selection("A: 1"), steps, { attributes: { fields: ["A", "B"] } }).fields).toEqual(wanted);
  });
});

describe("nest", () => {
  const steps = `
- id: outer
  type: nest
  rule_conditions: [{ type: logsource, product: linux }]
  items:
    - { id: one, type: set_state, key: seen, val: 1 }
    - { id: two, type: field_name_mapping, mapping: { A: a } }
    - id: three
      type: field_name_prefix
      prefix: x.
      rule_conditions: [{ type: processing_state, key: seen, val: 2 }]`;

  test("takes its steps one after the other, each with its own conditions", () => {
    const { applied: ids, rule } = applied(selection("A: 1"), steps);
    expect(ids).toEqual(["one", "two", "outer"]);
    expect(rule?.searches.get("selection")).toMatchObject({ items: [{ field: "a" }] });
  });

  test("takes none when its own conditions do not hold", () => {
    expect(applied(selection("A: 1"), steps.replace("product: linux", "product: windows")).applied).toEqual(
      [],
    );
  });
});
