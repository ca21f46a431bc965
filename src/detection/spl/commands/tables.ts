import { Row } from "../evaluate/row.js";
import { compileSearch } from "../evaluate/search.js";
import { fieldValueOf, textsOf } from "../evaluate/values.js";
import { checkCells, outputsOf, partnersIn, tableOf } from "../lookups/partners.js";
import type { InputlookupCommand, LookupCommand } from "../syntax/commands.js";
import { printSearch, printWord } from "../syntax/printer.js";
import type { ArgumentReader } from "./argument-reader.js";
import type { CommandDefinition } from "./definition.js";
import { filter } from "./filters.js";

interface Pair {
  readonly column: string;
  readonly field: string;
}

function readPairs(reader: ArgumentReader): Pair[] {
  const pairs: Pair[] = [];
  while (!reader.atEnd && !reader.isWord("output") && !reader.isWord("outputnew")) {
    const column = reader.field();
    pairs.push({ column, field: reader.takeWord("as") ? reader.field() : column });
    reader.takeMark(",");
  }
  return pairs;
}

function printPairs(pairs: readonly Pair[]): string {
  return pairs.map(({ column, field }) => `${printWord(column)} AS ${printWord(field)}`).join(", ");
}

export const lookup: CommandDefinition<LookupCommand> = {
  parse: (reader, at) => {
    reader.options([]);
    const table = reader.value("a lookup table");
    const inputs = readPairs(reader);
    if (inputs.length === 0) throw reader.unexpected("a field to look up");
    const keep = reader.isWord("outputnew");
    const outputs = reader.takeWord("output") || reader.takeWord("outputnew") ? readPairs(reader) : [];
    reader.expectEnd();
    return { name: "lookup", table, inputs, outputs, keep, at };
  },
  print: ({ table, inputs, outputs, keep }) => {
    const output =
      outputs.length === 0 && !keep ? "" : ` ${keep ? "OUTPUTNEW" : "OUTPUT"} ${printPairs(outputs)}`;
    return `${printWord(table)} ${printPairs(inputs)}${output}`;
  },
  run: (node, scope) => {
    const { inputs, keep, at } = node;
    const table = tableOf(scope, node.table, at);
    const outputs = outputsOf(table, node);
    const partners = partnersIn(table, node);
    return function* (rows) {
      for (const row of rows) {
        const found = partners(inputs.map(({ field }) => textsOf(row.get(field))));
        for (const { column, field } of found.length === 0 ? [] : outputs) {
          if (keep && row.get(field) !== null) continue;
          row.set(field, fieldValueOf(found.map((each) => each[column] ?? "")));
        }
        yield row;
      }
    };
  },
};

export const inputlookup: CommandDefinition<InputlookupCommand> = {
  parse: (reader, at) => {
    const options = new Map(reader.options(["append"]));
    const table = reader.value("a lookup table");
    const condition = reader.takeWord("where") ? reader.search(false) : null;
    reader.expectEnd();
    const append = reader.flag(options, "append", false);
    if (!append && !reader.first) {
      throw reader.refuse(
        "command-misplaced",
        "inputlookup makes rows, and must stand first",
        "write append=true",
        reader.range.start,
      );
    }
    return { name: "inputlookup", table, append, condition, at };
  },
  print: ({ table, append, condition }, printer) => {
    const where =
      condition === null ? "" : ` where ${printSearch(condition, (query) => printer.query(query))}`;
    return `append=${append} ${printWord(table)}${where}`;
  },
  run: ({ table, append, condition, at }, scope) => {
    const rowsOfTable = tableOf(scope, table, at);
    checkCells(rowsOfTable, table, Object.keys(rowsOfTable[0] ?? {}), at);
    const test = condition === null ? null : compileSearch(condition, scope);
    return function* (rows) {
      if (append) yield* rows;
      const made = rowsOfTable.map((each) => new Row(null, [], new Map(Object.entries(each))));
      yield* test === null ? made : filter(made, test);
    };
  },
};
