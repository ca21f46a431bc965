import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compilePattern, parsePattern } from "../../../src/detection/sigma/pattern.js";
import { compilePatterns } from "../../../src/detection/sigma/text-list.js";

test("a list of patterns matches what any of them matches", () => {
  const letter = fc.constantFrom("a", "b", "*", "?", "\\", "é", "\u0161", "😀");
  const word = fc.array(letter, { maxLength: 4 }).map((list) => list.join(""));
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 30 }),
      fc.array(word, { maxLength: 10 }),
      (list, texts) => {
        const patterns = list.map(parsePattern);
        const any = compilePatterns(patterns);
        for (const text of texts) {
          expect(any(text)).toBe(patterns.some((pattern) => compilePattern(pattern)(text)));
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test.each([
  ["whole", "", ""],
  ["at the start", "", "*"],
  ["at the end", "*", ""],
  ["inside", "*", "*"],
])("long lists are told apart %s", (_, before, after) => {
  const words = Array.from({ length: 40 }, (_unused, index) => `word-${index}-end`);
  const any = compilePatterns(words.map((word) => parsePattern(before + word + after)));
  expect(any("word-17-end")).toBe(true);
  expect(any("word-99-end")).toBe(false);
  expect(any("xword-17-end")).toBe(before !== "");
  expect(any("word-17-endx")).toBe(after !== "");
  expect(any("xword-17-endx")).toBe(before !== "" && after !== "");
});
