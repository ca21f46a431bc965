import { describe, expect, test } from "vitest";
import { compileWithPipelines, placeholdersOf } from "../../../src/detection/pipelines/index.js";
import { placeholdersOfFile } from "../../../src/detection/pipelines/placeholders.js";
import { parseSigmaFile } from "../../../src/detection/sigma/collection-file.js";
import { event, matches, pipelineOf } from "./helpers.js";
import { ruleText, selection } from "../sigma/helpers.js";

const values = pipelineOf(
  "- { type: value_placeholders }",
  "vars: { admins: [root, 'adm*', 7], path: '/opt/x' }",
);
const line = "User|expand: '%admins%'";

function compile(
  lines: string,
  ...steps: Parameters<typeof compileWithPipelines>[2]
): ReturnType<typeof compileWithPipelines> {
  return compileWithPipelines(ruleText(selection(lines)), "rules/test.yml", steps);
}

describe("value_placeholders: the values of the pipeline's variables", () => {
  test.each([
    [line, { User: "root" }, true],
    [line, { User: "adminstrator" }, true],
    [line, { User: 7 }, true],
    [line, { User: "other" }, false],
    ["Image|expand|startswith: '%path%/bin'", { Image: "/opt/x/bin/sh" }, true],
    ["Image|expand|contains: 'a%path%b'", { Image: "xa/opt/xbx" }, true],
    // The values come before the modifiers that follow.
    ["Image|expand|base64: '%path%'", { Image: "L29wdC94" }, true],
    ["User|expand|neq: '%admins%'", { User: "root" }, false],
  ])("%s of %j: %j", (lines, fields, wanted) => {
    expect(matches(lines, values, fields)).toBe(wanted);
  });
});

describe("wildcard_placeholders: any text", () => {
  const wildcard = pipelineOf("- { type: wildcard_placeholders }");

  test("of a value that is there", () => {
    expect(matches("Image|expand: '/bin/%shell%'", wildcard, { Image: "/bin/anything" })).toBe(true);
    expect(matches("Image|expand: '/bin/%shell%'", wildcard, { Image: "/usr/bin/x" })).toBe(false);
    expect(matches(line, wildcard, {})).toBe(false);
  });

  test("a value that is then nothing but a wildcard is warned about", () => {
    expect(compile(line, wildcard).diagnostics).toMatchObject([
      { severity: "warning", code: "value-matches-all" },
    ]);
  });
});

describe("which step answers", () => {
  const steps = `
- { type: value_placeholders, include: [admins] }
- { type: wildcard_placeholders, exclude: [secret] }`;
  const pipeline = pipelineOf(steps, "vars: { admins: root, other: x }");

  test("include and exclude limit a step; the first that handles a name answers", () => {
    expect(matches(line, pipeline, { User: "root" })).toBe(true);
    expect(matches(line, pipeline, { User: "x" })).toBe(false);
    expect(matches("User|expand: '%other%'", pipeline, { User: "anything" })).toBe(true);
  });

  test("a name that no step handles is refused where the rule has it", () => {
    const { rule, diagnostics } = compile("User|expand: '%secret%'", pipeline);
    expect(rule).toBeNull();
    expect(diagnostics).toMatchObject([{ code: "placeholder-unresolved", line: 7, column: 18 }]);
  });

  test("a name without a variable is refused, not left out", () => {
    expect(compile("User|expand: '%unknown%'", values).diagnostics).toMatchObject([
      { code: "placeholder-unresolved" },
    ]);
  });

  test("conditions on the rule count", () => {
    const windows = pipelineOf(
      "- { type: value_placeholders, rule_conditions: [{ type: logsource, product: windows }] }",
      "vars: { admins: root }",
    );
    expect(compile(line, windows).rule).toBeNull();
    const linux = pipelineOf(
      "- { type: value_placeholders, rule_conditions: [{ type: logsource, product: linux }] }",
      "vars: { admins: root }",
    );
    expect(compile(line, linux).rule?.matches(event({ User: "root" }))).toBe(true);
  });

  test("variables of all pipelines are one set, those of a later pipeline first", () => {
    const later = pipelineOf("- { type: set_state, key: a, val: b }", "vars: { admins: late }\npriority: 9");
    const rule = compile(line, later, values).rule;
    expect(rule?.matches(event({ User: "late" }))).toBe(true);
    expect(rule?.matches(event({ User: "root" }))).toBe(false);
  });

  test("values that the caller gives come before those of pipelines", () => {
    const source = { file: "a.yml", text: ruleText(selection(line)) };
    expect(placeholdersOf(source, [values])).toEqual({ admins: ["root", "adm*", "7"] });
    expect(placeholdersOf(source, [values], { admins: ["me"] })).toEqual({ admins: ["me"] });
    expect(placeholdersOf(source, [])).toEqual({});
  });

  test("a rule that a pipeline refuses is refused for that, once", () => {
    const pipelineThatRefuses = pipelineOf(
      "- { type: value_placeholders }\n- { type: rule_failure, message: no }",
      "vars: { admins: x }",
    );
    expect(compile(line, pipelineThatRefuses).diagnostics).toMatchObject([{ code: "pipeline-refused" }]);
  });
});

describe("the documents of a file", () => {
  const linuxOnly = pipelineOf(
    "- { type: value_placeholders, rule_conditions: [{ type: logsource, product: linux }] }",
    "vars: { admins: root }",
  );
  const rule = (product: string, id: string): string =>
    `title: ${id}\nid: ${id}\nlogsource: { product: ${product} }\ndetection: { selection: { User|expand: "%admins%" }, condition: selection }\n`;
  const filter =
    "title: Admins\nlogsource: { product: linux }\nfilter: { rules: any, selection: { User|expand: '%admins%' }, condition: not selection }\n";

  test("each have their own answers", () => {
    const text = `${rule("linux", "one")}---\n${rule("windows", "two")}---\n${filter}`;
    const { documents } = parseSigmaFile(
      text,
      "a.yml",
      placeholdersOfFile({ text, file: "a.yml" }, [linuxOnly]),
    );
    expect(documents.map(({ type }) => type)).toEqual(["rule", "refused", "filter"]);
    expect(documents[1]?.diagnostics).toMatchObject([{ code: "placeholder-unresolved", line: 9 }]);
  });
});
