import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { lookupFilesOf, type LookupText } from "../detection/spl/lookups/files.js";
import { lookupFolder } from "../detection/spl/lookups/names.js";
import { mostLookupBytes } from "../detection/spl/lookups/table.js";
import type { ParseSplOptions } from "../detection/spl/parse.js";
import { type Diagnostic, messageOf } from "../errors.js";

/** Lookup tables as they stand in their files. One with a problem is not among them, and the query that needs it is refused. */
export interface LookupFiles {
  readonly files: readonly LookupText[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the tables that a query looks up: `lookups/NAME.csv` beside the query's file, for `NAME` and for `NAME.csv`. One that
 * is not there is left out: the query is refused where it names it.
 * @param file the query's; of a query without one, a name in the folder that counts as its own
 */
export function readLookupsBeside(file: string, text: string, mode?: ParseSplOptions["mode"]): LookupFiles {
  const files: LookupText[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const name of lookupFilesOf(text, mode)) {
    const path = join(dirname(file), lookupFolder, name);
    if (!existsSync(path)) continue;
    const refuse = (code: string, message: string, hint: string): void => {
      diagnostics.push({ file: path, line: 1, column: 1, severity: "error", code, message, hint });
    };
    try {
      const found = statSync(path);
      if (!found.isFile()) refuse("lookup-unreadable", "the lookup table is no file", "put a CSV file there");
      else if (found.size > mostLookupBytes) {
        const message = `the lookup table has more than ${mostLookupBytes / 1024 / 1024} MiB`;
        refuse("lookup-too-large", message, "keep the rows and columns that the query looks up");
      } else files.push({ file: path, text: utf8.decode(readFileSync(path)) });
    } catch (error) {
      const message = `the lookup table cannot be read: ${messageOf(error)}`;
      refuse("lookup-unreadable", message, "check its permissions, and that it is text in UTF-8");
    }
  }
  return { files, diagnostics };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
