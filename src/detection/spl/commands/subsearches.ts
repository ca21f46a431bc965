import { checkMade, collectRows } from "../evaluate/scope.js";
import { Row } from "../evaluate/row.js";
import { scalarsOf, textOfScalar } from "../evaluate/values.js";
import type { AppendCommand, JoinCommand } from "../syntax/commands.js";
import { printWord } from "../syntax/printer.js";
import type { CommandDefinition } from "./definition.js";

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
