import fc from "fast-check";
import { expect, test } from "vitest";
import { Screen } from "../../../src/transport/cli/screen.js";

/** The lines that a text leaves, the unfinished one last. */
function shown(...pieces: string[]): string[] {
  const lines: string[] = [];
  const screen = new Screen((line) => lines.push(line));
  for (const piece of pieces) screen.write(piece);
  return [...lines, screen.line];
}

test.each([
  ["a carriage return before a line feed", "one\r\ntwo", ["one", "two"]],
  ["what is written over", "--More--\r        \rnext", ["next    "]],
  ["what is erased by backspaces", "abc\b\b\bxy", ["xyc"]],
  ["colours, titles and character sets", "\u001b[1;31mred\u001b[0m\u001b]0;title\u0007\u001b(B!", ["red!"]],
  ["a title that ends in a string terminator", "\u001b]2;a\u001b\\b", ["b"]],
  ["an erased line", "prompt> garbage\r\u001b[Kprompt> ", ["prompt> "]],
  ["an erased end", "abcdef\u001b[3D\u001b[K", ["abc"]],
  ["moves to the right and to a column", "a\u001b[2Cb\u001b[1Gx", ["x  b"]],
  ["a sequence that another one cuts", "\u001b[3\u001b[1mok", ["ok"]],
  ["bells and nulls", "a\u0007\u0000b", ["ab"]],
  ["tabs", "a\tb", ["a\tb"]],
])("%s", (_what, text, lines) => {
  expect(shown(text)).toEqual(lines);
});

test("a sequence without an end is given up", () => {
  expect(shown(`\u001b]${"x".repeat(300)}`, "y")[0]).toMatch(/^x+y$/);
});

test("where the pieces end does not matter", () => {
  const part = fc.constantFrom(
    "a",
    "b ",
    "\r",
    "\n",
    "\b",
    "\u001b[K",
    "\u001b[2D",
    "\u001b[1;3m",
    "\u001b]0;t\u0007",
    "ä",
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), fc.array(fc.nat(60), { maxLength: 8 }), (parts, cuts) => {
      const text = parts.join("");
      const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)).toSorted((a, b) => a - b), text.length];
      const pieces = at.slice(1).map((end, index) => text.slice(at[index], end));
      expect(shown(...pieces)).toEqual(shown(text));
    }),
  );
});
