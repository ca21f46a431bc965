import type { Row } from "../evaluate/row.js";
import { collectRows } from "../evaluate/scope.js";
import { numberOf, scalarsOf, textOfNumber, type FieldValue } from "../evaluate/values.js";
import { namesLike } from "../evaluate/wildcards.js";
import type {
  BinCommand,
  FieldsCommand,
  FilldownCommand,
  FillnullCommand,
  RenameCommand,
  TableCommand,
} from "../syntax/commands.js";
import { printSpan, printWord } from "../syntax/printer.js";
import { quoteText } from "../syntax/words.js";
import type { CommandDefinition } from "./definition.js";
import { change } from "./filters.js";
import { readSpan, startOfSpan } from "./spans.js";

function isInternal(name: string): boolean {
  return name.startsWith("_");
}

/** The names that a list with wildcards stands for in a row, in the order of the list. */
function expand(fields: readonly string[], row: Row): string[] {
  if (fields.every((field) => !field.includes("*"))) return [...fields];
  const names = row.names();
  return [
    ...new Set(
      fields.flatMap((field) =>
        // A star does not take Splunk's own fields.
        field.includes("*")
          ? namesLike(field, names).filter((name) => isInternal(field) || !isInternal(name))
          : [field],
      ),
    ),
  ];
}

function* pick(rows: Iterable<Row>, names: (row: Row) => readonly string[]): Iterable<Row> {
  for (const row of rows) yield row.pick(names(row));
}

export const fields: CommandDefinition<FieldsCommand> = {
  parse: (reader, at) => {
    const sign = reader.peek();
    const signed = sign?.type === "word" && (sign.text === "-" || sign.text === "+");
    if (signed) reader.take();
    const names = reader.fields();
    if (names.length === 0) throw reader.unexpected("a field");
    return { name: "fields", mode: signed && sign.text === "-" ? "remove" : "keep", fields: names, at };
  },
  print: ({ mode, fields: names }) => `${mode === "remove" ? "- " : "+ "}${names.map(printWord).join(" ")}`,
  run: ({ mode, fields: names }) =>
    mode === "keep"
      ? // Splunk's own fields stay unless they are taken away by name.
        (rows) =>
          pick(rows, (row) => [...new Set([...expand(names, row), ...row.names().filter(isInternal)])])
      : (rows) =>
          change(rows, (row) => {
            for (const name of expand(names, row)) row.set(name, null);
          }),
};

export const table: CommandDefinition<TableCommand> = {
  parse: (reader, at) => {
    const names = reader.fields();
    if (names.length === 0) throw reader.unexpected("a field");
    return { name: "table", fields: names, at };
  },
  print: ({ fields: names }) => names.map(printWord).join(" "),
  run:
    ({ fields: names }) =>
    (rows) =>
      pick(rows, (row) => expand(names, row)),
};

function renamePattern(row: Row, from: string, to: string): void {
  const [before = "", after = ""] = from.split("*");
  for (const name of namesLike(from, row.names())) {
    if (isInternal(name) && !isInternal(from)) continue;
    const middle = name.slice(before.length, name.length - after.length);
    renameOne(
      row,
      name,
      to.replace("*", () => middle),
    );
  }
}

function renameOne(row: Row, from: string, to: string): void {
  if (from === to) return;
  row.set(to, row.get(from));
  row.set(from, null);
}

export const rename: CommandDefinition<RenameCommand> = {
  parse: (reader, at) => {
    const renames: { from: string; to: string }[] = [];
    while (!reader.atEnd) {
      const offset = reader.offset;
      const from = reader.field();
      if (!reader.takeWord("as")) throw reader.unexpected(`"AS" after "${from}"`);
      const to = reader.field("a new name");
      const stars = (text: string): number => text.split("*").length - 1;
      if (stars(from) !== stars(to) || stars(from) > 1) {
        const hint = "write one * in both names or in none";
        throw reader.refuse(
          "wildcard-misplaced",
          `${from} AS ${to} does not say what the * becomes`,
          hint,
          offset,
        );
      }
      renames.push({ from, to });
      reader.takeMark(",");
    }
    if (renames.length === 0) throw reader.unexpected("a field");
    return { name: "rename", renames, at };
  },
  print: ({ renames }) => renames.map(({ from, to }) => `${printWord(from)} AS ${printWord(to)}`).join(", "),
  run:
    ({ renames }) =>
    (rows) =>
      change(rows, (row) => {
        for (const { from, to } of renames) {
          if (from.includes("*")) renamePattern(row, from, to);
          else renameOne(row, from, to);
        }
      }),
};

export const fillnull: CommandDefinition<FillnullCommand> = {
  parse: (reader, at) => {
    const options = reader.options(["value"]);
    return { name: "fillnull", value: options.get("value") ?? "0", fields: reader.fields(), at };
  },
  print: ({ value, fields: names }) => `value=${quoteText(value)} ${names.map(printWord).join(" ")}`,
  run: ({ value, fields: names, at }, scope) => {
    if (names.length > 0) return (rows) => change(rows, (row) => fill(row, names, value));
    return (rows) => {
      // Without names it is every field that any row has.
      const all = collectRows(rows, scope, at, "fillnull");
      const known = new Set(all.flatMap((row) => row.names()).filter((name) => !isInternal(name)));
      return change(all, (row) => fill(row, [...known], value));
    };
  },
};

function fill(row: Row, names: readonly string[], value: FieldValue): void {
  for (const name of names) if (row.get(name) === null) row.set(name, value);
}

export const filldown: CommandDefinition<FilldownCommand> = {
  parse: (reader, at) => ({ name: "filldown", fields: reader.fields(), at }),
  print: ({ fields: names }) => names.map(printWord).join(" "),
  run:
    ({ fields: names }) =>
    (rows) => {
      const last = new Map<string, FieldValue>();
      return change(rows, (row) => {
        const wanted =
          names.length === 0 ? [...new Set([...last.keys(), ...row.names()])] : expand(names, row);
        for (const name of wanted.filter((each) => names.length > 0 || !isInternal(each))) {
          const value = row.get(name);
          const before = last.get(name);
          if (value !== null) last.set(name, value);
          else if (before !== undefined) row.set(name, before);
        }
      });
    },
};

export const bin: CommandDefinition<BinCommand> = {
  parse: (reader, at) => {
    const options = new Map(reader.options(["span"]));
    const field = reader.field();
    for (const [name, value] of reader.options(["span"])) options.set(name, value);
    const as = reader.takeWord("as") ? reader.field("a new name") : null;
    for (const [name, value] of reader.options(["span"])) options.set(name, value);
    reader.expectEnd();
    const span = options.get("span");
    if (span === undefined) {
      const message = "without a span, the width of the groups depends on all of the values";
      throw reader.refuse("option-missing", message, "write such as bin _time span=5m");
    }
    const read = readSpan(reader, span);
    if (field !== "_time" && read.unit !== "number") {
      throw reader.refuse("option-invalid", `a span of time is for _time, not for "${field}"`);
    }
    const unit = field === "_time" && read.unit === "number" ? "second" : read.unit;
    return { name: "bin", field, span: { ...read, unit }, as, at };
  },
  print: ({ field, span, as }) =>
    `span=${printSpan(span)} ${printWord(field)}${as === null ? "" : ` AS ${printWord(as)}`}`,
  run:
    ({ field, span, as }, scope) =>
    (rows) =>
      change(rows, (row) => {
        const [first] = scalarsOf(row.get(field));
        const number = first === undefined ? null : numberOf(first);
        if (number === null) return;
        const start = startOfSpan(number, span, scope.zone);
        // Numbers become the two ends of their group, as texts; times stay times.
        const numeric = span.unit === "number";
        row.set(as ?? field, numeric ? `${textOfNumber(start)}-${textOfNumber(start + span.amount)}` : start);
      }),
};
