import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileRegex } from "../../../src/detection/regex/index.js";

const none: ReadonlySet<string> = new Set();

const atom = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "c",
    "A",
    " ",
    "1",
    "é",
    "😀",
    ".",
    "[ab]",
    "[^ab]",
    "[a-c1]",
    "[^\\n]",
    "\\d",
    "\\w",
    "\\S",
    "\\.",
    "[\\w.-]",
  ),
  fc.constantFrom("\\b", "\\B", "^", "$").map((anchor) => `(?:${anchor})`),
);
const quantifier = fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "+?");
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: "xsmall", withCrossShrink: true },
    fc
      .tuple(atom, quantifier)
      .map(([text, count]) => (text.startsWith("(?:") && text.length < 8 ? text : text + count)),
    fc.array(tie("expression"), { maxLength: 3 }).map((parts) => parts.join("")),
    fc
      .tuple(tie("expression"), tie("expression"), quantifier)
      .map(([left, right, count]) => `(?:${left}|${right})${count}`),
    fc.tuple(tie("expression"), quantifier).map(([inner, count]) => `(${inner})${count}`),
  ),
}));
const text = fc.string({
  unit: fc.constantFrom("a", "b", "c", "A", " ", "1", "_", "é", "😀", "-", "\n"),
  maxLength: 8,
});

describe("the linear matcher agrees with the JavaScript engine", () => {
  // Without `u` the engine would take the halves of a pair apart. `$` before a last line break is PCRE's own.
  const agrees = (source: string, given: string, flags: string): boolean => {
    // The engine finds \\B between the halves of a pair.
    const value = source.includes("\\B") ? given.replaceAll("😀", "-") : given;
    const translated = flags.includes("m") ? source : source.replaceAll("$", "(?=\\n?$(?![^]))");
    return (
      compileRegex(source, new Set(flags)).test(value) === new RegExp(translated, `${flags}u`).test(value)
    );
  };

  test.each(["", "i", "s", "m", "is"])("on generated expressions and texts, flags %j", (flags) => {
    const property = fc.property(expression, text, (source, value) => agrees(source, value, flags));
    expect(fc.check(property, { numRuns: 500 })).toMatchObject({ failed: false, counterexample: null });
  });
});

test.each([
  ["a$", "a\n", true],
  ["a$", "a\n\n", false],
  ["a\\z", "a\n", false],
  ["a\\Z", "a\n", true],
  ["\\Aa", "ba", false],
  ["[]a]", "]", true],
  ["[^]a]", "b", true],
  ["[a-]", "-", true],
  ["[\\d-x]", "-", true],
  ["a{,3}", "a{,3}", true],
  ["a{x", "a{x", true],
  ["x{2}{", "xx{", true],
  ["[[:alpha:]]+[[:digit:]]", "ab1", true],
  ["[[:^alpha:]]", "a", false],
  ["\\x41\\x{1F600}\\u0042", "A😀B", true],
  ["\\h\\R".replace("\\R", "\\v"), "\t\n", true],
  ["(?P<name>a)(?<other>b)", "ab", true],
  ["(?i)É", "é", true],
  ["(?i-i)É", "é", false],
  ["(?i)[^é]", "É", false],
  ["(?i)\u212a", "k", true],
  ["a|", "", true],
  ["()*", "", true],
  ["(a*)*b", "aab", true],
  ["(?:)+", "", true],
  ["^^^a", "a", true],
  ["\\/\\-\\@", "/-@", true],
  ["", "", true],
])("%s in %j: %s", (source, value, wanted) => {
  expect(compileRegex(source, none).test(value)).toBe(wanted);
});

test.each([
  ["(", "regex-invalid"],
  [")", "regex-invalid"],
  ["[a", "regex-invalid"],
  ["[b-a]", "regex-invalid"],
  ["*a", "regex-invalid"],
  ["a**", "regex-invalid"],
  ["a{3,2}", "regex-invalid"],
  ["a\\", "regex-invalid"],
  ["\\q", "regex-invalid"],
  ["\\p{L}", "regex-invalid"],
  ["(?z)a", "regex-invalid"],
  ["(?x)a", "regex-invalid"],
  ["^*", "regex-invalid"],
  ["[[:nope:]]", "regex-invalid"],
  ["\\x{FFFFFF}", "regex-invalid"],
  ["(?=a)", "regex-unsafe"],
  ["(?!a)", "regex-unsafe"],
  ["(?<=a)b", "regex-unsafe"],
  ["(?<!a)b", "regex-unsafe"],
  ["(?>a)", "regex-unsafe"],
  ["(a)\\1", "regex-unsafe"],
  ["(?<n>a)\\k<n>", "regex-unsafe"],
  ["a*+", "regex-unsafe"],
  ["a{2000}", "regex-unsafe"],
  ["((a{100}){100}){100}", "regex-unsafe"],
  ["(".repeat(1000) + ")".repeat(1000), "regex-unsafe"],
])("%s is refused: %s", (source, code) => {
  expect(() => compileRegex(source, none)).toThrow(expect.objectContaining({ code }) as Error);
});

test("no expression makes the compiler throw anything else", () => {
  const pieces = fc.array(fc.constantFrom(..."()[]{}|*+?^$\\.-,:=!<>aiP019bdwsxu\n😀"), { maxLength: 20 });
  fc.assert(
    fc.property(pieces, (list) => {
      try {
        compileRegex(list.join(""), new Set(["i"])).test("aaa 0 b");
      } catch (thrown) {
        expect((thrown as { code?: string }).code).toMatch(/^regex-(invalid|unsafe)$/);
      }
    }),
    { numRuns: 3000 },
  );
});

describe("expressions that make a backtracking engine hang end quickly", () => {
  const long = "a".repeat(60_000);
  test.each([
    ["(a+)+$", `${long}!`],
    ["^(a|a)*$", `${long}!`],
    ["(a|aa)+$", `${long}!`],
    ["(.*a){20}x", long],
    ["([a-zA-Z]+)*1", long],
    ["^(([a-z])+.)+[A-Z]([a-z])+$", long],
    [".*.*.*.*=x", long],
    ["a*a*a*a*a*b", long],
    ["(a?){100}a{100}b", long],
    ["\\s+$", `${" ".repeat(60_000)}x`],
    ["(x|y)*x(x|y){25}z", "xy".repeat(30_000)],
    ["(x|y)*x(x|y){200}z", "xyyxyxxyxy".repeat(1_500)],
  ])("%s", (source, value) => {
    const start = performance.now();
    expect(compileRegex(source, none).test(value)).toBe(false);
    // A backtracking engine needs from minutes to longer than the universe is old.
    expect(performance.now() - start).toBeLessThan(8_000);
  });
});
