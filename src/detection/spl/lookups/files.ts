import { basename } from "node:path";
import type { Diagnostic } from "../../../errors.js";
import { commandsOf } from "../evaluate/run.js";
import type { LookupTable } from "../evaluate/scope.js";
import { parseSpl, type ParseSplOptions } from "../parse.js";
import { lookupFileName } from "./names.js";
import { readLookupTable } from "./table.js";

/** A lookup table as CSV. */
export interface LookupText {
  readonly file: string;
  readonly text: string;
}

/** The names of the files of every table that a query looks up; none when it cannot be read. */
export function lookupFilesOf(text: string, mode: ParseSplOptions["mode"] = "strict"): string[] {
  const { query } = parseSpl(text, "query", { mode });
  const names = (query === null ? [] : commandsOf(query)).flatMap((node) =>
    node.name === "lookup" || node.name === "inputlookup" ? [lookupFileName(node.table)] : [],
  );
  return [...new Set(names)].filter((name) => name !== null).toSorted();
}

/** The tables of files, by both names that queries have for each. */
export function readLookups(files: readonly LookupText[]): {
  readonly tables: Readonly<Record<string, LookupTable>>;
  readonly diagnostics: readonly Diagnostic[];
} {
  const read = files.map(({ file, text }) => ({ name: basename(file), ...readLookupTable(text, file) }));
  const named = read.flatMap(({ name, table }): [string, LookupTable][] =>
    table === null
      ? []
      : [
          [name, table],
          [name.slice(0, -".csv".length), table],
        ],
  );
  return { tables: Object.fromEntries(named), diagnostics: read.flatMap(({ diagnostics }) => diagnostics) };
}
