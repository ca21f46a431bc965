import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compilePattern, escapeText, parsePattern, plainText } from "../../../src/detection/sigma/pattern.js";
import { foldCase, nearestWord } from "../../../src/detection/sigma/text.js";

test("an escaped text reads as itself", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("\\", "*", "?", "a", "%"), maxLength: 12 }), (text) => {
      expect(plainText(parsePattern(escapeText(text)))).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

test("many wildcards over a long text end quickly", () => {
  const start = performance.now();
  const text = "a".repeat(100_000);
  expect(compilePattern(parsePattern(`${"*a".repeat(500)}*b`))(text)).toBe(false);
  expect(compilePattern(parsePattern(`${"*a?".repeat(200)}*b`))(text)).toBe(false);
  expect(compilePattern(parsePattern(`*${"?".repeat(500)}b*`))(text)).toBe(false);
  expect(performance.now() - start).toBeLessThan(8_000);
});

test("a part of a text folds to the part of its fold, at the same place", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "Σ", "σ", "ς", "İ", "I", "ß", "K", "Ǆ", " ", "😀"),
    maxLength: 10,
  });
  fc.assert(
    fc.property(text, text, text, (before, part, after) => {
      expect(foldCase(before + part + after)).toBe(foldCase(before) + foldCase(part) + foldCase(after));
      expect(foldCase(part)).toHaveLength(part.length);
      expect(foldCase(foldCase(part))).toBe(foldCase(part));
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ["contians", ["contains", "cased"], "contains"],
  ["Contains", ["contains"], "contains"],
  ["xyz", ["contains"], null],
  ["catagory", ["category", "product"], "category"],
  ["", ["a"], null],
])("the word near %j of %j is %j", (word, known, nearest) => {
  expect(nearestWord(word, known)).toBe(nearest);
});
