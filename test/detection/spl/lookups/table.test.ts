import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mostLookupBytes, readLookupTable } from "../../../../src/detection/spl/lookups/table.js";

const cell = fc.string({ unit: fc.constantFrom("a", "B", ",", '"', "\n", " ", "é", "'", "*") });
const name = fc.string({ unit: fc.constantFrom("a", "b", ",", '"', " ", "é"), minLength: 1 });

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function csv(records: readonly (readonly string[])[], end: string): string {
  return records.map((cells) => cells.map(quoted).join(",") + end).join("");
}

// Splunk, Knowledge Manager Manual, "Configure CSV lookups"; RFC 4180.
describe("a lookup table", () => {
  test("has the header's columns, and cells that are the texts they are", () => {
    expect(
      readLookupTable('\uFEFFhost,owner\r\nws1,"Bob, ""the"" boss"\r\n\r\nws2, eve \r\n', "t.csv"),
    ).toEqual({
      table: [
        { host: "ws1", owner: 'Bob, "the" boss' },
        { host: "ws2", owner: " eve " },
      ],
      diagnostics: [],
    });
  });

  test("of any cells is read back", () => {
    const tables = fc.uniqueArray(name, { minLength: 2, maxLength: 4 }).chain((columns) => {
      const row = fc.array(cell, { minLength: columns.length, maxLength: columns.length });
      return fc.tuple(fc.constant(columns), fc.array(row, { maxLength: 5 }));
    });
    fc.assert(
      fc.property(tables, fc.constantFrom("\n", "\r\n"), ([columns, rows], end) => {
        fc.pre(columns.every((each) => each.trim() !== ""));
        const expected = rows.map((cells) =>
          Object.fromEntries(columns.map((each, at) => [each, cells[at]])),
        );
        expect(readLookupTable(csv([columns, ...rows], end), "t.csv").table).toEqual(expected);
      }),
    );
  });

  test("of any text is read or refused with a reason", () => {
    const pieces = fc.array(
      fc.constantFrom("a", ",", '"', "\n", "\r\n", "\r", "\uFEFF", "\0", " ", "#", "b,c\n"),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((parts) => parts.join("")),
        ),
        (text) => {
          const { table, diagnostics } = readLookupTable(text, "t.csv");
          expect(diagnostics.length === 0).toBe(table !== null);
        },
      ),
    );
  });

  test.each([
    ["", "lookup-invalid", 1],
    ["a,b\n1,2\n1\n", "lookup-invalid", 3],
    ['a,b\n1,"2\n', "lookup-invalid", 2],
    ['a,b\n1,"2"x\n', "lookup-invalid", 2],
    ["a,b\r1,2\r", "lookup-invalid", 1],
    ["a,a\n1,2\n", "lookup-columns", 1],
    ["a,\n1,2\n", "lookup-columns", 1],
    [`${"a".repeat(4100)},b\n`, "lookup-columns", 1],
    [`a\n${"1\n".repeat(50_001)}`, "lookup-too-large", 1],
    [`a,b\n${"é".repeat(mostLookupBytes / 2)},1\n`, "lookup-too-large", 1],
  ])("is refused where it is broken: %#", (text, code, line) => {
    const { table, diagnostics } = readLookupTable(text, "lookups/t.csv");
    expect(table).toBeNull();
    expect(diagnostics).toMatchObject([{ file: "lookups/t.csv", severity: "error", code, line }]);
    expect(diagnostics[0]?.hint).not.toBe("");
  });
});
