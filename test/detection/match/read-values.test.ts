import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FoldedText } from "../../../src/detection/match/folded-text.js";
import { Ranges } from "../../../src/detection/match/ranges.js";
import { ReadValues } from "../../../src/detection/match/read-values.js";
import { wholeValues } from "../../../src/detection/match/rule-groups.js";
import { hashed, ValueKeys } from "../../../src/detection/match/value-keys.js";

const documentKeys = { keysOf: (field: string) => [field], any: ["any"], telling: ["channel"] };
const ofSecurity = { fields: new Set(["user"]), logsource: [wholeValues(["security", "4688"])].flat() };
const ofSystem = { fields: new Set(["service"]), logsource: [wholeValues(["System"])].flat() };
const keywords = { fields: null, logsource: [wholeValues(["application"])].flat() };

function numberOf(keys: ValueKeys, key: string): number {
  const bytes = Buffer.from(key);
  return keys.numberOf(bytes, 0, bytes.length, bytes.reduce(hashed, 0));
}

function textOf(keys: ValueKeys, values: readonly (readonly [key: string, value: string])[]): FoldedText {
  const text = new FoldedText();
  text.clear();
  text.numbering = keys;
  for (const [key, value] of values) text.addUnder(numberOf(keys, key), value);
  return text;
}

/** What is looked through, with its bounds. */
function partsOf(read: ReadValues, text: FoldedText): string[] {
  const ranges = new Ranges();
  ranges.select(text, read.of(text));
  return Array.from({ length: ranges.count }, (_, range) =>
    Buffer.from(text.bytes.subarray(ranges.places[range * 2], ranges.places[range * 2 + 1])).toString(
      "latin1",
    ),
  );
}

test("values are looked through that rules of the event's log source read", () => {
  const read = new ReadValues([ofSecurity, ofSystem, keywords], documentKeys);
  const values = [
    ["user", "u"],
    ["service", "s"],
    ["other", "o"],
    ["any", "a"],
  ] as const;
  const partsIn = (channel: string): string[] =>
    partsOf(read, textOf(read.keys, [...values, ["channel", channel]]));
  expect(partsIn("Security")).toEqual(["\u0001u\u0001", "\u0001a\u0001security\u0001"]);
  expect(partsIn("System")).toEqual(["\u0001s\u0001", "\u0001a\u0001system\u0001"]);
  expect(partsIn("Systems")).toEqual(["\u0001a\u0001systems\u0001"]);
  expect(partsIn("Application")).toEqual(["\u0001u\u0001s\u0001o\u0001a\u0001application\u0001"]);
});

test("all values are looked through where keys are not known, or too much is told", () => {
  const read = new ReadValues([ofSecurity], documentKeys);
  const other = new ReadValues([ofSystem], documentKeys);
  expect(read.of(textOf(other.keys, [["channel", "Security"]]))).toBeNull();
  expect(read.of(textOf(read.keys, [["channel", "x".repeat(1000)]]))).toBeNull();
  const text = textOf(read.keys, [["channel", "Security"]]);
  text.add("made");
  expect(read.of(text)).toBeNull();
  for (let made = 0; made < 2000; made++) read.of(textOf(read.keys, [["channel", `${made}`]]));
  expect(read.of(textOf(read.keys, [["channel", "one more"]]))).toBeNull();
});

test("a key has its number, and no other has", () => {
  const key = fc.string({ unit: fc.constantFrom(..."abA._é"), minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.uniqueArray(key, { maxLength: 300 }), fc.array(key), (known, others) => {
      const keys = new ValueKeys(new Map(known.map((each, index) => [each, index + 3])));
      for (const each of [...known, ...others]) {
        const index = known.indexOf(each);
        expect(numberOf(keys, each)).toBe(index === -1 ? 0 : index + 3);
      }
    }),
  );
});
