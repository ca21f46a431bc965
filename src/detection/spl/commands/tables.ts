import { checkMade, collectRows, type LookupTable, type Scope } from "../evaluate/scope.js";
import { Row } from "../evaluate/row.js";
import { compileSearch } from "../evaluate/search.js";
import { fieldValueOf, scalarsOf, textOfScalar, textsOf } from "../evaluate/values.js";
import { didYouMean } from "../../sigma/text.js";
import { SplProblem } from "../problem.js";
import type { AppendCommand, InputlookupCommand, JoinCommand, LookupCommand } from "../syntax/commands.js";
import { printSearch, printWord } from "../syntax/printer.js";
import type { ArgumentReader } from "./argument-reader.js";
import type { CommandDefinition } from "./definition.js";
import { filter } from "./filters.js";

function tableOf(scope: Scope, name: string, at: number): LookupTable {
  const found = Object.hasOwn(scope.tables, name) ? scope.tables[name] : undefined;
  if (found !== undefined) return found;
  const hint = didYouMean(
    name,
    Object.keys(scope.tables),
    "write its values into the query, such as field IN (a, b): no verb reads lookup tables so far",
  );
  throw new SplProblem("unknown-lookup", at, `the lookup table "${name}" was not given`, hint);
}

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
  run: ({ table, inputs, outputs, keep, at }, scope) => {
    const rowsOfTable = tableOf(scope, table, at);
    const columns = [...new Set(rowsOfTable.flatMap((each) => Object.keys(each)))];
    const named = inputs.map(({ column }) => column);
    const missing = [...named, ...outputs.map(({ column }) => column)].find(
      (column) => !columns.includes(column),
    );
    if (missing !== undefined && rowsOfTable.length > 0) {
      const hint = didYouMean(missing, columns, `it has ${columns.join(", ")}`);
      throw new SplProblem(
        "unknown-column",
        at,
        `the lookup table "${table}" has no column "${missing}"`,
        hint,
      );
    }
    const written =
      outputs.length > 0
        ? outputs
        : columns.filter((column) => !named.includes(column)).map((column) => ({ column, field: column }));
    return function* (rows) {
      for (const row of rows) {
        const wanted = inputs.map(({ field }) => textsOf(row.get(field)));
        const found = rowsOfTable.filter((each) =>
          inputs.every(({ column }, index) => wanted[index]?.includes(each[column] ?? "") === true),
        );
        for (const { column, field } of found.length === 0 ? [] : written) {
          if (keep && row.get(field) !== null) continue;
          row.set(
            field,
            fieldValueOf(found.flatMap((each) => (each[column] === undefined ? [] : [each[column]]))),
          );
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
    const test = condition === null ? null : compileSearch(condition, scope);
    return function* (rows) {
      if (append) yield* rows;
      const made = rowsOfTable.map((each) => new Row(null, [], new Map(Object.entries(each))));
      yield* test === null ? made : filter(made, test);
    };
  },
};

export const append: CommandDefinition<AppendCommand> = {
  parse: (reader, at) => {
    reader.options([]);
    const query = reader.subsearch();
    reader.expectEnd();
    return { name: "append", query, at };
  },
  print: ({ query }, printer) => `[${printer.query(query)}]`,
  run: ({ query, at }, scope) =>
    function* (rows) {
      yield* rows;
      yield* scope.subsearch(query, at);
    },
};

function keyOf(row: Row, fields: readonly string[]): string | null {
  const values = fields.map((field) => row.get(field));
  return values.includes(null)
    ? null
    : JSON.stringify(values.map((value) => scalarsOf(value).map(textOfScalar)));
}

/** A row with the fields of another one over its own. */
function joined(left: Row, right: Row): Row {
  const row = new Row(null, [...new Set([...left.sources, ...right.sources])]);
  for (const from of [left, right]) for (const name of from.names()) row.set(name, from.get(name));
  return row;
}

export const join: CommandDefinition<JoinCommand> = {
  parse: (reader, at) => {
    const options = new Map(reader.options(["type", "max"]));
    const fields: string[] = [];
    while (reader.peek()?.type === "word" || reader.peek()?.type === "string") {
      if (reader.isMark("=", 1))
        for (const [name, value] of reader.options(["type", "max"])) options.set(name, value);
      else fields.push(reader.field());
      reader.takeMark(",");
    }
    const query = reader.subsearch();
    reader.expectEnd();
    const type = options.get("type")?.toLowerCase() ?? "inner";
    if (!["inner", "left", "outer"].includes(type)) {
      throw reader.refuse(
        "option-invalid",
        `join has no type "${type}"`,
        "the types are inner, left and outer",
        reader.range.start,
      );
    }
    if (fields.length === 0) {
      throw reader.refuse(
        "command-syntax",
        "join without fields joins by whatever fields both have",
        "name the fields to join by",
        reader.range.start,
      );
    }
    const most = reader.count(options.get("max") ?? "1", "max");
    return { name: "join", kind: type === "inner" ? "inner" : "left", fields, most, query, at };
  },
  print: ({ kind, fields, most, query }, printer) =>
    `type=${kind} max=${most} ${fields.map(printWord).join(", ")} [${printer.query(query)}]`,
  run: ({ kind, fields, most, query, at }, scope) =>
    function* (rows) {
      const byKey = new Map<string, Row[]>();
      for (const row of scope.subsearch(query, at)) {
        const key = keyOf(row, fields);
        if (key === null) continue;
        const same = byKey.get(key) ?? [];
        if (most === 0 || same.length < most) same.push(row);
        byKey.set(key, same);
      }
      let made = 0;
      for (const row of collectRows(rows, scope, at, "join")) {
        const key = keyOf(row, fields);
        const matches = key === null ? [] : (byKey.get(key) ?? []);
        for (const match of matches) {
          checkMade(++made, scope, at, "join");
          yield joined(row, match);
        }
        if (matches.length === 0 && kind === "left") yield row;
      }
    },
};
