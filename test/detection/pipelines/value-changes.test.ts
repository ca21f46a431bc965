import { describe, expect, test } from "vitest";
import { applied, compiledSection, compiledWith, event, matches, refusal } from "./helpers.js";

describe("replace_string", () => {
  const step = (regex: string, replacement: string, more = ""): string =>
    `- { type: replace_string, regex: '${regex}', replacement: '${replacement}'${more} }`;

  test.each([
    ["a whole value", "A: abc", step("b", "x"), "axc", true],
    ["every place", "A: abcb", step("b", "x"), "axcx", true],
    ["a group", "A: ab", step("(a)(b)", String.raw`\2\1`), "ba", true],
    ["a named group", "A: ab", step("(?P<first>a)", String.raw`\g<first>\g<first>`), "aab", true],
    ["what does not match stays", "A: abc", step("z", "x"), "abc", true],
    [
      "the wildcard of a modifier is part of the value",
      "A|endswith: b",
      step(String.raw`^\*`, ""),
      "b",
      true,
    ],
    [
      "the wildcard of a modifier is part of the value",
      "A|endswith: b",
      step(String.raw`^\*`, ""),
      "ab",
      false,
    ],
    ["a wildcard can be put in", "A: ab", step("b$", "*"), "axyz", true],
    ["numbers are texts", "A: 4688", step("^46", "x"), "x88", true],
    ["the flag (?i)", "A: ABC", step("(?i)b", "x"), "axc", true],
    ["a lazy quantifier", "A: aab", step("^a+?", "x"), "xab", true],
    ["each value of a list", "A: [ab, cb]", step("b", "x"), "cx", true],
    ["a line that is negated", "A|neq: ab", step("b", "x"), "ax", false],
    ["not what base64offset made", "A|base64offset|contains: abc", step("Y", "x"), "xYWJjx", true],
    ["not regular expressions", "A|re: ab", step("b", "x"), "ab", true],
  ])("%s: %s with %s", (_, line, steps, value, wanted) => {
    expect(matches(line, steps, { A: value })).toBe(wanted);
  });

  test("a backslash before a wildcard stays a backslash where nothing is replaced", () => {
    const rule = compiledWith(String.raw`A|startswith: 'C:\Windows\'`, step("^C:", "D:"));
    expect(rule.matches(event({ A: String.raw`D:\Windows\x` }))).toBe(true);
    expect(rule.matches(event({ A: String.raw`D:\Windows*` }))).toBe(false);
  });

  test("an escaped wildcard stays a plain character", () => {
    const rule = compiledWith(String.raw`A: 'a\*b'`, step("a", "x"));
    expect(rule.matches(event({ A: "x*b" }))).toBe(true);
    expect(rule.matches(event({ A: "x--b" }))).toBe(false);
  });

  test("skip_special leaves wildcards alone; interpret_special reads those of the replacement", () => {
    const all = step(String.raw`[*?]|b`, "x", ", skip_special: true");
    expect(matches("A: 'ab*'", all, { A: "ax anything" })).toBe(true);
    expect(matches("A: ab", step("b", "*", ", skip_special: true"), { A: "axx" })).toBe(false);
    expect(matches("A: ab", step("b", "*", ", skip_special: true"), { A: "a*" })).toBe(true);
    const interpreted = step("b", "*", ", skip_special: true, interpret_special: true");
    expect(matches("A: ab", interpreted, { A: "axx" })).toBe(true);
  });

  test("dashes of windash are written out first, none is missed", () => {
    const rule = compiledWith("A|windash|contains: ' -x'", step("x", "y"));
    for (const dash of ["-", "/", "–"]) expect(rule.matches(event({ A: `cmd ${dash}y` }))).toBe(true);
    expect(rule.matches(event({ A: "cmd -x" }))).toBe(false);
  });

  test("the explanation shows the value as the rule wrote it", () => {
    const { unmet } = compiledWith("A: abc", step("b", "x")).explain(event({ A: "other" }));
    expect(unmet).toMatchObject([{ clause: "selection: A", wanted: "'abc'", found: "other" }]);
  });

  test("a value that is too long for the expression is refused", () => {
    // Each match looks at the whole rest first.
    const value = "a".repeat(100_000);
    expect(refusal(`A: ${value}`, step("[^b]*b|a", "x"))).toMatchObject({ code: "value-too-many", line: 7 });
  });
});

describe("map_string", () => {
  const steps = "- { type: map_string, mapping: { low: S-1, high: [S-2, S-3], 'a*': b } }";

  test.each([
    ["A: low", "S-1", true],
    ["A: low", "low", false],
    ["A: high", "S-3", true],
    ["A: [low, other]", "other", true],
    // The value as a whole, in its case.
    ["A: LOW", "LOW", true],
    ["A|contains: low", "xlowx", true],
    ["A|startswith: a", "b", true],
    ["A|neq: high", "S-3", false],
    ["A|contains|all: [low, high]", "lowhigh", true],
  ])("%s of %j: %j", (line, value, wanted) => {
    expect(matches(line, steps, { A: value })).toBe(wanted);
  });
});

describe("set_value", () => {
  const step = (value: string): string => `- { type: set_value, value: ${value} }`;

  test.each([
    ["A: 1", step("b"), { A: "b" }, true],
    ["A: [x, y]", step("5"), { A: 5 }, true],
    ["A: 1", step("true"), { A: true }, true],
    ["A: [x, y]", step("null"), {}, true],
    ["A: [x, y]", step("null"), { A: "x" }, false],
    ["A: x", step("'*'"), { A: "anything" }, true],
    ["A|contains|all: [x, y]", step("z"), { A: "z" }, true],
    ["A: x", "- { type: set_value, value: 5, force_type: str }", { A: "5" }, true],
    ["A: x", "- { type: set_value, value: '5', force_type: num }", { A: "5.0" }, true],
  ])("%s with %s of %j: %j", (line, steps, fields, wanted) => {
    expect(matches(line, steps, fields)).toBe(wanted);
  });
});

describe("convert_type", () => {
  test("num: the texts 5 and 5.0 are one number", () => {
    expect(matches("A: '5'", "- { type: convert_type, target_type: num }", { A: "5.0" })).toBe(true);
    expect(matches("A: '5'", "- { type: convert_type, target_type: str }", { A: "5.0" })).toBe(false);
  });

  test("str: a number is then compared as text", () => {
    expect(matches("A: 5", "- { type: convert_type, target_type: str }", { A: "5.0" })).toBe(false);
    expect(matches("A: 5", "- { type: convert_type, target_type: str }", { A: 5 })).toBe(true);
  });

  test("a text that is no number is refused at its line", () => {
    const steps = "- { type: convert_type, target_type: num }";
    expect(refusal("B: 1\nA: many", steps)).toMatchObject({ code: "pipeline-value", line: 8, column: 5 });
    expect(refusal("A: '1*'", steps).message).toContain('"1*" is no number');
  });
});

describe("case", () => {
  test.each([
    ["lower", "A|cased: AbC", "abc"],
    ["upper", "A|cased|endswith: AbC", "xABC"],
    ["snake_case", "A|cased: CommandLine", "command_line"],
  ])("%s", (method, line, value) => {
    expect(matches(line, `- { type: case, method: ${method} }`, { A: value })).toBe(true);
  });

  test("lower is the method when none is given", () => {
    expect(matches("A|cased: AbC", "- { type: case }", { A: "abc" })).toBe(true);
    expect(matches("A|cased: AbC", "- { type: case }", { A: "AbC" })).toBe(false);
  });
});

describe("regex: a text becomes an expression that matches the same texts", () => {
  test.each([
    ["ignore_case_brackets", "A: a.b", "A.B", true],
    ["ignore_case_brackets", "A: a.b", "axb", false],
    ["ignore_case_brackets", "A: ab", "xab", false],
    ["ignore_case_brackets", "A: ab", "ab\n", false],
    ["ignore_case_flag", "A|endswith: ab", "x\nAB", true],
    ["ignore_case_flag", "A|startswith: ß", "ßx", true],
    ["ignore_case_brackets", "A|startswith: ß", "ßx", true],
    ["plain", "A: ab", "AB", false],
    ["plain", "A|contains: '(a)[b]'", "x(a)[b]x", true],
    ["plain", "A: 'a?c'", "abc", true],
    ["ignore_case_flag", "A|cased: ab", "AB", false],
    ["plain", "A: ''", "", true],
  ])("%s: %s of %j: %j", (method, line, value, wanted) => {
    expect(matches(line, `- { type: regex, method: ${method} }`, { A: value })).toBe(wanted);
  });

  test("a value with too many characters for an expression is refused", () => {
    expect(refusal(`A: ${"x".repeat(5000)}`, "- { type: regex }")).toMatchObject({
      code: "regex-unsafe",
      line: 7,
    });
  });
});

describe("hashes_fields", () => {
  const steps = "- { type: hashes_fields, valid_hash_algos: [MD5, SHA1], field_prefix: file. }";
  const md5 = "0123456789abcdef0123456789abcdef";
  const sha1 = "0123456789abcdef0123456789abcdef01234567";

  test.each([
    [`Hashes|contains: 'MD5=${md5}'`, { "file.MD5": md5.toUpperCase() }, true],
    [`Hashes|contains: ['MD5=${md5}', 'SHA1=${sha1}']`, { "file.SHA1": sha1 }, true],
    [`Hashes|contains|all: ['MD5=${md5}', 'SHA1=${sha1}']`, { "file.SHA1": sha1 }, false],
    [`Hashes|contains|all: ['MD5=${md5}', 'SHA1=${sha1}']`, { "file.SHA1": sha1, "file.MD5": md5 }, true],
    [`Hashes|contains|neq: ['MD5=${md5}', 'SHA1=${sha1}']`, { "file.SHA1": sha1 }, false],
    [`Hashes|contains|neq: ['MD5=${md5}', 'SHA1=${sha1}']`, { "file.SHA1": md5 }, true],
    [`Hashes|contains|all|neq: ['MD5=${md5}', 'SHA1=${sha1}']`, { "file.SHA1": sha1 }, true],
    // Without a name the length tells which hash it is.
    [`Hash: '${sha1}'`, { "file.SHA1": sha1 }, true],
    [`Hashes: 'md5|${md5}'`, { "file.MD5": md5 }, true],
    // The beginning of a hash stays one.
    ["Hashes|contains: 'MD5=0123'", { "file.MD5": md5 }, true],
    ["Hashes|contains: 'MD5=1234'", { "file.MD5": md5 }, false],
    ["Other: MD5=x", { Other: "MD5=x" }, true],
  ])("%s of %j: %j", (line, fields, wanted) => {
    expect(matches(line, steps, fields)).toBe(wanted);
  });

  test("a hash that the events do not have is warned about beside others, and refused where it must match", () => {
    const rule = compiledWith(`Hashes|contains: ['IMPHASH=${md5}', 'MD5=${md5}']`, steps);
    expect(rule.matches(event({ "file.MD5": md5 }))).toBe(true);
    expect(refusal(`Hashes|contains: 'IMPHASH=${md5}'`, steps)).toMatchObject({
      code: "pipeline-value",
      line: 7,
    });
    expect(refusal(`Hashes|contains|all: ['IMPHASH=${md5}', 'MD5=${md5}']`, steps).code).toBe(
      "pipeline-value",
    );
    expect(refusal(`Hashes|contains: ['IMPHASH=${md5}', 'x']`, steps).message).toContain(
      "none of the hashes",
    );
    expect(refusal("Hashes|re: MD5=.*", steps).message).toContain("cannot read a hash");
  });

  test("drop_algo_prefix leaves the prefix as the name", () => {
    const one =
      "- { type: hashes_fields, valid_hash_algos: [MD5], field_prefix: hash, drop_algo_prefix: true, field_to_parse: [H] }";
    expect(matches(`H: 'MD5=${md5}'`, one, { hash: md5 })).toBe(true);
  });
});

describe("keywords are changed as the rule gives them, and stay texts that stand anywhere", () => {
  const keywords = (list: string, steps: string, value: unknown): boolean =>
    compiledSection(`s: ${list}\ncondition: s`, steps).matches(event({ any: value }));

  test.each([
    ["[needle]", "- { type: replace_string, regex: '^needle$', replacement: pin }", "a pin.", true],
    ["[needle]", "- { type: replace_string, regex: '^needle$', replacement: pin }", "a needle.", false],
    ["[needle]", "- { type: map_string, mapping: { needle: [pin, hook] } }", "a hook.", true],
    ["[needle, x]", "- { type: set_value, value: pin }", "a pin.", true],
    ["[needle]", "- { type: set_value, value: 5 }", "x5x", true],
    ["[needle]", "- { type: set_value, value: true }", "it is true", true],
    ["['7']", "- { type: convert_type, target_type: num }", "x7x", true],
    ["[needle]", "- { type: regex, method: plain }", "a needle.", true],
    ["[needle]", "- { type: regex, method: plain }", "a Needle.", false],
    [
      "[needle]",
      "- { type: set_value, value: x, detection_item_conditions: [{ type: contains_wildcard, cond: any }] }",
      "a needle.",
      true,
    ],
    [
      "['nee*le']",
      "- { type: set_value, value: pin, detection_item_conditions: [{ type: contains_wildcard, cond: any }] }",
      "a pin.",
      true,
    ],
    [
      "[needle]",
      "- { type: set_value, value: pin, detection_item_conditions: [{ type: match_string, cond: any, pattern: needle$ }] }",
      "a pin.",
      true,
    ],
  ])("%s with %s of %j: %j", (list, steps, value, wanted) => {
    expect(keywords(list, steps, value)).toBe(wanted);
  });

  test("null needs a field", () => {
    const { rule, diagnostics } = applied("s: [needle]\ncondition: s", "- { type: set_value, value: null }");
    expect(rule).toBeNull();
    expect(diagnostics).toMatchObject([{ code: "pipeline-value", line: 6, column: 6 }]);
  });
});
