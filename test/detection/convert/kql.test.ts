import { describe, expect, test } from "vitest";
import { convertSigma, queryFor, refusalOf, ruleOf } from "./helpers.js";

const source = "DeviceProcessEvents";

describe("each kind of test", () => {
  test.each([
    ["a text", { a: "x" }, 'a =~ "x"'],
    [
      "places",
      { "a|startswith": "x", "b|endswith": "y", "c|contains": "z" },
      'a startswith "x" and b endswith "y" and c contains "z"',
    ],
    [
      "places where case counts",
      { "a|startswith|cased": "x", "b|cased": "y" },
      'a startswith_cs "x" and b == "y"',
    ],
    [
      "letters beyond ASCII, whose case the operators do not know",
      { a: "é" },
      'a matches regex "(?is)^é\\\\z"',
    ],
    ["wildcards inside", { a: "x*y?" }, 'a matches regex "(?is)^x.*y.\\\\z"'],
    ["any value", { a: "*" }, "isnotempty(a)"],
    ["a list", { a: ["x", "y"] }, 'a =~ "x" or a =~ "y"'],
    ["quotes, backslashes and line breaks", { a: 'C:\\x"\n' }, String.raw`a =~ "C:\\x\"\n"`],
    ["a number", { a: 5 }, "a == 5"],
    ["true", { a: true }, 'tostring(a) =~ "true"'],
    ["null", { a: null }, "isempty(a)"],
    ["presence", { "a|exists": true, "b|exists": false }, "isnotempty(a) and isempty(b)"],
    ["a regular expression", { "a|re|i": "^x\\d" }, String.raw`a matches regex "(?i)^x\\d"`],
    ["one that the empty text is, too", { "a|re": "x*" }, '(isnotempty(a) and a matches regex "x*")'],
    [
      "addresses",
      { "a|cidr": ["10.0.0.0/8", "2001:db8::/32"] },
      'ipv4_is_in_range(a, "10.0.0.0/8") or ipv6_is_in_range(a, "2001:db8:0:0:0:0:0:0/32")',
    ],
    ["an order", { "a|lte": 5 }, "a <= 5"],
    [
      "another field",
      { "a|fieldref|contains": "b" },
      "(isnotempty(a) and isnotempty(b) and tolower(a) contains_cs tolower(b))",
    ],
    // learn.microsoft.com/kusto/query/search-operator: search "*err*" is where * contains "err"
    ["a keyword", ["x"], '* contains "x"'],
    // learn.microsoft.com/kusto/query/scalar-data-types/string: "Hello\u00A0World"
    ["a control character", { a: "x\x01" }, String.raw`a =~ "x\u0001"`],
    ["a keyword with a wildcard inside it", ["x*y"], String.raw`* matches regex "(?is)^.*x.*y.*\\z"`],
    ["a keyword that is a regular expression", { "|re": "x+" }, '* matches regex "x+"'],
    [
      "a name that is a word of the language, and one with dots",
      { contains: "x", "b.c": "y" },
      `['contains'] =~ "x" and ['b.c'] =~ "y"`,
    ],
  ])("%s", (_, sel, condition) => {
    expect(queryFor("kql", { sel }, { source })).toBe(`DeviceProcessEvents\n| where ${condition}`);
  });

  test.each([
    ["a text", { a: "x" }, 'not(a =~ "x")'],
    ["a group", { a: ["x", "y"] }, 'not(a =~ "x" or a =~ "y")'],
    ["an order, which is unknown without a value", { "a|lt": 5 }, "not((isnotnull(a) and a < 5))"],
    [
      "addresses, which are unknown for other texts",
      { "a|cidr": "10.0.0.0/8" },
      'not(coalesce(ipv4_is_in_range(a, "10.0.0.0/8"), false))',
    ],
  ])("below a NOT: %s", (_, sel, condition) => {
    expect(queryFor("kql", { sel, condition: "not sel" }, { source })).toBe(
      `DeviceProcessEvents\n| where ${condition}`,
    );
  });
});

describe("refused", () => {
  test.each([
    ["the empty text", { a: "" }, /empty/],
    ["part of a date", { "a|hour": 5 }, /date/],
    ["an escape that RE2 does not have", { "a|re": String.raw`\hx` }, /engine reads otherwise/],
    ["an operator of Rust's classes", { "a|re": "[a&&b]" }, /engine reads otherwise/],
    ["a range with addresses of version 4 in it", { "a|cidr": "::/0" }, /version 4/],
    ["a field name that no quotes carry", { "a'b": "x" }, /field name/],
  ])("%s", (_, sel, message) => {
    const { code, message: found, hint } = refusalOf("kql", { sel }, { source });
    expect({ code, found }).toMatchObject({
      code: "convert-unsupported",
      found: expect.stringMatching(message),
    });
    expect(hint).not.toBe("");
  });

  test("a query without a table, or with a name that no quotes carry", () => {
    expect(refusalOf("kql", { sel: { a: "x" } }).message).toMatch(/none is given/);
    expect(refusalOf("kql", { sel: { a: "x" } }, { source: "T | take 1" }).message).toMatch(/table name/);
  });
});

test("what has to be true in Kusto is said", () => {
  const { conversion } = convertSigma(ruleOf({ sel: { a: 1, b: null } }), "rule.yml", "kql", { source });
  expect(conversion?.assumptions.slice(1)).toEqual([
    "a is a column of numbers",
    "b is empty only where the event has no value for it",
  ]);
});
