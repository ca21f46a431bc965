import fc from "fast-check";
import { expect, test } from "vitest";
import { table } from "../../src/report/table.js";
import { clip, columns, duration, pad, plain, wrap } from "../../src/report/text.js";

test("plain leaves no character that a terminal acts on, for any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(plain(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069\u200B-\u200F\uFEFF]/u);
    }),
  );
});

test.each([
  ["\x1b]0;owned\x07\x1b[2J", "\\x1b]0;owned\\x07\\x1b[2J"],
  ["one\r\ntwo\tthree", "one\\r\\ntwo\\tthree"],
  ["\x9b31m", "\\x9b31m"],
  ["abc\u202Efdp.exe", "abc\\u{202e}fdp.exe"],
  ["\ud800x", "\ufffdx"],
  ["grüße 你好 👍", "grüße 你好 👍"],
])("plain makes %j visible", (text, shown) => {
  expect(plain(text)).toBe(shown);
});

test("columns, clip and pad count what a terminal shows, not characters", () => {
  expect(columns("你好")).toBe(4);
  expect(columns("e\u0301")).toBe(1);
  expect(clip("你好吗", 4)).toBe("你…");
  expect(clip("hello", 5)).toBe("hello");
  expect(clip("hello", 4)).toBe("hel…");
  expect(clip("hello", 0)).toBe("");
  expect(pad("你", 4)).toBe("你  ");
  expect(pad("7", 3, "left")).toBe("  7");
});

test("wrap breaks between words, within words that are too long, and loses nothing", () => {
  expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrap("abcdefgh ij", 3)).toEqual(["abc", "def", "gh", "ij"]);
  expect(wrap("", 10)).toEqual([""]);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 40 }), (text, limit) => {
      const safe = plain(text);
      const lines = wrap(safe, limit);
      expect(lines.every((line) => columns(line) <= limit)).toBe(true);
      expect(lines.join("").replaceAll(" ", "")).toBe(safe.replaceAll(" ", ""));
    }),
  );
});

test.each([
  [0, "0 ms"],
  [999.4, "999 ms"],
  [999.6, "1.0 s"],
  [59_940, "59.9 s"],
  [59_960, "1 min 0 s"],
  [3_599_900, "1 h 0 min"],
  [7_500_000, "2 h 5 min"],
  [-5, "0 ms"],
])("%d milliseconds are %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test("a table that is too wide cuts the widest of the columns that may be cut", () => {
  const head = [
    { title: "id" },
    { title: "a", shrinks: true },
    { title: "n", align: "right" as const },
    { title: "b", shrinks: true },
  ];
  const rows = [["x", "short", "7", "a very long text that does not fit"]];
  expect(table(head, rows, 200)).toEqual([
    "id  a      n  b",
    "x   short  7  a very long text that does not fit",
  ]);
  expect(table(head, rows, 30)[1]).toBe("x   short  7  a very long tex…");
  for (const line of table(head, rows, 12)) expect(columns(line)).toBeLessThanOrEqual(12);
});
