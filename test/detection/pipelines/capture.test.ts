import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Replacement } from "../../../src/detection/pipelines/capture/replacement.js";
import { CaptureRegex } from "../../../src/detection/pipelines/capture/search.js";

/** All matches with their groups, as texts. */
function found(source: string, text: string): (string | undefined)[][] | null {
  const matches = new CaptureRegex(source).matches(text);
  return (
    matches?.map((match) =>
      match.map((group) => (group === null ? undefined : text.slice(group.start, group.end))),
    ) ?? null
  );
}

/** The same by JavaScript's own expressions, which may take any time. */
function expected(source: string, text: string): (string | undefined)[][] {
  return [...text.matchAll(new RegExp(source, "gu"))].map((match) => [...match]);
}

test.each([
  ["a(b+)", "abb ab"],
  ["(a|ab)(c|bcd)(d*)", "abcd"],
  ["(a*)(b?)", "aab"],
  ["(a+?)(a*)", "aaa"],
  ["x?", "axb"],
  ["(?:a|b)+(c)?", "abac ab"],
  ["^(.*?)=(.*)$", "SHA1=abc=d"],
  ["([^=]+)=([0-9A-F]{4})", "MD5=12AF,SHA=FFFF"],
  [String.raw`\bword\b`, "a word, words, sword word"],
  [String.raw`(\d{2,3})(\d)`, "12345 12"],
  ["[]a]b", "]b ab"],
  [String.raw`[\]a]{1,2}`, "a]x]"],
  ["(😀|.)b", "😀b xb"],
])("finds what JavaScript finds: %s in %s", (source, text) => {
  // JavaScript writes a bracket that stands first with a backslash.
  expect(found(source, text)).toEqual(expected(source.replace("[]a]", String.raw`[\]a]`), text));
});

test("for arbitrary expressions it finds what JavaScript finds", () => {
  const atom = fc.constantFrom("a", "b", "c", ".", "[ab]", "[^a]", "^", "$");
  const expression: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      atom,
      fc.tuple(tie("node"), tie("node")).map(([left, right]) => `${left}${right}`),
      fc.tuple(tie("node"), tie("node")).map(([left, right]) => `(${left}|${right})`),
      // Python and JavaScript differ in what a group keeps that is repeated and can be empty: only those that cannot be.
      fc
        .tuple(
          fc.constantFrom("a", "b", "[ab]", "(a)", "(?:ab)", "(a|bc)"),
          fc.constantFrom("*", "+?", "?", "{1,2}", "*?"),
        )
        .map(([part, count]) => `${part}${count}`),
    ),
  })).node;
  const property = fc.property(
    expression,
    fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 12 }),
    (source, text) => {
      // JavaScript forgets the groups of an earlier round of a repetition; whole matches do not depend on it.
      const whole = (matches: (string | undefined)[][] | null): unknown => matches?.map(([first]) => first);
      return JSON.stringify(whole(found(source, text))) === JSON.stringify(whole(expected(source, text)));
    },
  );
  expect(fc.check(property, { numRuns: 1000 })).toMatchObject({ failed: false, counterexample: null });
});

describe("expressions that take others for ever end: the work has a bound", () => {
  test.each(["(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*)*x", "(a?){30}a{30}$", "(x+x+)+y"])("%s", (source) => {
    expect(found(source, `${"a".repeat(3000)}!`)).toBeInstanceOf(Array);
    expect(found(source, `${"x".repeat(3000)}!`)).toBeInstanceOf(Array);
  });

  test("a text that is too long for the expression has no answer", () => {
    expect(found("(a|b)*c", "a".repeat(1_000_000))).toBeNull();
    // Each match looks at the whole rest first.
    expect(found("[^b]*b|a", "a".repeat(100_000))).toBeNull();
  });
});

describe("flags and names", () => {
  test("(?i), (?s) and (?m) at the start", () => {
    expect(found("(?i)AB", "ab")).toEqual([["ab"]]);
    expect(found("(?s)a.b", "a\nb")).toEqual([["a\nb"]]);
    expect(found("(?m)^b$", "a\nb\nc")).toEqual([["b"]]);
    expect(found("a.b", "a\nb")).toEqual([]);
  });

  test("groups by name, in Python's words and others'", () => {
    expect(new CaptureRegex("(?P<one>a)(?<two>b)").names).toEqual(
      new Map([
        ["one", 1],
        ["two", 2],
      ]),
    );
  });
});

test.each([
  ["(a)(b)", String.raw`\2\1`, "ab", "ba"],
  ["(?P<x>a)", String.raw`[\g<x>\g<1>]`, "a", "[aa]"],
  ["a", String.raw`\\\t`, "a", "\\\t"],
  ["(a)|b", String.raw`<\1>`, "b", "<>"],
  ["a", String.raw`\.`, "a", String.raw`\.`],
  ["a+", String.raw`\g<0>\g<0>`, "aa", "aaaa"],
])("replacement: %s by %s", (source, template, text, wanted) => {
  const regex = new CaptureRegex(source);
  const [match = []] = regex.matches(text) ?? [];
  expect(new Replacement(template, regex).textFor(match, text)).toBe(wanted);
});
