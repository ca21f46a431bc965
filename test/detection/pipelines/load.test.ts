import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePipeline } from "../../../src/detection/pipelines/index.js";
import { expectRefusal, pipelineText, refusedPipeline, type Refusal } from "./helpers.js";

describe("a pipeline", () => {
  test("has a name, a priority, variables and steps", () => {
    const text = `
name: My pipeline
priority: 20
vars:
  admins: [root, "adm*", 7]
  one: x
transformations:
  - { id: a, type: set_state, key: k, val: v }
  - { type: case }
`;
    const { pipeline, diagnostics } = parsePipeline(text, "pipelines/mine.yml");
    expect(diagnostics).toEqual([]);
    expect(pipeline).toMatchObject({ name: "My pipeline", file: "pipelines/mine.yml", priority: 20 });
    expect([...(pipeline?.vars ?? [])]).toEqual([
      ["admins", ["root", "adm*", "7"]],
      ["one", ["x"]],
    ]);
    expect(pipeline?.items).toMatchObject([
      { id: "a", type: "set_state", position: { file: "pipelines/mine.yml", line: 8, column: 5 } },
      { id: null, type: "case" },
    ]);
  });

  test("without a name is called by its file; without steps it does nothing", () => {
    const { pipeline } = parsePipeline("priority: 1\npostprocessing: []\nfinalizers: []\n", "a/b.yml");
    expect(pipeline).toMatchObject({ name: "a/b.yml", priority: 1, items: [] });
  });

  test("allowed_backends does not limit matching, which is said", () => {
    const { pipeline, diagnostics } = parsePipeline("name: a\nallowed_backends: [splunk]\n", "a.yml");
    expect(pipeline).not.toBeNull();
    expect(diagnostics).toMatchObject([
      { severity: "warning", code: "allowed-backends-ignored", line: 2, column: 19 },
    ]);
  });
});

const step = (text: string): string => pipelineText(`- ${text}`);
const refusals: readonly (readonly [title: string, ...Refusal])[] = [
  ["nothing", "", "pipeline-empty", 1, 1, "no pipeline"],
  ["a comment only", "# nothing\n", "pipeline-empty", 1, 1, "no pipeline"],
  ["a list", "- a\n", "wrong-type", 1, 1, "a pipeline is a map"],
  ["broken YAML", "name: 'x\n", "yaml-invalid", 2, 1, ""],
  ["two documents", "name: a\n---\nname: b\n", "multi-document-unsupported", 2, 1, "one pipeline to a file"],
  ["an alias", "name: &a x\nvars: { y: *a }\n", "yaml-alias", 2, 12, ""],
  ["a key twice", "name: a\nname: b\n", "duplicate-key", 2, 1, ""],
  ["an unknown key", "nmae: a\n", "unknown-key", 1, 1, 'did you mean "name"?'],
  ["a name that is a list", "name: [a]\n", "wrong-type", 1, 7, '"name" must be a text'],
  ["a priority that is a text", "priority: high\n", "wrong-type", 1, 11, '"priority" must be a number'],
  ["variables as a list", "vars: [a]\n", "wrong-type", 1, 7, '"vars" must be a map'],
  ["a variable that is a map", "vars:\n  a: { b: c }\n", "wrong-type", 2, 6, "a variable holds"],
  ["a variable without values", "vars:\n  a: []\n", "wrong-type", 2, 6, "a variable holds"],
  ["a variable that is true", "vars:\n  a: true\n", "wrong-type", 2, 6, "a variable holds"],
  ["steps that are a map", "transformations: { a: b }\n", "wrong-type", 1, 18, "list of steps"],
  ["postprocessing", "postprocessing:\n  - { type: embed }\n", "postprocessing-unsupported", 2, 3, "query"],
  ["finalizers", "finalizers:\n  - { type: concat }\n", "finalizers-unsupported", 2, 3, "query"],
  ["a step that is a text", step("case"), "wrong-type", 3, 5, "a step of a pipeline is a map"],
  ["a step without a type", step("{ id: a }"), "missing-key", 3, 5, '"type"'],
  [
    "an unknown step",
    step("{ type: field_name_maping }"),
    "unknown-transformation",
    3,
    13,
    '"field_name_mapping"?',
  ],
  ["an unknown step far from any", step("{ type: quux }"), "unknown-transformation", 3, 13, "known are"],
  [
    "an unknown parameter",
    step("{ type: case, methd: lower }"),
    "unknown-key",
    3,
    19,
    'did you mean "method"?',
  ],
  [
    "a parameter of another step",
    step("{ type: case, prefix: x }"),
    "unknown-key",
    3,
    19,
    "the transformation case",
  ],
  ["a missing parameter", step("{ type: set_state, key: k }"), "missing-key", 3, 5, '"val"'],
  ["a missing text", step("{ type: field_name_prefix }"), "missing-key", 3, 5, '"prefix"'],
  ["a missing map", step("{ type: map_string }"), "missing-key", 3, 5, '"mapping"'],
  ["a missing list", step("{ type: set_field }"), "missing-key", 3, 5, '"fields"'],
  ["a missing choice", step("{ type: convert_type }"), "missing-key", 3, 5, "one of str, num"],
  ["an unknown word", step("{ type: case, method: loewr }"), "unknown-word", 3, 27, 'did you mean "lower"?'],
  [
    "a text where true or false stands",
    step("{ type: add_condition, conditions: { A: 1 }, negated: 'yes' }"),
    "wrong-type",
    3,
    59,
    "true or false",
  ],
  [
    "a list where a text stands",
    step("{ type: rule_failure, message: [a] }"),
    "wrong-type",
    3,
    36,
    '"message" must be a text',
  ],
  [
    "a text where a list stands",
    step("{ type: set_field, fields: a }"),
    "wrong-type",
    3,
    32,
    "a list of texts",
  ],
  [
    "a mapping that is a list",
    step("{ type: field_name_mapping, mapping: [a] }"),
    "wrong-type",
    3,
    42,
    '"mapping" must be a map',
  ],
  [
    "a mapping to nothing",
    step("{ type: field_name_mapping, mapping: { A: [] } }"),
    "wrong-type",
    3,
    47,
    "is empty",
  ],
  [
    "a mapping to a map",
    step("{ type: field_name_mapping, mapping: { A: { B: c } } }"),
    "wrong-type",
    3,
    47,
    "a text or a list",
  ],
  [
    "a mapping of a list",
    step("{ type: field_name_mapping, mapping: { [A]: b } }"),
    "wrong-type",
    3,
    44,
    "a text as a key",
  ],
  [
    "a mapping of values to keywords",
    step("{ type: map_string, mapping: { null: b } }"),
    "wrong-type",
    3,
    36,
    "a text as a key",
  ],
  [
    "an expression that is none",
    step("{ type: replace_string, regex: '(', replacement: x }"),
    "regex-invalid",
    3,
    36,
    "",
  ],
  [
    "an expression with a look-ahead",
    step("{ type: replace_string, regex: '(?=a)', replacement: x }"),
    "regex-unsafe",
    3,
    36,
    "",
  ],
  [
    "an expression with a reference to itself",
    step(String.raw`{ type: replace_string, regex: '(a)\1', replacement: x }`),
    "regex-unsafe",
    3,
    36,
    "",
  ],
  [
    "an expression that is too large",
    step("{ type: replace_string, regex: '((a{50}){50}){50}', replacement: x }"),
    "regex-unsafe",
    3,
    36,
    "",
  ],
  [
    "a group that is not there",
    step(String.raw`{ type: replace_string, regex: 'a', replacement: '\1' }`),
    "regex-invalid",
    3,
    54,
    "no group 1",
  ],
  [
    "an escape that is none",
    step(String.raw`{ type: replace_string, regex: 'a', replacement: '\q' }`),
    "regex-invalid",
    3,
    54,
    "",
  ],
  ["a value that is a map", step("{ type: set_value, value: { a: b } }"), "wrong-type", 3, 31, '"value"'],
  ["no value", step("{ type: set_value }"), "missing-key", 3, 5, "value: null"],
  [
    "a number that is none",
    step("{ type: set_value, value: many, force_type: num }"),
    "wrong-type",
    3,
    31,
    "no number",
  ],
  [
    "a type forced on null",
    step("{ type: set_value, value: null, force_type: str }"),
    "wrong-type",
    3,
    31,
    "force_type",
  ],
  ["a log source without anything", step("{ type: change_logsource }"), "missing-key", 3, 5, "every event"],
  [
    "conditions that are no map",
    step("{ type: add_condition, conditions: [a] }"),
    "wrong-type",
    3,
    40,
    "a map of fields",
  ],
  ["no conditions to add", step("{ type: add_condition }"), "wrong-type", 3, 5, "a map of fields"],
  [
    "a condition with an unknown modifier",
    step("{ type: add_condition, conditions: { A|contians: x } }"),
    "unknown-modifier",
    3,
    44,
    '"contains"?',
  ],
  [
    "a name that is no identifier",
    step("{ type: add_condition, name: a b, conditions: { A: x } }"),
    "wrong-type",
    3,
    34,
    "name of a selection",
  ],
  ["no algorithms", step("{ type: hashes_fields }"), "missing-key", 3, 5, '"valid_hash_algos"'],
  [
    "a hash field without a name",
    step("{ type: hashes_fields, valid_hash_algos: [MD5], drop_algo_prefix: true }"),
    "missing-key",
    3,
    71,
    "no name",
  ],
  [
    "include and exclude",
    step("{ type: wildcard_placeholders, include: [a], exclude: [b] }"),
    "condition-conflict",
    3,
    59,
    "",
  ],
  ["nested steps that are none", step("{ type: nest, items: a }"), "wrong-type", 3, 26, "list of steps"],
  [
    "an unknown nested step",
    step("{ type: nest, items: [{ type: cse }] }"),
    "unknown-transformation",
    3,
    35,
    '"case"?',
  ],
];

test.each(refusals)("is refused with its position: %s", (_, ...refusal) => expectRefusal(refusal));

test.each([
  "query_expression_placeholders",
  "file_placeholders",
  "http_placeholders",
  "command_placeholders",
  "field_name_transform",
  "extract_fields",
])("%s is refused with the reason and what to use instead", (type) => {
  const [first] = refusedPipeline(step(`{ type: ${type}, anything: 1 }`));
  expect(first).toMatchObject({ code: "transformation-unsupported", line: 3, column: 13 });
  expect(first?.message).toContain(`${type} `);
  expect(first?.hint).not.toBe("");
});

test("every problem is told, in the order of the file", () => {
  const findings = refusedPipeline(
    pipelineText("- { type: cse }\n- { type: case, x: 1 }\n- { type: set_field }"),
  );
  expect(findings.map(({ line: found }) => found)).toEqual([3, 4, 5]);
});

describe("no text makes the reader throw", () => {
  const isAnswered = (text: string): boolean => {
    const { pipeline, diagnostics } = parsePipeline(text, "a.yml");
    const refused = diagnostics.some(({ severity }) => severity === "error");
    return (
      (pipeline === null) === refused && diagnostics.every(({ line: at, column }) => at > 0 && column > 0)
    );
  };

  test("steps that nest too deep", () => {
    const depth = (count: number): string =>
      step(`${"{ type: nest, items: [".repeat(count)}{ type: case }${"] }".repeat(count)}`);
    expect(parsePipeline(depth(20), "a.yml").diagnostics).toEqual([]);
    expect(refusedPipeline(depth(21))).toMatchObject([{ code: "pipeline-too-deep", line: 3 }]);
    expect(isAnswered(depth(500))).toBe(true);
  });

  test("values that nest deep", () => {
    for (const count of [100, 2000, 20_000]) {
      const nested = `${"[".repeat(count)}${"]".repeat(count)}`;
      expect(isAnswered(step(`{ type: set_state, key: k, val: ${nested} }`))).toBe(true);
      expect(isAnswered(step(`{ type: add_condition, conditions: { A: ${nested} } }`))).toBe(true);
      expect(isAnswered(step(nested))).toBe(true);
    }
  });

  test("arbitrary text", () => {
    const property = fc.property(fc.string({ unit: "binary", maxLength: 200 }), isAnswered);
    expect(fc.check(property, { numRuns: 200 })).toMatchObject({ failed: false, counterexample: null });
  });

  test("steps with arbitrary pieces", () => {
    const words = [
      ...[
        "type",
        "field_name_mapping",
        "mapping",
        "case",
        "nest",
        "items",
        "replace_string",
        "regex",
        "set_value",
      ],
      ...[
        "rule_conditions",
        "logsource",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "-",
        "'",
        '"',
        "null",
        "&a",
        "*a",
        "\n",
        "  ",
      ],
    ];
    const piece = fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 5 }));
    const pieces = fc.array(piece, { maxLength: 14 }).map((list) => list.join(" "));
    const property = fc.property(
      pieces,
      pieces,
      fc.constantFrom("case", "field_name_mapping", "nest", "add_condition", "replace_string", "set_value"),
      (before, after, type) =>
        isAnswered(`transformations:\n  - ${before}\n`) &&
        isAnswered(`transformations:\n  - type: ${type}\n    ${before}: ${after}\n`) &&
        isAnswered(
          `transformations:\n  - type: ${type}\n    mapping: ${after}\n    rule_conditions: ${before}\n`,
        ),
    );
    expect(fc.check(property, { numRuns: 300 })).toMatchObject({ failed: false, counterexample: null });
  });
});
