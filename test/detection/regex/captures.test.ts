import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CaptureRegex, textOfGroup, type Captures } from "../../../src/detection/regex/captures.js";
import { compileRegex } from "../../../src/detection/regex/index.js";
import { RegexProblem } from "../../../src/detection/regex/syntax.js";

/** The texts that the whole match and the groups take; null for a group that took no part. */
function textsOf(regex: CaptureRegex, text: string, match: Captures): (string | null)[] {
  return regex.names.map((_, group) => textOfGroup(text, match, group));
}

/** The groups of the first match. */
function groups(source: string, text: string): (string | null)[] | null {
  const regex = new CaptureRegex(source);
  const match = regex.find(text, 0);
  return match === null ? null : textsOf(regex, text, match);
}

/** All matches with their groups. */
function found(source: string, text: string): (string | null)[][] {
  const regex = new CaptureRegex(source);
  return regex.findAll(text, Infinity).map((match) => textsOf(regex, text, match));
}

/** The same by JavaScript's own expressions, which may take any time. */
function expected(source: string, text: string): (string | null)[][] {
  return [...text.matchAll(new RegExp(source, "gu"))].map((match) => [...match].map((each) => each ?? null));
}

test.each([
  ["(a+)(b*)", "xaab", ["aab", "aa", "b"]],
  ["(a+?)(a*)", "aaa", ["aaa", "a", "aa"]],
  ["(a|ab)(c|bcd)", "abcd", ["abcd", "a", "bcd"]],
  ["(?<x>\\d+)-(?P<y>\\w+)", "v 12-ab!", ["12-ab", "12", "ab"]],
  ["(a)|(b)", "b", ["b", null, "b"]],
  ["(?:a)(b)", "ab", ["ab", "b"]],
  ["((a)(b))(c)", "abc", ["abc", "ab", "a", "b", "c"]],
  ["^(\\S+)\\s+(.*)$", "one two three", ["one two three", "one", "two three"]],
  ["(?i)CMD(\\.exe)?", "cmd.EXE", ["cmd.EXE", ".EXE"]],
  ["(?i:a)(B)", "AB", ["AB", "B"]],
  ["(?s)a(.)b", "a\nb", ["a\nb", "\n"]],
  ["(?m)^(b)$", "a\nb\nc", ["b", "b"]],
  ["[^\\]]+\\](.)", "[a]b", ["[a]b", "b"]],
  ["[]a](b)", "]b", ["]b", "b"]],
  ["(x{2,3})", "xxxx", ["xxx", "xxx"]],
  ["(x{2,3}?)", "xxxx", ["xx", "xx"]],
  ["(.)$", "a\n", ["a", "a"]],
  ["(😀)", "a😀b", ["😀", "😀"]],
  ["\\bsh\\b", "bash sh", ["sh"]],
  ["(z)", "a", null],
])("%s in %j", (source, text, wanted) => {
  expect(groups(source, text)).toEqual(wanted);
});

test("groups have the names of Python and of the others", () => {
  expect(new CaptureRegex("(?P<one>a)(b)(?<two>c)('d')(?'three'e)").names).toEqual([
    ...[null, "one", null, "two", null, "three"],
  ]);
});

test.each([
  ["a(b+)", "abb ab"],
  ["(a|ab)(c|bcd)(d*)", "abcd"],
  ["(a*)(b?)", "aab"],
  ["x?", "axb"],
  ["^(.*?)=(.*)$", "SHA1=abc=d"],
  ["([^=]+)=([0-9A-F]{4})", "MD5=12AF,SHA=FFFF"],
  [String.raw`\bword\b`, "a word, words, sword word"],
  [String.raw`(\d{2,3})(\d)`, "12345 12"],
  [String.raw`[\]a]{1,2}`, "a]x]"],
  ["(😀|.)b", "😀b xb"],
])("finds every match that JavaScript finds: %s in %s", (source, text) => {
  expect(found(source, text)).toEqual(expected(source, text));
});

/** Expressions whose meaning JavaScript shares, as text. */
const expression: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("a", "b", ".", "[ab]", "\\w", "^", "$", "[^a]"),
    fc.tuple(tie("node"), tie("node")).map(([left, right]) => left + right),
    fc.tuple(tie("node"), tie("node")).map(([left, right]) => `(${left}|${right})`),
    // An empty round of a repetition is where engines differ; these always read an x.
    fc
      .tuple(tie("node"), fc.constantFrom("*", "+", "?", "*?", "+?", "{1,2}"))
      .map(([node, mark]) => `(?:x${node})${mark}`),
    tie("node").map((node) => `(${node})`),
  ),
})).node;

test("groups take what a backtracking engine gives them, in every match", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "b", "x", "-"), maxLength: 12 });
  const property = fc.property(expression, texts, (source, text) => {
    const own = found(source, text);
    const theirs = expected(source, text);
    expect(own.map(([whole]) => whole)).toEqual(theirs.map(([whole]) => whole));
    expect(compileRegex(source, new Set()).test(text)).toBe(theirs.length > 0);
    // JavaScript forgets groups of earlier rounds of a repetition, PCRE and this engine keep them.
    if (!/[*+}]/.test(source)) expect(own).toEqual(theirs);
  });
  fc.assert(property, { numRuns: 1000 });
});

describe("expressions that take others for ever end", () => {
  const evil = ["(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*)*x", "(a?){30}a{30}$", "(x+x+)+y", "((a*)*)*b"];

  test.each(evil)("%s", (source) => {
    for (const letter of ["a", "x"]) {
      const text = `${letter.repeat(20_000)}!`;
      const theirs = compileRegex(source, new Set()).test(text);
      expect(new CaptureRegex(source).find(text, 0) !== null).toBe(theirs);
    }
  });

  test("many matches that each look at the whole rest are refused", () => {
    expect(() => found("[^b]*b|a", "a".repeat(100_000))).toThrow(RegexProblem);
  });

  test("what is too large is refused before any text comes", () => {
    expect(() => new CaptureRegex("((a{100}){100}){100}")).toThrow(RegexProblem);
  });
});
