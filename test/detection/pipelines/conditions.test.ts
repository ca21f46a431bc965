import { describe, expect, test } from "vitest";
import { applied, compiledSection, event, matches } from "./helpers.js";
import { ruleText, selection } from "../sigma/helpers.js";
import { parseWithPipelines } from "../../../src/detection/pipelines/index.js";
import { pipelineOf } from "./helpers.js";

/** Whether a step with these conditions on the rule is taken for a rule of process_creation on Linux with `Image: a`. */
function taken(conditions: string, more = "", before = "", attributes?: Record<string, unknown>): boolean {
  const steps = `${before}
- id: step
  type: set_custom_attribute
  attribute: x
  value: 1
  rule_conditions: ${conditions}
  ${more}`;
  const options = attributes === undefined ? {} : { attributes };
  return applied(selection("Image: a\nUser: [root, 0]"), steps, options).applied.includes("step");
}

describe("conditions on the rule", () => {
  test.each([
    ["{ type: logsource, category: process_creation }", true],
    ["{ type: logsource, product: linux, category: process_creation }", true],
    ["{ type: logsource, product: Linux }", true],
    ["{ type: logsource, product: windows, category: process_creation }", false],
    ["{ type: logsource, service: auditd }", false],
    ["{ type: contains_field, field: Image }", true],
    ["{ type: contains_field, field: image }", false],
    ["{ type: contains_detection_item, field: Image, value: a }", true],
    ["{ type: contains_detection_item, field: Image, value: b }", false],
    ["{ type: contains_detection_item, field: User, value: 0 }", true],
    ["{ type: contains_detection_item, field: User, value: a }", false],
    ["{ type: is_sigma_rule }", true],
    ["{ type: is_sigma_correlation_rule }", false],
    ["{ type: tag, tag: attack.t1059 }", false],
    ["{ type: processing_item_applied, processing_item_id: step }", false],
    ["{ type: processing_state, key: index, val: main }", false],
    ["{ type: rule_attribute, attribute: title, value: Test }", true],
    ["{ type: rule_attribute, attribute: title, value: Test, op: ne }", false],
    ["{ type: rule_attribute, attribute: level, value: low, op: lt }", true],
    ["{ type: rule_attribute, attribute: level, value: informational, op: gte }", true],
    ["{ type: rule_attribute, attribute: level, value: high, op: gte }", false],
    ["{ type: rule_attribute, attribute: nothing-known, value: 1 }", false],
    ["{ type: rule_attribute, attribute: id, value: 1 }", false],
  ])("%s: %j", (condition, wanted) => {
    expect(taken(`[${condition}]`)).toBe(wanted);
  });

  test("tag: in any case", () => {
    const text = `${ruleText(selection("A: 1"))}tags: [attack.T1059]\n`;
    const pipeline = pipelineOf(
      "- { id: s, type: rule_failure, message: no, rule_conditions: [{ type: tag, tag: attack.t1059 }] }",
    );
    expect(parseWithPipelines(text, "a.yml", [pipeline]).result?.rule).toBeNull();
  });

  const attributes = {
    status: "test",
    date: "2026-01-15",
    author: "me",
    score: 7,
    falsepositives: ["none", "many"],
  };
  test.each([
    ["{ type: rule_attribute, attribute: status, value: experimental, op: gt }", true],
    ["{ type: rule_attribute, attribute: status, value: stable, op: gte }", false],
    ["{ type: rule_attribute, attribute: date, value: 2026-01-01, op: gte }", true],
    ["{ type: rule_attribute, attribute: date, value: 2026-01-15, op: lt }", false],
    ["{ type: rule_attribute, attribute: score, value: 7, op: lte }", true],
    ["{ type: rule_attribute, attribute: score, value: '6', op: gt }", true],
    ["{ type: rule_attribute, attribute: falsepositives, value: many, op: in }", true],
    ["{ type: rule_attribute, attribute: falsepositives, value: many, op: not_in }", false],
    ["{ type: rule_attribute, attribute: falsepositives, value: many }", false],
    ["{ type: rule_attribute, attribute: falsepositives, value: many, op: ne }", true],
    ["{ type: rule_attribute, attribute: modified, value: 2026-01-01 }", false],
  ])("attributes that the caller gives: %s: %j", (condition, wanted) => {
    expect(taken(`[${condition}]`, "", "", attributes)).toBe(wanted);
  });

  test.each([
    ["status is not known when the rule's keys are not given", "status", "test", "eq", undefined],
    ["a list is asked of one value", "author", "me", "in", attributes],
    ["texts have no order", "author", "me", "gt", attributes],
    ["no level of that name", "level", "loud", "gt", attributes],
    ["no date", "date", "soon", "gt", attributes],
    ["no number", "score", "many", "gt", attributes],
    ["a map", "map", "x", "eq", { map: { a: 1 } }],
  ])("what cannot be compared is refused: %s", (_, attribute, value, op, given) => {
    const condition = `[{ type: rule_attribute, attribute: ${attribute}, value: ${value}, op: ${op} }]`;
    const step = `- { type: rule_failure, message: no, rule_conditions: ${condition} }`;
    const { rule, diagnostics } = applied(
      selection("A: 1"),
      step,
      given === undefined ? {} : { attributes: given },
    );
    expect(rule).toBeNull();
    expect(diagnostics).toMatchObject([{ code: "pipeline-attribute", severity: "error", line: 1 }]);
  });
});

describe("how conditions are linked", () => {
  const yes = "{ type: logsource, product: linux }";
  const no = "{ type: logsource, product: windows }";

  test.each([
    [`[${yes}, ${no}]`, "", false],
    [`[${yes}, ${no}]`, "rule_cond_op: and", false],
    [`[${yes}, ${no}]`, "rule_cond_op: or", true],
    [`[${no}]`, "rule_cond_not: true", true],
    [`[${yes}, ${no}]`, "rule_cond_not: true", true],
    [`{ a: ${yes}, b: ${no} }`, "", false],
    [`{ a: ${yes}, b: ${no} }`, "rule_cond_op: or", true],
    [`{ a: ${yes}, b: ${no} }`, "rule_cond_expr: a and not b", true],
    [`{ a: ${yes}, b: ${no} }`, "rule_cond_expr: not (a or b)", false],
    [`{ a: ${yes}, b: ${no}, c: ${yes} }`, "rule_cond_expr: b and a or c", true],
    ["[]", "", true],
  ])("%s %s: %j", (conditions, more, wanted) => {
    expect(taken(conditions, more)).toBe(wanted);
  });
});

describe("conditions on what was done before", () => {
  const state = "- { id: first, type: set_state, key: index, val: 5 }";

  test.each([
    ["{ type: processing_state, key: index, val: 5 }", true],
    ["{ type: processing_state, key: index, val: 5, op: ne }", false],
    ["{ type: processing_state, key: index, val: 4, op: gt }", true],
    ["{ type: processing_state, key: index, val: 5, op: gte }", true],
    ["{ type: processing_state, key: index, val: 5, op: lt }", false],
    ["{ type: processing_state, key: index, val: 5, op: lte }", true],
    ["{ type: processing_state, key: index, val: '5' }", false],
    ["{ type: processing_state, key: index, val: '4', op: gt }", false],
    ["{ type: processing_state, key: other, val: 5, op: ne }", false],
    ["{ type: processing_item_applied, processing_item_id: first }", true],
    ["{ type: processing_item_applied, processing_item_id: second }", false],
  ])("%s: %j", (condition, wanted) => {
    expect(taken(`[${condition}]`, "", state)).toBe(wanted);
  });

  test("a state may be a list, which equals no plain value", () => {
    const list = "- { type: set_state, key: index, val: [a, b] }";
    expect(taken("[{ type: processing_state, key: index, val: a }]", "", list)).toBe(false);
    expect(taken("[{ type: processing_state, key: index, val: a, op: ne }]", "", list)).toBe(true);
  });

  test("a custom attribute is an attribute of the rule", () => {
    const set = "- { type: set_custom_attribute, attribute: team, value: soc }";
    expect(taken("[{ type: rule_attribute, attribute: team, value: soc }]", "", set)).toBe(true);
  });
});

/** Whether a step with these conditions on lines prefixes the field of the line. */
function prefixed(line: string, conditions: string, more = ""): boolean {
  const steps = `
- type: field_name_prefix
  prefix: x.
  detection_item_conditions: ${conditions}
  ${more}`;
  return compiledSection(selection(line), steps).fields?.has("x.A") ?? false;
}

describe("conditions on lines", () => {
  test.each([
    ["A: abc", "{ type: match_string, cond: any, pattern: ab }", true],
    // Expressions match from the start, and not to the end.
    ["A: abc", "{ type: match_string, cond: any, pattern: bc }", false],
    ["A|endswith: bc", "{ type: match_string, cond: any, pattern: '\\*bc$' }", true],
    ["A: [a, b]", "{ type: match_string, cond: any, pattern: a }", true],
    ["A: [a, b]", "{ type: match_string, cond: all, pattern: a }", false],
    ["A: [a, b]", "{ type: match_string, cond: any, pattern: a, negate: true }", true],
    ["A: [a, a2]", "{ type: match_string, cond: any, pattern: a, negate: true }", false],
    ["A: 5", "{ type: match_string, cond: any, pattern: 5 }", false],
    ["A: 5", "{ type: match_string, cond: any, pattern: '5' }", false],
    // A plain star is printed with a backslash, as it is written.
    [String.raw`A: 'a\*b'`, String.raw`{ type: match_string, cond: any, pattern: 'a\\\*b$' }`, true],
    [String.raw`A: 'a\*b'`, String.raw`{ type: match_string, cond: any, pattern: 'a\*b$' }`, false],
    ["A: null", "{ type: match_string, cond: any, pattern: '.*', negate: true }", true],
    ["A|windash: -x", "{ type: match_string, cond: any, pattern: '[-/–—―]x$' }", true],
    ["A|windash: -x", "{ type: match_string, cond: any, pattern: '-x$' }", false],
    ["A: a", "{ type: match_value, cond: any, value: a }", true],
    ["A: 5", "{ type: match_value, cond: any, value: 5 }", true],
    ["A: true", "{ type: match_value, cond: any, value: true }", true],
    ["A: 'a*'", "{ type: match_value, cond: any, value: a }", false],
    ["A: 'a*'", "{ type: match_value, cond: any, value: 'A*' }", true],
    ["A: 'a*'", String.raw`{ type: match_value, cond: any, value: 'a\*' }`, false],
    ["A|re: a", "{ type: match_value, cond: any, value: a }", false],
    ["A: 'a*'", "{ type: contains_wildcard, cond: any }", true],
    ["A: 'a\\*'", "{ type: contains_wildcard, cond: any }", false],
    ["A: [a, 'b?']", "{ type: contains_wildcard, cond: all }", false],
    ["A: null", "{ type: is_null, cond: all }", true],
    ["A: ''", "{ type: is_null, cond: any }", false],
    ["A: a", "{ type: processing_item_applied, processing_item_id: none }", false],
    ["A: a", "{ type: processing_state, key: k, val: v }", false],
  ])("%s with %s: %j", (line, condition, wanted) => {
    const quoted = condition.replace("pattern: 5 }", "pattern: '5' }");
    expect(prefixed(line, `[${quoted}]`)).toBe(wanted);
  });

  test("are linked as those on rules are", () => {
    const both = "{ a: { type: is_null, cond: any }, b: { type: match_value, cond: any, value: x } }";
    expect(prefixed("A: x", both)).toBe(false);
    expect(prefixed("A: x", both, "detection_item_cond_op: or")).toBe(true);
    expect(prefixed("A: x", both, "detection_item_cond_not: true")).toBe(true);
    expect(prefixed("A: x", both, "detection_item_cond_expr: b and not a")).toBe(true);
  });

  test("processing_item_applied: of lines that an earlier step changed", () => {
    const steps = `
- { id: first, type: field_name_mapping, mapping: { A: a } }
- type: field_name_prefix
  prefix: x.
  detection_item_conditions: [{ type: processing_item_applied, processing_item_id: first }]`;
    expect(compiledSection(selection("A: 1\nB: 2"), steps).fields).toEqual(new Set(["x.a", "B"]));
  });

  test("processing_item_applied: of lines that a step added", () => {
    const steps = `
- { id: added, type: add_condition, conditions: { C: 1 } }
- type: field_name_prefix
  prefix: x.
  detection_item_conditions: [{ type: processing_item_applied, processing_item_id: added }]`;
    expect(compiledSection(selection("A: 1"), steps).fields).toEqual(new Set(["A", "x.C"]));
  });

  test("processing_state: as an earlier step set it", () => {
    const steps = `
- { type: set_state, key: k, val: v }
- type: field_name_prefix
  prefix: x.
  detection_item_conditions: [{ type: processing_state, key: k, val: v }]`;
    expect(compiledSection(selection("A: 1"), steps).fields).toEqual(new Set(["x.A"]));
  });
});

describe("conditions on names of fields", () => {
  const step = (conditions: string, more = ""): string => `
- { id: first, type: field_name_mapping, mapping: { M: mapped } }
- { type: set_state, key: k, val: v }
- type: field_name_prefix
  prefix: x.
  field_name_conditions: ${conditions}
  ${more}`;

  test.each([
    ["[{ type: include_fields, fields: [A, B] }]", "", ["x.A", "x.B", "mapped"]],
    ["[{ type: include_fields, fields: [a] }]", "", ["A", "B", "mapped"]],
    ["[{ type: include_fields, fields: ['[AB]'], mode: re }]", "", ["x.A", "x.B", "mapped"]],
    ["[{ type: include_fields, fields: [app], mode: re }]", "", ["A", "B", "mapped"]],
    ["[{ type: exclude_fields, fields: [A] }]", "", ["A", "x.B", "x.mapped"]],
    ["[{ type: exclude_fields, fields: ['m.*'], mode: re }]", "", ["x.A", "x.B", "mapped"]],
    ["[{ type: include_fields, fields: [A] }]", "field_name_cond_not: true", ["A", "x.B", "x.mapped"]],
    [
      "[{ type: include_fields, fields: [A] }, { type: include_fields, fields: [B] }]",
      "field_name_cond_op: or",
      ["x.A", "x.B", "mapped"],
    ],
    [
      "{ a: { type: include_fields, fields: [A] }, b: { type: include_fields, fields: [B] } }",
      "field_name_cond_expr: not a and not b",
      ["A", "B", "x.mapped"],
    ],
    ["[{ type: processing_state, key: k, val: v }]", "", ["x.A", "x.B", "x.mapped"]],
    ["[{ type: processing_state, key: k, val: w }]", "", ["A", "B", "mapped"]],
  ])("%s %s: %j", (conditions, more, fields) => {
    const rule = compiledSection(selection("A: 1\nB: 2\nM: 3"), step(conditions, more));
    expect([...(rule.fields ?? [])]).toEqual(fields);
  });

  test("processing_item_applied: of names in the rule's list of fields", () => {
    const condition = "[{ type: processing_item_applied, processing_item_id: first }]";
    const { fields } = applied(selection("Z: 1"), step(condition), { attributes: { fields: ["A", "M"] } });
    expect(fields).toEqual(["A", "x.mapped"]);
  });

  test("keywords have no name: they are in no list", () => {
    const steps = `
- type: field_name_mapping
  mapping: { null: message }
  field_name_conditions: [{ type: include_fields, fields: ['.*'], mode: re }]`;
    expect(compiledSection("s: [needle]\ncondition: s", steps).fields).toBeNull();
  });

  test("are asked together with those on lines: both must hold", () => {
    const steps = `
- type: set_value
  value: z
  field_name_conditions: [{ type: include_fields, fields: [A, B] }]
  detection_item_conditions: [{ type: match_value, cond: any, value: x }]`;
    expect(matches("A: x\nB: y\nC: x", steps, { A: "z", B: "y", C: "x" })).toBe(true);
  });
});

test("a step whose conditions do not hold changes nothing", () => {
  const steps =
    "- { type: rule_failure, message: no, rule_conditions: [{ type: logsource, product: windows }] }";
  expect(compiledSection(selection("A: 1"), steps).matches(event({ A: 1 }))).toBe(true);
});
