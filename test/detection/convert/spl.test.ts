import { describe, expect, test } from "vitest";
import { convertSigma, queryFor, refusalOf, ruleOf } from "./helpers.js";

const spl = (detection: Record<string, unknown>): string => queryFor("spl", detection);

describe("what the command search can say stands in it", () => {
  test.each([
    ["a text", { a: "x y" }, 'a="x y"'],
    ["places", { "a|startswith": "x", "b|endswith": "y", "c|contains": "z" }, 'a="x*" b="*y" c="*z*"'],
    ["a quote and a backslash", { a: String.raw`C:\"x"` }, String.raw`a="C:\\\"x\""`],
    ["a list", { a: ["x", "y"] }, 'a="x" OR a="y"'],
    ["a list of which each must match", { "a|contains|all": ["x", "y"] }, 'a="*x*" a="*y*"'],
    ["a number", { EventID: 4688 }, 'EventID="4688"'],
    ["null, which is a field that is not there", { a: null }, "(NOT a=*)"],
    ["presence", { "a|exists": true, "b|exists": false }, "a=* (NOT b=*)"],
    ["a name with a space", { "a b": "x" }, '"a b"="x"'],
    ["a name that is an operator", { NOT: "x" }, '"NOT"="x"'],
    ["negation, which is true without the field", { "a|neq": "x" }, 'NOT a="x"'],
    ["a keyword", ["x"], '_raw="*x*"'],
  ])("%s", (_, sel, query) => {
    expect(spl({ sel })).toBe(query);
  });

  test("groups have parentheses, because OR binds tighter than AND there", () => {
    const detection = { a: { f: "1x" }, b: { f: "2x" }, c: { f: "3x" } };
    expect(spl({ ...detection, condition: "(a or b) and not c" })).toBe('(f="1x" OR f="2x") NOT f="3x"');
    expect(spl({ ...detection, condition: "a and b or c" })).toBe('(f="1x" AND f="2x") OR f="3x"');
  });

  test("the index stands before all", () => {
    expect(queryFor("spl", { sel: { a: ["x", "y"] } }, { source: "win" })).toBe(
      'index="win" (a="x" OR a="y")',
    );
  });
});

describe("the rest follows in where", () => {
  test.each([
    ["a regular expression", { "a|re": "^x\\d" }, String.raw`* | where match('a', "^x\\d")`],
    ["its flags", { "a|re|i|m": "^x" }, `* | where match('a', "(?im)^x")`],
    [
      "a backtick in it, which would call a macro",
      { "a|re": "`x" },
      String.raw`* | where match('a', "\\x60x")`,
    ],
    ["case", { "a|cased": "x" }, String.raw`* | where match('a', "(?s)^x\\z")`],
    ["one character", { a: "x?" }, String.raw`* | where match('a', "(?is)^x.\\z")`],
    ["a plain star", { a: String.raw`x\*` }, String.raw`* | where match('a', "(?is)^x\\*\\z")`],
    [
      "a text that a search takes for addresses",
      { a: "10.0.0.0/8" },
      String.raw`* | where match('a', "(?is)^10\\.0\\.0\\.0/8\\z")`,
    ],
    ["addresses", { "a|cidr": "10.0.0.0/8" }, `* | where cidrmatch("10.0.0.0/8", 'a')`],
    ["an order", { "a|gt": 5 }, `* | where (isnum('a') AND 'a'>5)`],
    [
      "another field",
      { "a|fieldref": "b" },
      `* | where (isnotnull('a') AND isnotnull('b') AND "=".lower('a')="=".lower('b'))`,
    ],
  ])("%s", (_, sel, query) => {
    expect(spl({ sel })).toBe(query);
  });

  test("beside a search for what needs none", () => {
    expect(spl({ sel: { b: "y", "a|re": "x" } })).toBe(`b="y" | where match('a', "x")`);
  });

  test("below a NOT a test asks whether the field is there", () => {
    expect(spl({ sel: { "a|re": "x" }, condition: "not sel" })).toBe(
      `* | where NOT (isnotnull('a') AND match('a', "x"))`,
    );
  });
});

test("what has to be true in Splunk is said", () => {
  const { conversion } = convertSigma(ruleOf({ sel: { EventID: 1 } }), "rule.yml", "spl");
  expect(conversion?.assumptions).toEqual([
    "The query's data are those of the rule's log source (product windows, category process_creation); the query does not test it",
    "Numbers stand in the events as the rule writes them: Splunk compares them as texts, 1 is not 1.0",
    "The query reads the indexes that the user searches by default",
  ]);
});

describe("refused, at its place", () => {
  test.each([
    ["a keyword with a wildcard inside it", ["x*y"], /keyword/],
    ["part of a date", { "a|hour": 5 }, /date/],
    ["a field in another", { "a|fieldref|contains": "b" }, /contains another/],
    ["a field that is a bound of time", { earliest: "x" }, /no field/],
    ["a field name that no quotes carry", { "a'b": "x" }, /field name/],
    ["control characters", { a: "x\0" }, /control/],
    ["an escaped backtick", { "a|re": "\\`" }, /backtick/],
  ])("%s", (_, sel, message) => {
    const { code, message: found, hint, line, column } = refusalOf("spl", { sel });
    expect({ code, found }).toMatchObject({
      code: "convert-unsupported",
      found: expect.stringMatching(message),
    });
    expect(hint).not.toBe("");
    expect({ line, isInDetection: column > 60 }).toEqual({ line: 1, isInDetection: true });
  });

  test("a rule that is none is refused as everywhere", () => {
    const { conversion, diagnostics } = convertSigma("title: x", "rule.yml", "spl");
    expect(conversion).toBeNull();
    expect(diagnostics.length).toBeGreaterThan(0);
  });

  test("the place is the item's line and column", () => {
    const text =
      "title: x\nlogsource:\n  product: windows\ndetection:\n  sel:\n    a: 1\n    b|hour: 5\n  condition: sel\n";
    const [first] = convertSigma(text, "rule.yml", "spl").diagnostics;
    expect(first).toMatchObject({ file: "rule.yml", line: 7, column: 5, code: "convert-unsupported" });
  });
});
