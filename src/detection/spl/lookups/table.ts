import { CsvError, parse } from "csv-parse/sync";
import type { Diagnostic } from "../../../errors.js";
import { messageOf } from "../../../errors.js";
import type { LookupTable } from "../evaluate/scope.js";

/** A table stands in the journal of every run whose queries look it up. In bytes of UTF-8. */
export const mostLookupBytes = 1024 * 1024;
const mostRows = 50_000;
const mostColumns = 100;
/** Splunk reads no longer header (Knowledge Manager Manual, "Configure CSV lookups"). */
const longestHeader = 4096;

/** A table that was read; null when a diagnostic says why not. */
export interface ReadLookup {
  readonly table: LookupTable | null;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a lookup table from CSV with a header (RFC 4180; Splunk, Knowledge Manager Manual, "Configure CSV lookups"). Every
 * row has the header's columns, every cell is the text that it is.
 */
export function readLookupTable(text: string, file: string): ReadLookup {
  const refuse = (line: number, code: string, message: string, hint: string): ReadLookup => ({
    table: null,
    diagnostics: [{ file, line, column: 1, severity: "error", code, message, hint }],
  });
  if (Buffer.byteLength(text) > mostLookupBytes) {
    const message = `the lookup table has more than ${mostLookupBytes / 1024 / 1024} MiB`;
    return refuse(1, "lookup-too-large", message, "keep the rows and columns that the query looks up");
  }
  if (/\r(?!\n)/.test(text)) {
    const message = "a line ends with a carriage return alone, which Splunk does not read";
    return refuse(1, "lookup-invalid", message, "end lines with a line feed");
  }
  let records: string[][];
  try {
    records = parse(text, { bom: true, skip_empty_lines: true, record_delimiter: ["\r\n", "\n"] });
  } catch (error) {
    const line = error instanceof CsvError ? Number(error["lines"]) : 1;
    const hint = "write one row a line, a cell with a comma or quote in quotes, and a quote in it twice";
    return refuse(line, "lookup-invalid", `this is no CSV: ${messageOf(error)}`, hint);
  }
  const [header, ...rows] = records;
  if (header === undefined) {
    return refuse(
      1,
      "lookup-invalid",
      "the lookup table has no header",
      "name the columns in the first line",
    );
  }
  const wrong = wrongColumn(header);
  if (wrong !== null) return refuse(1, "lookup-columns", wrong, "give each column a name of its own");
  if (header.length > mostColumns || rows.length > mostRows) {
    const message = `the lookup table has more than ${mostColumns} columns or ${mostRows} rows`;
    return refuse(1, "lookup-too-large", message, "keep the rows and columns that the query looks up");
  }
  const table = rows.map((cells) => Object.fromEntries(header.map((name, at) => [name, cells[at] ?? ""])));
  return { table, diagnostics: [] };
}

function wrongColumn(header: readonly string[]): string | null {
  if (header.join(",").length > longestHeader) return `the header has more than ${longestHeader} characters`;
  if (header.some((name) => name.trim() === "")) return "a column of the lookup table has no name";
  const twice = header.find((name, at) => header.indexOf(name) !== at);
  return twice === undefined ? null : `the lookup table has the column "${twice}" twice`;
}
