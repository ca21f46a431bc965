import { describe, expect, test } from "vitest";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { compiled, event, matches, ruleText } from "./helpers.js";

describe("letters are compared without regard to case", () => {
  test.each([
    ["Image: 'ABC'", "abc", true],
    ["Image: 'ÄÖ'", "äö", true],
    ["Image: 'k'", "\u212a", true],
    ["Image: 'İstanbul'", "İSTANBUL", true],
    ["Image|contains: 'ΟΔΟΣ'", "ΟΔΟΣΗΜΑ", true],
    ["Image|endswith: 'Σ'", "οδος", true],
    ["Image: 'ǆ'", "Ǆ", true],
    ["Image: 'a'", "á", false],
    ["Image|cased: 'ABC'", "abc", false],
    ["Image|cased: 'ABC'", "ABC", true],
    ["Image|contains|cased: 'B'", "aBc", true],
    ["Image|cased|contains: 'B'", "abc", false],
  ])("%s and %s", (line, value, wanted) => {
    expect(matches(line, { Image: value })).toBe(wanted);
  });

  test("a question mark is one character, also of two code units", () => {
    expect(matches("Image: 'a?c'", { Image: "a😀c" })).toBe(true);
    expect(matches("Image: 'a?c'", { Image: "aİc" })).toBe(true);
    expect(matches("Image: 'a??c'", { Image: "a😀c" })).toBe(false);
    expect(matches("Image: '*??'", { Image: "😀" })).toBe(false);
    expect(matches("Image: '*?😀?'", { Image: "x😀😀😀" })).toBe(true);
  });
});

describe("wildcards and escapes", () => {
  test.each([
    [String.raw`a*c`, "abbc", true],
    [String.raw`a*c`, "ac", true],
    [String.raw`a?c`, "ac", false],
    [String.raw`a\*c`, "a*c", true],
    [String.raw`a\*c`, "abc", false],
    [String.raw`a\?c`, "a?c", true],
    [String.raw`a\?c`, "abc", false],
    [String.raw`a\\*c`, String.raw`a\bbc`, true],
    [String.raw`a\\*c`, "abbc", false],
    [String.raw`a\\\*c`, String.raw`a\*c`, true],
    [String.raw`a\\\*c`, String.raw`a\bc`, false],
    [String.raw`a\\c`, String.raw`a\c`, true],
    [String.raw`a\c`, String.raw`a\c`, true],
    [String.raw`a\\\\c`, String.raw`a\\c`, true],
    [String.raw`a\\\c`, String.raw`a\\c`, true],
    ["abc", "xabcx", false],
    ["*", "", true],
    ["?", "", false],
    ["ab*bc", "abc", false],
    ["*a*b*", "ba", false],
    ["*a*a", "a", false],
    ["a*b*c*d", "a-b-c-d", true],
    ["a*b*c*d", "a-c-b-d", false],
  ])("%s against %s", (pattern, value, wanted) => {
    expect(matches(`Image: '${pattern}'`, { Image: value })).toBe(wanted);
  });

  test("wildcards match line breaks", () => {
    expect(matches("Image: 'a*c'", { Image: "a\nb\r\nc" })).toBe(true);
    expect(matches("Image: 'a?c'", { Image: "a\nc" })).toBe(true);
  });

  test("a backslash at the end of a value does not escape the wildcard that a modifier adds", () => {
    expect(matches(String.raw`Image|contains: '\Temp\'`, { Image: String.raw`C:\Temp\x` })).toBe(true);
    expect(matches(String.raw`Image|contains: '\Temp\'`, { Image: String.raw`C:\Temp` })).toBe(false);
  });

  test("contains does not double a wildcard that is there", () => {
    expect(matches("Image|contains: '*b*'", { Image: "abc" })).toBe(true);
    expect(matches("Image|startswith: 'a*'", { Image: "abc" })).toBe(true);
    expect(matches("Image|endswith: '*c'", { Image: "abc" })).toBe(true);
  });

  test("contains an empty text is warned about: it matches every event that has the field", () => {
    const { rule, diagnostics } = compileSigma(ruleText("s:\n  Image|contains: ''\ncondition: s"), "a.yml");
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([
      ["value-matches-all", "warning"],
    ]);
    expect(rule?.matches(event({ Image: "x" }))).toBe(true);
    expect(rule?.matches(event({}))).toBe(false);
  });
});

describe("numbers and texts", () => {
  test.each([
    ["EventID: 1", 1, true],
    ["EventID: 1", "1", true],
    ["EventID: '1'", 1, true],
    ["EventID: 1", "1.0", true],
    ["EventID: 1", 10n, false],
    ["EventID: 1", 1n, true],
    ["EventID: 1", "01x", false],
    ["EventID: 1", "", false],
    ["EventID: 0", "", false],
    ["EventID: 0", " ", false],
    ["EventID: 0", null, false],
    ["EventID: 0", false, false],
    ["EventID|startswith: 46", 4688, true],
    ["EventID|contains: '68'", 4688, true],
    ["EventID: 12345678901234567890", "12345678901234567890", true],
    ["EventID: 12345678901234567890", "12345678901234567891", false],
    // YAML takes them for numbers; as one 00000429 would be found in 14290.
    ["EventID: 00000429", "00000429", true],
    ["EventID: 00000429", "429", false],
    ["EventID|contains: 00000429", "14290", false],
    ["EventID: true", true, true],
    ["EventID: true", "True", true],
    ["EventID: true", 1, false],
    ["EventID: 'true'", true, true],
  ])("%s against %s", (line, value, wanted) => {
    expect(matches(line, { EventID: value })).toBe(wanted);
  });

  test("a number in another base is warned about", () => {
    const { rule, diagnostics } = compileSigma(ruleText("s:\n  Options: 0x10\ncondition: s"), "a.yml");
    expect(rule?.matches(event({ Options: 16 }))).toBe(true);
    expect(diagnostics[0]).toMatchObject({ code: "number-base", line: 7, column: 14 });
  });
});

describe("null, empty and absent", () => {
  test.each([
    ["Image: null", {}, true],
    ["Image: null", { Image: null }, true],
    ["Image:", { Image: null }, true],
    ["Image: ~", { Image: [] }, true],
    ["Image: null", { Image: "" }, false],
    ["Image: null", { Image: "null" }, false],
    ["Image: 'null'", { Image: null }, false],
    ["Image: null", { Image: { Name: "x" } }, false],
    ["Image: ''", { Image: "" }, true],
    ["Image: ''", { Image: null }, false],
    ["Image: ''", {}, false],
    ["Image|exists: true", { Image: null }, true],
    ["Image|exists: true", { Image: "" }, true],
    ["Image|exists: true", {}, false],
    ["Image|exists: false", {}, true],
    ["Image|exists: false", { Image: null }, false],
    ["Image: '*'", {}, false],
    ["Image: '*'", { Image: "" }, true],
  ])("%s with %j", (line, fields, wanted) => {
    expect(matches(line, fields)).toBe(wanted);
  });

  test("a field named like a property of every object is absent", () => {
    expect(matches("constructor: null", {})).toBe(true);
    expect(matches("toString|exists: true", {})).toBe(false);
    expect(matches("a.constructor|exists: true", { a: {} })).toBe(false);
  });

  test("not is true over an absent field", () => {
    const rule = compiled("s:\n  Image: a\nf:\n  User: root\ncondition: s and not f");
    expect(rule.matches(event({ Image: "a" }))).toBe(true);
    expect(rule.matches(event({ Image: "a", User: "x" }))).toBe(true);
    expect(rule.matches(event({ Image: "a", User: "root" }))).toBe(false);
  });
});

describe("lists and maps", () => {
  test("a list of values is or, all is and", () => {
    expect(matches("Image: [a, b]", { Image: "b" })).toBe(true);
    expect(matches("Image|contains|all: [a, b]", { Image: "xaxbx" })).toBe(true);
    expect(matches("Image|contains|all: [a, b]", { Image: "xa" })).toBe(false);
    expect(matches("Image|all|contains: [a, b]", { Image: "xa" })).toBe(false);
  });

  test("a map is and, a list of maps is or", () => {
    expect(matches("Image: a\nUser: b", { Image: "a", User: "c" })).toBe(false);
    expect(matches("Image: a\nUser: b", { Image: "a", User: "b" })).toBe(true);
    expect(matches("- Image: a\n- User: b", { Image: "x", User: "b" })).toBe(true);
    expect(matches("- Image: a\n  User: c\n- User: b", { Image: "a", User: "x" })).toBe(false);
  });

  test("keywords are looked for in every value, nested ones too", () => {
    expect(matches("- EVIL\n- 'n -e'", { A: { B: ["x", "some evil thing"] } })).toBe(true);
    expect(matches("- EVIL\n- 'n -e'", { A: 1, C: "nothing" })).toBe(false);
    expect(matches("- 42", { A: 1429 })).toBe(true);
    expect(matches("- evil", { evil: "the name of a field is no value" })).toBe(false);
    expect(matches("'|all': [one, two]", { A: "one", B: "two" })).toBe(true);
    expect(matches("'|all': [one, two]", { A: "one" })).toBe(false);
    expect(matches("'|re': 'o.e'", { A: "xone" })).toBe(true);
    expect(compiled("keywords: evil\ncondition: keywords").matches(event({ A: "evil" }))).toBe(true);
  });

  test("keywords and maps may stand in one list", () => {
    expect(matches("- evil\n- Image: a", { Image: "a" })).toBe(true);
    expect(matches("- evil\n- Image: a", { Other: "evil" })).toBe(true);
    expect(matches("- evil\n- Image: a", { Other: "a" })).toBe(false);
  });

  test("of a field with several values any may match", () => {
    expect(matches("Image: b", { Image: ["a", "b"] })).toBe(true);
    expect(matches("Image|contains|all: [a, b]", { Image: ["a", "b"] })).toBe(true);
    expect(matches("Image: c", { Image: ["a", ["c"]] })).toBe(true);
  });

  test("dots go into objects and arrays, and belong to flat keys as well", () => {
    expect(matches("a.b: x", { a: { b: "x" } })).toBe(true);
    expect(matches("a.b: x", { "a.b": "x" })).toBe(true);
    expect(matches("a.b.c: x", { a: { "b.c": "x" } })).toBe(true);
    expect(matches("a.b.c: x", { "a.b": { c: "x" } })).toBe(true);
    expect(matches("a.b: x", { a: [{ b: "y" }, { b: "x" }] })).toBe(true);
    expect(matches("a.b: x", { a: "x" })).toBe(false);
    expect(matches("a.b|exists: true", { a: { b: null } })).toBe(true);
  });
});

describe("conditions", () => {
  const parts = "a:\n  A: 1\nb:\n  B: 1\nc:\n  C: 1\n_d:\n  D: 1\nsel_a:\n  E: 1\nsel_b:\n  F: 1\n";
  test.each([
    ["a or b and c", { A: 1 }, true],
    ["(a or b) and c", { A: 1 }, false],
    ["not a and b", { B: 1 }, true],
    ["not (a and b)", { A: 1 }, true],
    ["not not a", { A: 1 }, true],
    ["1 of sel_*", { F: 1 }, true],
    ["any of sel_*", { F: 1 }, true],
    ["all of sel_*", { F: 1 }, false],
    ["all of sel_*", { E: 1, F: 1 }, true],
    ["a and not 1 of sel_*", { A: 1, F: 1 }, false],
    ["1 of them", { D: 1 }, false],
    ["1 of them", { C: 1 }, true],
    ["1 of _*", { D: 1 }, true],
    ["1 of *_a", { E: 1 }, true],
    ["1 of *_a", { F: 1 }, false],
    ["1 of s*l_*", { F: 1 }, true],
    ["1 of a", { A: 1 }, true],
    ["A AND NOT B".replace("A ", "a ").replace(" B", " b"), { A: 1 }, true],
  ])("%s with %j", (condition, fields, wanted) => {
    expect(compiled(`${parts}condition: ${condition}`).matches(event(fields))).toBe(wanted);
  });

  test("a list of conditions is or", () => {
    const rule = compiled(`${parts}condition:\n  - a and b\n  - c`);
    expect(rule.matches(event({ C: 1 }))).toBe(true);
    expect(rule.matches(event({ A: 1 }))).toBe(false);
  });
});

describe("what a rule says of itself", () => {
  const text = (more: string): string => `${ruleText("s:\n  Image: a\ncondition: s")}${more}\n`;

  test("id, level, tier and techniques", () => {
    const more =
      "id: 5d1b\nlevel: high\ntags: [attack.execution, attack.t1059.004, attack.T1059, cve.2021-1]";
    const { rule } = compileSigma(text(more), "rules/a.yml");
    expect(rule).toMatchObject({
      id: "5d1b",
      level: "high",
      tier: "alert",
      techniques: ["T1059.004", "T1059"],
    });
  });

  test("without id and level: the file's name and a signal", () => {
    const { rule } = compileSigma(text(""), "rules/my.rule.yml");
    expect(rule).toMatchObject({ id: "my.rule", level: "informational", tier: "signal", title: "Test" });
  });

  test("the fields that it reads, with those it compares with; null for keywords; not those of unused selections", () => {
    expect([...(compiled("s:\n  A: 1\n  B|fieldref: C\nu:\n  U: 1\ncondition: s").fields ?? [])]).toEqual([
      "A",
      "B",
      "C",
    ]);
    expect(compiled("s: [x]\nt:\n  A: 1\ncondition: s or t").fields).toBeNull();
    expect([...(compiled("s:\n  - A: 1\n  - B: 1\ncondition: not 1 of s*").fields ?? [])]).toEqual([
      "A",
      "B",
    ]);
  });

  test("it reads the events of its log source only", () => {
    const rule = compiled("s:\n  A: 1\ncondition: s");
    const of = (logsource: { product: string; category?: string; service?: string }): boolean =>
      rule.reads({ ...event({}), logsource });
    expect(of({ product: "linux", category: "process_creation" })).toBe(true);
    expect(of({ product: "Linux", category: "process_creation", service: "auditd" })).toBe(true);
    expect(of({ product: "linux" })).toBe(false);
    expect(of({ product: "windows", category: "process_creation" })).toBe(false);
    expect(of({ product: "linux", category: "file_event" })).toBe(false);
    expect(rule.matches({ ...event({ A: 1 }), logsource: { product: "linux" } })).toBe(false);
  });
});
