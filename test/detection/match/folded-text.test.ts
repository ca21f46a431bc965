import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  BOUND_TEXT,
  FoldedText,
  foldedLiteral,
  OTHER_TEXT,
} from "../../../src/detection/match/folded-text.js";
import { foldCase } from "../../../src/detection/sigma/text.js";

test("no letter beyond ASCII becomes ASCII when cases are folded, but for the Kelvin sign", () => {
  const surprising: number[] = [];
  for (let code = 0x80; code <= 0x10ffff; code++) {
    const folded = foldCase(String.fromCodePoint(code));
    const [first = ""] = folded;
    const letters = [...folded].length;
    if (letters !== 1 || first.charCodeAt(0) < 0x80) surprising.push(code);
  }
  expect(surprising).toEqual([0x212a]);
  expect(foldedLiteral("\u212a")).toBe("k");
});

test("letters beyond ASCII become one mark, however many there are", () => {
  expect(foldedLiteral("PÄSSWÖRD")).toBe(`p${OTHER_TEXT}ssw${OTHER_TEXT}rd`);
  expect(foldedLiteral("aжжб😀z")).toBe(`a${OTHER_TEXT}z`);
  expect(foldedLiteral("\u0000\u0001\u0002")).toBe(OTHER_TEXT);
});

test("a text bounds each of its values, and remembers letters beyond ASCII", () => {
  const text = new FoldedText();
  text.clear();
  for (const value of ["Aa", "", "1"]) text.add(value);
  expect(Buffer.from(text.bytes.subarray(0, text.length)).toString("latin1")).toBe(
    ["", "aa", "", "1", ""].join(BOUND_TEXT),
  );
  expect(text.other).toBe(false);
  text.add("é");
  expect(text.other).toBe(true);
  text.clear();
  expect(text.other).toBe(false);
});

test("a text grows with what is added", () => {
  const text = new FoldedText();
  text.clear();
  const long = "x".repeat(100_000);
  text.add(long);
  text.add("é".repeat(50_000));
  expect(text.length).toBe(100_000 + 4);
});

test("what a text holds, its fold holds folded", () => {
  const letters = fc.constantFrom(
    ...[
      "a",
      "A",
      "k",
      "K",
      "\u212a",
      "İ",
      "i",
      "ſ",
      "s",
      "ß",
      "Σ",
      "ς",
      "é",
      "😀",
      "\u0001",
      "\u0002",
      "\ud800",
    ],
  );
  const words = fc.array(letters, { maxLength: 6 }).map((list) => list.join(""));
  fc.assert(
    fc.property(words, words, words, (before, middle, after) => {
      expect(foldedLiteral(before + middle + after)).toContain(foldedLiteral(middle));
      // Upper and lower case are the same to rules, so they must be here.
      expect(foldedLiteral(foldCase(middle))).toBe(foldedLiteral(middle));
    }),
    { numRuns: 2000 },
  );
});
