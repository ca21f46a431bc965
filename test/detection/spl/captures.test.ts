import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CaptureRegex } from "../../../src/detection/spl/captures/capture-regex.js";
import { compileRegex } from "../../../src/detection/sigma/regex/index.js";

/** The texts that the whole match and the groups take; null for a group that took no part. */
function groups(source: string, text: string): (string | null)[] | null {
  const match = new CaptureRegex(source).find(text, 0);
  if (match === null) return null;
  return Array.from({ length: match.length / 2 }, (_, index) => {
    const start = match[index * 2] ?? -1;
    return start === -1 ? null : text.slice(start, match[index * 2 + 1]);
  });
}

test.each([
  ["(a+)(b*)", "xaab", ["aab", "aa", "b"]],
  ["(a+?)(a*)", "aaa", ["aaa", "a", "aa"]],
  ["(a|ab)(c|bcd)", "abcd", ["abcd", "a", "bcd"]],
  ["(?<x>\\d+)-(?P<y>\\w+)", "v 12-ab!", ["12-ab", "12", "ab"]],
  ["(a)|(b)", "b", ["b", null, "b"]],
  ["(?:a)(b)", "ab", ["ab", "b"]],
  ["^(\\S+)\\s+(.*)$", "one two three", ["one two three", "one", "two three"]],
  ["(?i)CMD(\\.exe)?", "cmd.EXE", ["cmd.EXE", ".EXE"]],
  ["[^\\]]+\\](.)", "[a]b", ["[a]b", "b"]],
  ["(x{2,3})", "xxxx", ["xxx", "xxx"]],
  ["(x{2,3}?)", "xxxx", ["xx", "xx"]],
  ["(.)$", "a\n", ["a", "a"]],
  ["(😀)", "a😀b", ["😀", "😀"]],
  ["\\bsh\\b", "bash sh", ["sh"]],
  ["(z)", "a", null],
])("%s in %j", (source, text, expected) => {
  expect(groups(source, text)).toEqual(expected);
});

/** Expressions whose meaning JavaScript shares, as text. */
const expression: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("a", "b", ".", "[ab]", "\\w", "^", "$", "[^a]"),
    fc.tuple(tie("node"), tie("node")).map(([left, right]) => left + right),
    fc.tuple(tie("node"), tie("node")).map(([left, right]) => `(${left}|${right})`),
    fc
      .tuple(tie("node"), fc.constantFrom("*", "+", "?", "*?", "+?", "{1,2}"))
      .map(([node, mark]) => `(?:x${node})${mark}`),
    tie("node").map((node) => `(${node})`),
  ),
})).node;

test("groups take what a backtracking engine gives them", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "b", "x", "-"), maxLength: 12 });
  const property = fc.property(expression, texts, (source, text) => {
    // An empty alternative of a repeated group is where engines differ; the parts above always read an x.
    const expected = new RegExp(source).exec(text);
    const own = groups(source, text);
    expect(own?.[0] ?? null).toBe(expected?.[0] ?? null);
    expect(compileRegex(source, new Set()).test(text)).toBe(expected !== null);
    // JavaScript forgets groups of earlier rounds of a repetition, PCRE and this engine keep them.
    if (!/[*+}]/.test(source)) {
      expect(own).toEqual(expected === null ? null : [...expected].map((each) => each ?? null));
    }
  });
  fc.assert(property, { numRuns: 500 });
});
