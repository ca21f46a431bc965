import { describe, expect, test } from "vitest";
import { convertSigma, queryFor, refusalOf, ruleOf } from "./helpers.js";

const absent = (name: string): string => `(*:* AND NOT _exists_:${name})`;

describe("each kind of test", () => {
  test.each([
    ["a text, in either case", { a: "x1" }, "a:/[Xx]1/"],
    [
      "a text without letters, and one where case counts",
      { a: "10", "b|cased": "X y" },
      'a:"10" AND b:"X y"',
    ],
    [
      "places",
      { "a|startswith": "1", "b|endswith": "2", "c|contains": "3" },
      "a:/1.*/ AND b:/.*2/ AND c:/.*3.*/",
    ],
    ["wildcards", { "a|cased": "x*y?" }, "a:/x.*y./"],
    ["any value", { a: "*" }, "_exists_:a"],
    ["a backslash and a slash", { "a|endswith": "/\\" }, String.raw`a:/.*\/[\\]/`],
    ["a list", { a: ["1", "2"] }, 'a:"1" OR a:"2"'],
    ["a number", { a: -5 }, 'a:"-5"'],
    ["true", { a: true }, "a:true"],
    ["null", { a: null }, absent("a")],
    ["presence", { "a|exists": true, "b|exists": false }, `_exists_:a AND ${absent("b")}`],
    ["a regular expression", { "a|re": "^x[0-9]+$" }, "a:/x[0-9]+\n?/"],
    ["one that is searched for, in either case", { "a|re|i": "x|y$" }, "a:/(.*[Xx].*|.*[Yy]\n?)/"],
    ["addresses", { "a|cidr": "10.0.0.0/8" }, 'a:"10.0.0.0/8"'],
    [
      "orders",
      { "a|gt": 1, "b|gte": 2, "c|lt": 3, "d|lte": 4 },
      "a:{1 TO *} AND b:[2 TO *} AND c:{* TO 3} AND d:{* TO 4]",
    ],
    ["a name with a space", { "a b": 1 }, String.raw`a\ b:"1"`],
  ])("%s", (_, sel, query) => {
    expect(queryFor("lucene", { sel })).toBe(query);
  });

  test("a negation starts from all events, and groups have parentheses", () => {
    const sel = { a: ["1", "2"] };
    expect(queryFor("lucene", { sel, condition: "not sel" })).toBe('(*:* AND NOT (a:"1" OR a:"2"))');
    expect(queryFor("lucene", { sel, b: { b: "3" }, condition: "sel and not b" })).toBe(
      '(a:"1" OR a:"2") AND (*:* AND NOT b:"3")',
    );
  });
});

describe("refused", () => {
  test.each([
    ["a keyword", ["x"], /keyword/],
    ["the empty text", { a: "" }, /empty/],
    ["part of a date", { "a|hour": 5 }, /dates/],
    ["another field", { "a|fieldref": "b" }, /another/],
    ["an edge of a word", { "a|re": "\\bx" }, /edges/],
    ["an anchor inside", { "a|re": "x(^y|z)" }, /anchors/],
    ["a value that needs too long an expression", { a: "x".repeat(300) }, /1200 characters/],
    ["a range with addresses of version 4 in it", { "a|cidr": "::/0" }, /version 4/],
    ["a field name that is a word of the language", { NOT: "x" }, /field name/],
    ["control characters", { a: "x\0" }, /control/],
  ])("%s", (_, sel, message) => {
    const { code, message: found, hint } = refusalOf("lucene", { sel });
    expect({ code, found }).toMatchObject({
      code: "convert-unsupported",
      found: expect.stringMatching(message),
    });
    expect(hint).not.toBe("");
  });
});

test("what has to be true in Elasticsearch is said", () => {
  const { conversion } = convertSigma(
    ruleOf({ sel: { a: "x", "b|cidr": "10.0.0.0/8" } }),
    "rule.yml",
    "lucene",
  );
  expect(conversion?.assumptions.slice(1)).toEqual([
    "a is of type keyword or wildcard, without a normalizer, and no value is longer than its ignore_above",
    "b is of type ip",
  ]);
});
