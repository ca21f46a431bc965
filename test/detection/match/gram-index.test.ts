import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FoldedText } from "../../../src/detection/match/folded-text.js";
import { GramCounts, GramIndex } from "../../../src/detection/match/gram-index.js";
import { Ranges } from "../../../src/detection/match/ranges.js";

function textOf(...values: string[]): FoldedText {
  const text = new FoldedText();
  text.clear();
  for (const value of values) text.add(value);
  return text;
}

function allOf(text: FoldedText): Ranges {
  const ranges = new Ranges();
  ranges.select(text, null);
  return ranges;
}

function foundIn(index: GramIndex, text: FoldedText, literals: readonly string[]): string[] {
  index.scan(text, allOf(text));
  const hits = [...index.hits.subarray(0, index.hitCount)].map((hit) => literals[hit] ?? "");
  expect(literals.filter((_, literal) => index.found[literal] === index.text)).toEqual(
    hits.toSorted((left, right) => literals.indexOf(left) - literals.indexOf(right)),
  );
  return hits.toSorted();
}

test("literals are found anywhere in a text, and only there", () => {
  const literals = ["powershell", "\u0001cmd.exe\u0001", " -e", "\u0002", "zzz"];
  const index = new GramIndex(literals);
  expect(foundIn(index, textOf("C:\\PowerShell -e"), literals)).toEqual([" -e", "powershell"]);
  expect(foundIn(index, textOf("x", "CMD.EXE", "y"), literals)).toEqual(["\u0001cmd.exe\u0001"]);
  expect(foundIn(index, textOf("a\\cmd.exe"), literals)).toEqual([]);
  expect(foundIn(index, textOf("é"), literals)).toEqual(["\u0002"]);
  expect(foundIn(index, textOf(), literals)).toEqual([]);
});

test("what is found does not depend on the texts that an index was made for", () => {
  const letter = fc.constantFrom(..."abc.\\\u0001\u0002~^é".split(""));
  const word = fc.array(letter, { maxLength: 12 }).map((list) => list.join(""));
  const literal = fc.array(fc.constantFrom(..."abc.\\\u0001\u0002~^".split("")), {
    minLength: 3,
    maxLength: 7,
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(
        literal.map((list) => list.join("")),
        { minLength: 1, maxLength: 8 },
      ),
      fc.array(word, { maxLength: 4 }),
      fc.array(word, { maxLength: 4 }),
      (literals, values, seen) => {
        const text = textOf(...values);
        const counts = new GramCounts(literals.length);
        const each = textOf(...seen);
        counts.add(each, allOf(each));
        const held = Buffer.from(text.bytes.subarray(0, text.length)).toString("latin1");
        const wanted = literals.filter((each) => held.includes(each)).toSorted();
        expect(foundIn(new GramIndex(literals), text, literals)).toEqual(wanted);
        expect(foundIn(new GramIndex(literals, counts), text, literals)).toEqual(wanted);
      },
    ),
    { numRuns: 200 },
  );
});
