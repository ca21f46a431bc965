import { test } from "vitest";
import { expectRefusal, pipelineText, type Refusal } from "./helpers.js";

const step = (text: string): string => pipelineText(`- ${text}`);
const rule = (conditions: string, more = ""): string =>
  step(`{ type: set_state, key: k, val: v, rule_conditions: ${conditions}${more} }`);
const line = (conditions: string): string => step(`{ type: case, detection_item_conditions: ${conditions} }`);
const name = (conditions: string): string => step(`{ type: case, field_name_conditions: ${conditions} }`);

const refusals: readonly (readonly [title: string, ...Refusal])[] = [
  ["an unknown condition", rule("[{ type: logsorce }]"), "unknown-condition", 3, 66, '"logsource"?'],
  [
    "a condition of another kind",
    rule("[{ type: is_null, cond: any }]"),
    "unknown-condition",
    3,
    66,
    "known are",
  ],
  ["a condition without a type", rule("[{ product: linux }]"), "missing-key", 3, 58, '"type"'],
  ["a condition that is a text", rule("[logsource]"), "wrong-type", 3, 58, "a condition is a map"],
  ["conditions that are a text", rule("logsource"), "wrong-type", 3, 57, "a list or a map"],
  [
    "an unknown key of a condition",
    rule("[{ type: logsource, category: a, produkt: linux }]"),
    "unknown-key",
    3,
    90,
    '"product"?',
  ],
  [
    "a log source of nothing",
    rule("[{ type: logsource }]"),
    "missing-key",
    3,
    58,
    "category, product or service",
  ],
  [
    "a value that is a list",
    rule("[{ type: contains_detection_item, field: a, value: [b] }]"),
    "wrong-type",
    3,
    108,
    '"value"',
  ],
  [
    "an unknown operator",
    rule("[{ type: logsource, product: a }]", ", rule_cond_op: xor"),
    "unknown-word",
    3,
    106,
    "or",
  ],
  ["an operator without conditions", rule("[]", ", rule_cond_op: or"), "condition-missing", 3, 75, ""],
  [
    "a negation without conditions",
    step("{ type: case, field_name_cond_not: true }"),
    "condition-missing",
    3,
    40,
    "",
  ],
  [
    "operator and expression",
    rule("{ a: { type: is_sigma_rule } }", ", rule_cond_op: or, rule_cond_expr: a"),
    "condition-conflict",
    3,
    103,
    "",
  ],
  [
    "an expression over a list",
    rule("[{ type: is_sigma_rule }]", ", rule_cond_expr: a"),
    "wrong-type",
    3,
    57,
    "a map of names",
  ],
  [
    "an expression with an unknown name",
    rule("{ first: { type: is_sigma_rule } }", ", rule_cond_expr: frist"),
    "unknown-identifier",
    3,
    109,
    '"first"?',
  ],
  [
    "an expression that leaves a condition out",
    rule("{ a: { type: is_sigma_rule }, b: { type: is_sigma_rule } }", ", rule_cond_expr: a"),
    "condition-unused",
    3,
    133,
    "b",
  ],
  [
    "an expression that is none",
    rule("{ a: { type: is_sigma_rule } }", ", rule_cond_expr: a and"),
    "condition-syntax",
    3,
    105,
    "",
  ],
  [
    "an expression that counts",
    rule("{ a: { type: is_sigma_rule } }", ", rule_cond_expr: 1 of a"),
    "condition-syntax",
    3,
    105,
    "only",
  ],
  ["a condition without any or all", line("[{ type: is_null }]"), "missing-key", 3, 47, "one of any, all"],
  [
    "a pattern that is no expression",
    line("[{ type: match_string, cond: any, pattern: '[' }]"),
    "regex-invalid",
    3,
    89,
    "",
  ],
  [
    "a pattern with a look-ahead",
    name("[{ type: include_fields, fields: ['(?=a)'], mode: re }]"),
    "regex-unsafe",
    3,
    75,
    "",
  ],
  [
    "conditions on lines of a rule's step",
    step("{ type: rule_failure, message: no, detection_item_conditions: [{ type: is_null, cond: any }] }"),
    "condition-without-effect",
    3,
    67,
    "detection_item_failure",
  ],
  [
    "conditions on names of a rule's step",
    step(
      "{ type: set_state, key: k, val: v, field_name_conditions: [{ type: include_fields, fields: [a] }] }",
    ),
    "condition-without-effect",
    3,
    63,
    "rule_conditions",
  ],
];

test.each(refusals)("is refused with its position: %s", (_, ...refusal) => expectRefusal(refusal));
