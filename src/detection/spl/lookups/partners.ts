import { didYouMean } from "../../sigma/text.js";
import type { LookupTable, Scope } from "../evaluate/scope.js";
import { SplProblem } from "../problem.js";
import type { LookupCommand } from "../syntax/commands.js";
import { lookupFileName, lookupFolder } from "./names.js";

type TableRow = LookupTable[number];

/** Splunk takes the first of more rows (Knowledge Manager Manual, "Add field matching rules to your lookup configuration": max_matches). */
const mostMatches = 100;

/** The table of a name. Throws {@link SplProblem} when it was not given. */
export function tableOf(scope: Scope, name: string, at: number): LookupTable {
  const found = Object.hasOwn(scope.tables, name) ? scope.tables[name] : undefined;
  if (found !== undefined) return found;
  const file = lookupFileName(name);
  const hint =
    file === null
      ? "name it by letters, digits, underscores, dots, blanks and hyphens"
      : `put it as ${lookupFolder}/${file} beside the query's file, or write its values into the query, such as field IN (a, b)`;
  const known = Object.keys(scope.tables);
  throw new SplProblem(
    "unknown-lookup",
    at,
    `the lookup table "${name}" was not given`,
    didYouMean(name, known, hint),
  );
}

/** Throws {@link SplProblem} for the first column that the table does not have, and for what is not certain of its cells. */
function checkColumns(
  table: LookupTable,
  { table: name, at }: LookupCommand,
  inputs: readonly string[],
  outputs: readonly string[],
): void {
  const columns = Object.keys(table[0] ?? {});
  const used = [...inputs, ...outputs];
  const missing = table.length === 0 ? undefined : used.find((column) => !columns.includes(column));
  if (missing !== undefined) {
    const hint = didYouMean(missing, columns, `it has ${columns.join(", ")}`);
    throw new SplProblem("unknown-column", at, `the lookup table "${name}" has no column "${missing}"`, hint);
  }
  checkCells(table, name, used, at);
  if (name.endsWith(".csv")) return;
  const pattern = inputs
    .flatMap((column) => table.map((row) => row[column] ?? ""))
    .find((cell) => cell.includes("*") || /^[\da-f.:]+\/\d{1,3}$/i.test(cell));
  if (pattern === undefined) return;
  throw new SplProblem(
    "lookup-match-type",
    at,
    `whether "${pattern}" in the lookup "${name}" is a pattern is said by its definition in Splunk (match_type), which is not here`,
    `write ${name}.csv where the cell is to be compared as it is`,
  );
}

/**
 * Throws {@link SplProblem} when a cell of these columns is empty: whether Splunk makes an empty text or no value of it is not
 * documented.
 */
export function checkCells(table: LookupTable, name: string, columns: readonly string[], at: number): void {
  const row = table.findIndex((each) => columns.some((column) => each[column] === ""));
  if (row === -1) return;
  const column = columns.find((each) => table[row]?.[each] === "") ?? "";
  throw new SplProblem(
    "lookup-empty-cell",
    at,
    `row ${row + 1} of the lookup table "${name}" has nothing in the column "${column}"`,
    "write a value such as none there, or leave the row or the column out",
  );
}

/** The columns that a lookup writes, and into which fields. Throws {@link SplProblem} for what cannot be looked up. */
export function outputsOf(table: LookupTable, node: LookupCommand): LookupCommand["outputs"] {
  const inputs = node.inputs.map(({ column }) => column);
  const others = Object.keys(table[0] ?? {}).filter((column) => !inputs.includes(column));
  const outputs =
    node.outputs.length > 0 ? node.outputs : others.map((column) => ({ column, field: column }));
  checkColumns(
    table,
    node,
    inputs,
    outputs.map(({ column }) => column),
  );
  return outputs;
}

/**
 * Finds a table's rows for the values of the fields that are looked up, one list of values for each; they are compared with
 * regard to case, as Splunk does unless a definition says otherwise. The finder throws {@link SplProblem} for more rows than
 * Splunk takes.
 */
export function partnersIn(
  table: LookupTable,
  { inputs, table: name, at }: LookupCommand,
): (wanted: readonly (readonly string[])[]) => readonly TableRow[] {
  const first = inputs[0]?.column ?? "";
  const byFirst = new Map<string, { readonly row: TableRow; readonly place: number }[]>();
  for (const [place, row] of table.entries()) {
    const same = byFirst.get(row[first] ?? "") ?? [];
    same.push({ row, place });
    byFirst.set(row[first] ?? "", same);
  }
  return (wanted) => {
    const found = [...new Set(wanted[0])]
      .flatMap((text) => byFirst.get(text) ?? [])
      .filter(({ row }) =>
        inputs.every(({ column }, index) => wanted[index]?.includes(row[column] ?? "") === true),
      );
    if (found.length > mostMatches) {
      throw new SplProblem(
        "lookup-limit",
        at,
        `more than ${mostMatches} rows of the lookup table "${name}" match, and Splunk takes the first of them`,
        "look up more fields, or leave rows out",
      );
    }
    return found.toSorted((one, other) => one.place - other.place).map(({ row }) => row);
  };
}
