import { describe, expect, test } from "vitest";
import { convertSigma, queryFor, refusalOf, ruleOf } from "./helpers.js";

const source = "logs-*";

describe("each kind of test", () => {
  test.each([
    ["a text, in either case", { a: "x1" }, 'a RLIKE "[Xx]1"'],
    [
      "a text without letters, and one where case counts",
      { a: "10", "b|cased": "X" },
      'a == "10" AND b == "X"',
    ],
    [
      "places",
      { "a|startswith": "1", "b|endswith": "2", "c|contains": "3" },
      'a RLIKE "1.*" AND b RLIKE ".*2" AND c RLIKE ".*3.*"',
    ],
    ["the empty text, and any value", { a: "", b: "*" }, 'a == "" AND b IS NOT NULL'],
    ["quotes, backslashes and line breaks", { "a|cased": 'C:\\x"\n' }, String.raw`a == "C:\\x\"\n"`],
    ["a backslash in an expression", { "a|contains": "\\" }, String.raw`a RLIKE ".*[\\\\].*"`],
    ["a list", { a: ["1", "2"] }, 'a == "1" OR a == "2"'],
    ["a number", { a: -5 }, "a == -5"],
    ["true", { a: true }, "a == true"],
    ["null", { a: null }, "a IS NULL"],
    ["presence", { "a|exists": true, "b|exists": false }, "a IS NOT NULL AND b IS NULL"],
    ["a regular expression", { "a|re|i": "^x" }, 'a RLIKE "[Xx].*"'],
    ["addresses", { "a|cidr": "10.0.0.0/8" }, 'CIDR_MATCH(a, "10.0.0.0/8")'],
    ["an order", { "a|gte": 5 }, "a >= 5"],
    ["another field", { "a|fieldref": "b" }, "TO_LOWER(a) == TO_LOWER(b)"],
    ["the start of another field", { "a|fieldref|startswith": "b" }, "STARTS_WITH(TO_LOWER(a), TO_LOWER(b))"],
    [
      "names",
      { "process.name|cased": "x", "in|cased": "y", "a b|cased": "z" },
      'process.name == "x" AND `in` == "y" AND `a b` == "z"',
    ],
  ])("%s", (_, sel, condition) => {
    expect(queryFor("esql", { sel }, { source })).toBe(`FROM logs-*\n| WHERE ${condition}`);
  });

  test.each([
    ["a test that is null without the field", { a: "1" }, 'NOT COALESCE(a == "1", false)'],
    ["a group", { a: ["1", "2"] }, 'NOT (COALESCE(a == "1", false) OR COALESCE(a == "2", false))'],
    ["presence, which is never null", { "a|exists": true }, "NOT (a IS NOT NULL)"],
  ])("below a NOT: %s", (_, sel, condition) => {
    expect(queryFor("esql", { sel, condition: "not sel" }, { source })).toBe(
      `FROM logs-*\n| WHERE ${condition}`,
    );
  });
});

describe("refused", () => {
  test.each([
    ["a keyword", ["x"], /any field/],
    ["part of a date", { "a|hour": 5 }, /dates/],
    ["a field in another", { "a|fieldref|contains": "b" }, /inside/],
    ["an edge of a word", { "a|re": "\\bx" }, /edges/],
    ["a range with addresses of version 4 in it", { "a|cidr": "::/0" }, /version 4/],
    ["a field name that no quotes carry", { "a`b": "x" }, /field name/],
    ["control characters", { a: "x\0" }, /control/],
  ])("%s", (_, sel, message) => {
    const { code, message: found, hint } = refusalOf("esql", { sel }, { source });
    expect({ code, found }).toMatchObject({
      code: "convert-unsupported",
      found: expect.stringMatching(message),
    });
    expect(hint).not.toBe("");
  });

  test("a query without an index, or with a name that is none", () => {
    expect(refusalOf("esql", { sel: { a: "x" } }).message).toMatch(/none is given/);
    expect(refusalOf("esql", { sel: { a: "x" } }, { source: "a | LIMIT 1" }).message).toMatch(/index name/);
  });
});

test("what has to be true in Elasticsearch is said", () => {
  const { conversion } = convertSigma(ruleOf({ sel: { a: "x", b: null } }), "rule.yml", "esql", { source });
  expect(conversion?.assumptions.slice(1)).toEqual([
    "a has one value an event: ES|QL makes null of a test of several",
    "a is of type keyword, text or wildcard",
    "b is absent where its value is null",
  ]);
});
