import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { refused, ruleText, selection } from "./helpers.js";

/** Detection sections that must be refused: the section, and the code, line and column of the first finding. */
const detections: readonly (readonly [string, string, number, number])[] = [
  ["s:\n  Image|contians: a\ncondition: s", "unknown-modifier", 7, 11],
  ["s:\n  Image|contains|: a\ncondition: s", "unknown-modifier", 7, 20],
  ["s:\n  Image|contains|contains: a\ncondition: s", "modifier-misplaced", 7, 20],
  ["s:\n  Image|contains|all: a\ncondition: s", "modifier-misplaced", 7, 25],
  ["s:\n  Image|contains|all: [a]\ncondition: s", "modifier-misplaced", 7, 26],
  ["s:\n  Image|exists: maybe\ncondition: s", "modifier-type", 7, 19],
  ["s:\n  Image|exists|all: [true, true]\ncondition: s", "modifier-type", 7, 24],
  ["s:\n  Image|gt: '5'\ncondition: s", "modifier-type", 7, 15],
  ["s:\n  Image|gt: many\ncondition: s", "modifier-type", 7, 15],
  ["s:\n  Image|hour: 24\ncondition: s", "value-range", 7, 17],
  ["s:\n  Image|month: 0.5\ncondition: s", "value-range", 7, 18],
  ["s:\n  Image|i: a\ncondition: s", "modifier-misplaced", 7, 14],
  ["s:\n  Image|contains|re: a\ncondition: s", "modifier-misplaced", 7, 24],
  ["s:\n  Image|re|contains: a\ncondition: s", "modifier-misplaced", 7, 24],
  ["s:\n  Image|re: '('\ncondition: s", "regex-invalid", 7, 15],
  ["s:\n  Image|re: '(?=a)'\ncondition: s", "regex-unsafe", 7, 15],
  ["s:\n  Ip|cidr: 10.0.0.1/8\ncondition: s", "value-network", 7, 14],
  ["s:\n  Ip|cidr: 10.0.0.0/33\ncondition: s", "value-network", 7, 14],
  ["s:\n  Ip|cidr: host\ncondition: s", "value-network", 7, 14],
  ["s:\n  Ip|cidr: 10.*\ncondition: s", "modifier-type", 7, 14],
  ["s:\n  A|base64: 'a*'\ncondition: s", "modifier-type", 7, 15],
  ["s:\n  A|contains|base64: 'a'\ncondition: s", "modifier-type", 7, 24],
  ["s:\n  A|base64offset|contains: 'a'\ncondition: s", "value-empty", 7, 30],
  ["s:\n  A|base64: ''\ncondition: s", "value-empty", 7, 15],
  ["s:\n  A|wide|wide: 'a'\ncondition: s", "modifier-misplaced", 7, 12],
  ["s:\n  A|wide|utf16be: 'a'\ncondition: s", "modifier-misplaced", 7, 21],
  ["s:\n  A|windash|base64: '-a -a -a -a -a'\ncondition: s", "value-too-many", 7, 23],
  ["s:\n  A|fieldref: 'B*'\ncondition: s", "modifier-type", 7, 17],
  ["s:\n  A|expand: '%x%'\ncondition: s", "placeholder-unresolved", 7, 15],
  ["s:\n  A: [a, null]\ncondition: s", "null-misplaced", 7, 12],
  ["s: [null]\ncondition: s", "null-misplaced", 6, 7],
  ["s:\n  A: []\ncondition: s", "detection-empty", 7, 8],
  ["s: []\ncondition: s", "detection-empty", 6, 6],
  ["s: {}\ncondition: s", "detection-empty", 6, 6],
  ["s:\ncondition: s", "wrong-type", 6, 5],
  ["s:\n  A:\n    B: c\ncondition: s", "wrong-type", 8, 7],
  ["s:\n  A: [[a]]\ncondition: s", "wrong-type", 7, 9],
  ["s:\n  - [a]\ncondition: s", "wrong-type", 7, 7],
  ["s:\n  '|': a\ncondition: s", "unknown-modifier", 7, 6],
  ["s:\n  '': a\ncondition: s", "wrong-type", 7, 5],
  ["s:\n  '|exists': true\ncondition: s", "modifier-misplaced", 7, 16],
  ["s:\n  A: a\n  A: b\ncondition: s", "duplicate-key", 8, 5],
  ["s:\n  A: &x a\n  B: *x\ncondition: s", "yaml-alias", 8, 8],
  ["s:\n  A: 1\ncondition: t", "unknown-identifier", 8, 14],
  ["s:\n  A: 1\ncondition: s and t", "unknown-identifier", 8, 20],
  ["s:\n  A: 1\ncondition: 's and t'", "unknown-identifier", 8, 21],
  ["s:\n  A: 1\ncondition: 1 of t*", "pattern-matches-nothing", 8, 14],
  ["_s:\n  A: 1\ncondition: 1 of them", "pattern-matches-nothing", 8, 14],
  ["s:\n  A: 1\ncondition: 2 of s*", "condition-quantifier", 8, 14],
  ["s:\n  A: 1\ncondition: s and", "condition-syntax", 8, 19],
  ["s:\n  A: 1\ncondition: (s", "condition-syntax", 8, 16],
  ["s:\n  A: 1\ncondition: s)", "condition-syntax", 8, 15],
  ["s:\n  A: 1\ncondition: s s", "condition-syntax", 8, 16],
  ["s:\n  A: 1\ncondition: and s", "condition-syntax", 8, 14],
  ["s:\n  A: 1\ncondition: not", "condition-syntax", 8, 17],
  ["s:\n  A: 1\ncondition: 1 of", "condition-syntax", 8, 18],
  ["s:\n  A: 1\ncondition: 1 of (s*)", "condition-syntax", 8, 19],
  ["s:\n  A: 1\ncondition: s | count() > 5", "aggregation-unsupported", 8, 16],
  ["s:\n  A: 1\ncondition: s | near t", "aggregation-unsupported", 8, 16],
  ["s:\n  A: 1\ncondition: s | frobnicate", "condition-syntax", 8, 16],
  ["s:\n  A: 1\ntimeframe: 5m\ncondition: s", "timeframe-unsupported", 8, 3],
  ["s:\n  A: 1\ncondition: []", "missing-condition", 8, 14],
  ["s:\n  A: 1\ncondition: [s, 1]", "wrong-type", 8, 18],
  ["s:\n  A: 1\ncondition: ''", "wrong-type", 8, 14],
  ["s:\n  A: 1\ncondtion: s", "missing-condition", 6, 3],
  [`s:\n  A: 1\ncondition: ${"(".repeat(200)}s${")".repeat(200)}`, "condition-too-deep", 8, 114],
  [`s:\n  A: 1\ncondition: ${"not ".repeat(5000)}s`, "condition-too-deep", 8, 414],
];

test.each(detections)("refused with its position: %j", (detection, code, line, column) => {
  const [first] = refused(ruleText(detection)).filter(({ severity }) => severity === "error");
  expect({ code: first?.code, line: first?.line, column: first?.column }).toEqual({ code, line, column });
  expect(first?.file).toBe("rules/test.yml");
  expect(first?.message).not.toBe("");
});

const whole: readonly (readonly [string, string, string, number])[] = [
  ["nothing", "", "rule-empty", 1],
  ["a comment only", "# nothing\n", "rule-empty", 1],
  ["a list", "- a\n", "wrong-type", 1],
  ["a text", "just text\n", "wrong-type", 1],
  ["broken YAML", "title: 'x\n", "yaml-invalid", 2],
  ["no title", ruleText(selection("A: 1")).replace("title: Test\n", ""), "missing-title", 1],
  ["a title that is a number", ruleText(selection("A: 1")).replace("Test", "5"), "wrong-type", 1],
  ["no log source", "title: a\ndetection:\n  s:\n    A: 1\n  condition: s\n", "missing-logsource", 1],
  [
    "an empty log source",
    "title: a\nlogsource: {}\ndetection:\n  s:\n    A: 1\n  condition: s\n",
    "missing-logsource",
    2,
  ],
  [
    "a log source that is a text",
    "title: a\nlogsource: linux\ndetection:\n  s:\n    A: 1\n  condition: s\n",
    "wrong-type",
    2,
  ],
  ["a log source with a slip", ruleText(selection("A: 1")).replace("category", "catagory"), "unknown-key", 4],
  ["a product that is a number", ruleText(selection("A: 1")).replace("linux", "5"), "wrong-type", 3],
  ["no detection", "title: a\nlogsource:\n  product: linux\n", "missing-detection", 1],
  [
    "a detection with a slip",
    ruleText(selection("A: 1")).replace("detection", "detections"),
    "missing-detection",
    1,
  ],
  ["a detection that is a list", "title: a\nlogsource:\n  product: linux\ndetection: [a]\n", "wrong-type", 4],
  ["an unknown level", `${ruleText(selection("A: 1"))}level: hihg\n`, "unknown-level", 9],
  ["tags that are a text", `${ruleText(selection("A: 1"))}tags: attack.t1059\n`, "wrong-type", 9],
  ["a correlation", "title: a\ncorrelation:\n  type: event_count\n", "correlation-unsupported", 2],
  ["a filter", "title: a\nlogsource:\n  product: linux\nfilter:\n  rules: any\n", "filter-unsupported", 4],
  ["a collection's action", "title: a\naction: global\n", "action-unsupported", 2],
  [
    "two documents",
    `${ruleText(selection("A: 1"))}---\n${ruleText(selection("A: 1"))}`,
    "multi-document-unsupported",
    9,
  ],
  ["a zero byte", `title: a\nx: \u0000\n`, "file-not-text", 2],
  ["bytes that were no UTF-8", `title: a\n\n\nx: \ufffd\n`, "file-not-text", 4],
  ["a large file", `title: ${"x".repeat(600_000)}`, "file-too-large", 1],
];

test.each(whole)("a file is refused: %s", (_, text, code, line) => {
  const errors = refused(text).filter(({ severity }) => severity === "error");
  expect(errors).toContainEqual(expect.objectContaining({ code, line }));
});

describe("hints", () => {
  test.each([
    ["s:\n  Image|contians: a\ncondition: s", 'did you mean "contains"?'],
    ["selection:\n  A: 1\ncondition: selektion", 'did you mean "selection"?'],
    ["selection_a:\n  A: 1\ncondition: 1 of slection_*", 'did you mean "selection_a"?'],
    ["s:\n  A: 1\ncondition: s | count() by User > 5", "type: event_count"],
    ["s:\n  A: 1\ncondition: s | count(Image) by User > 5", "field: Image"],
    ["s:\n  A: 1\ncondition: s | near t", "a correlation of type temporal"],
    ["s:\n  A:\n    B: c\ncondition: s", "with dots: A.name"],
    ["s:\n  A: 1\ncondtion: s", 'is "condtion" meant?'],
  ])("%j", (detection, hint) => {
    const hints = refused(ruleText(detection)).map((finding) => finding.hint);
    expect(hints.join("\n")).toContain(hint);
  });

  test("a selection that the condition does not use is warned about", () => {
    const { rule, diagnostics } = compileSigma(
      ruleText("s:\n  A: 1\nunused:\n  B: 1\ncondition: s"),
      "a.yml",
    );
    expect(rule).not.toBeNull();
    expect(diagnostics).toMatchObject([
      { severity: "warning", code: "selection-unused", line: 8, column: 3 },
    ]);
  });

  test("every problem is told, in the order of the file", () => {
    const findings = refused(ruleText("s:\n  A|x: 1\n  B|y: 1\ncondition: s and t"));
    expect(findings.map(({ line }) => line)).toEqual([7, 8, 9]);
  });

  test("keys of one's own are allowed, at the top and in the log source", () => {
    const text = `${ruleText(selection("A: 1"))}simulation: []\nx-owner: soc\n`.replace(
      "logsource:",
      "logsource:\n  definition: x\n  site: a",
    );
    expect(compileSigma(text, "a.yml").rule).not.toBeNull();
  });
});

describe("no text makes the reader throw", () => {
  /** Whether the text gives a rule, or an error at a position: never neither, and nothing is thrown. */
  const isAnswered = (text: string): boolean => {
    const { rule, diagnostics } = compileSigma(text, "a.yml");
    const refusedRule = diagnostics.some(({ severity }) => severity === "error");
    return (rule === null) === refusedRule && diagnostics.every(({ line, column }) => line > 0 && column > 0);
  };

  test("arbitrary text", () => {
    const property = fc.property(fc.string({ unit: "binary", maxLength: 300 }), isAnswered);
    expect(fc.check(property, { numRuns: 300 })).toMatchObject({ failed: false, counterexample: null });
  });

  test("rules with arbitrary pieces", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "s",
        "|",
        "all",
        "of",
        "1",
        "not",
        "(",
        ")",
        "*",
        "them",
        "re",
        "contains",
        "[",
        "]",
        "{",
        "}",
        "&a",
        "*a",
      ),
      fc.constantFrom(
        "null",
        "true",
        "'",
        '"',
        ":",
        "-",
        "!!binary",
        "!!set",
        "<<",
        "? ",
        "---",
        "...",
        "\n",
        "  ",
        "%YAML 1.1\n",
      ),
      fc.string({ maxLength: 6 }),
    );
    const pieces = fc.array(piece, { maxLength: 12 }).map((list) => list.join(" "));
    const property = fc.property(
      pieces,
      pieces,
      pieces,
      (key, value, condition) =>
        isAnswered(ruleText(`s:\n  ${key}: ${value}\ncondition: ${condition}`)) &&
        isAnswered(ruleText(`s: ${value}\ncondition: s`)),
    );
    expect(fc.check(property, { numRuns: 500 })).toMatchObject({ failed: false, counterexample: null });
  });

  test("deep nesting and many aliases end", () => {
    const texts = [
      "[".repeat(100_000),
      "a: ".repeat(50_000),
      `${"- ".repeat(100_000)}x`,
      `a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n${ruleText(selection("A: 1"))}`,
    ];
    expect(texts.filter((text) => !isAnswered(text))).toEqual([]);
  });
});
