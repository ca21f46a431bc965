import { compileExpression } from "../evaluate/expressions.js";
import type { Row } from "../evaluate/row.js";
import { checkGroups, collectRows } from "../evaluate/scope.js";
import { compileSearch } from "../evaluate/search.js";
import { fieldValueOf, scalarsOf, textOfScalar, textsOf, type FieldValue } from "../evaluate/values.js";
import { compileMatch } from "../functions/patterns.js";
import type {
  DedupCommand,
  EvalCommand,
  HeadCommand,
  RegexCommand,
  ReverseCommand,
  SearchCommand,
  WhereCommand,
} from "../syntax/commands.js";
import { printAssignment, printExpression, printSearch, printWord } from "../syntax/printer.js";
import { quoteText } from "../syntax/words.js";
import type { CommandDefinition } from "./definition.js";

export function* filter(rows: Iterable<Row>, test: (row: Row) => boolean): Iterable<Row> {
  for (const row of rows) if (test(row)) yield row;
}

/** Runs a change over each row. */
export function* change(rows: Iterable<Row>, apply: (row: Row) => void): Iterable<Row> {
  for (const row of rows) {
    apply(row);
    yield row;
  }
}

export const search: CommandDefinition<SearchCommand> = {
  parse: (reader, at) => {
    const condition = reader.search(reader.first);
    return { name: "search", condition, at };
  },
  print: ({ condition }, printer) =>
    condition === null ? "" : printSearch(condition, (query) => printer.query(query)),
  run: ({ condition }, scope) => {
    if (condition === null) return (rows) => rows;
    const test = compileSearch(condition, scope);
    return (rows) => filter(rows, test);
  },
};

export const where: CommandDefinition<WhereCommand> = {
  parse: (reader, at) => ({ name: "where", condition: reader.expression("condition"), at }),
  print: ({ condition }) => printExpression(condition),
  run: ({ condition }, scope) => {
    const test = compileExpression(condition, scope);
    return (rows) => filter(rows, (row) => test(row) === true);
  },
};

/** A value as a field holds it. Conditions are refused before. */
function storable(value: FieldValue | boolean | null): FieldValue | null {
  if (typeof value === "boolean") return null;
  return value === null || typeof value !== "object" ? value : fieldValueOf(value);
}

export const evalCommand: CommandDefinition<EvalCommand> = {
  parse: (reader, at) => ({ name: "eval", assignments: reader.assignments(), at }),
  print: ({ assignments }) => assignments.map(({ field, value }) => printAssignment(field, value)).join(", "),
  run: ({ assignments }, scope) => {
    const ready = assignments.map(({ field, value }) => ({ field, value: compileExpression(value, scope) }));
    return (rows) =>
      change(rows, (row) => {
        for (const { field, value } of ready) row.set(field, storable(value(row)));
      });
  },
};

export const regex: CommandDefinition<RegexCommand> = {
  parse: (reader, at) => {
    const named = reader.isMark("=", 1) || reader.isMark("!=", 1);
    const field = named ? reader.field() : "_raw";
    const negated = named && reader.isMark("!=");
    if (named) reader.take();
    const pattern = reader.value("a regular expression in quotes");
    reader.expectEnd();
    return { name: "regex", field, negated, pattern, at };
  },
  print: ({ field, negated, pattern }) => `${printWord(field)}${negated ? "!=" : "="}${quoteText(pattern)}`,
  run: ({ field, negated, pattern, at }) => {
    const matches = compileMatch(pattern, at);
    return (rows) => filter(rows, (row) => textsOf(row.get(field)).some(matches) !== negated);
  },
};

export const head: CommandDefinition<HeadCommand> = {
  parse: (reader, at) => {
    const name = reader.command === "tail" ? "tail" : "head";
    const options = reader.options(["limit"]);
    const written = options.get("limit") ?? (reader.atEnd ? "10" : reader.value("a number of rows"));
    if (!reader.atEnd || !/^\d+$/.test(written)) {
      throw reader.refuse(
        "command-unsupported",
        `${name} with a condition is not evaluated here`,
        `write ${name} and a number`,
      );
    }
    return { name, count: reader.count(written, "the number of rows"), at };
  },
  print: ({ count }) => String(count),
  run: ({ name, count, at }, scope) => {
    if (name === "tail") {
      // The last rows come in reverse order (Search Reference, "tail").
      return (rows) =>
        collectRows(rows, scope, at, name)
          .slice(count === 0 ? Infinity : -count)
          .toReversed();
    }
    return function* (rows) {
      let left = count;
      if (left === 0) return;
      for (const row of rows) {
        yield row;
        if (--left === 0) return;
      }
    };
  },
};

export const reverse: CommandDefinition<ReverseCommand> = {
  parse: (reader, at) => {
    reader.expectEnd();
    return { name: "reverse", at };
  },
  print: () => "",
  run:
    ({ at }, scope) =>
    (rows) =>
      collectRows(rows, scope, at, "reverse").toReversed(),
};

export const dedup: CommandDefinition<DedupCommand> = {
  parse: (reader, at) => {
    const first = reader.peek();
    const counted = first?.type === "word" && /^\d+$/.test(first.text);
    const count = counted ? reader.count(reader.value("a number"), "the number of rows") : 1;
    const names = ["keepempty", "consecutive"];
    const before = reader.options([...names, "keepevents"]);
    const fields: string[] = [];
    while (!reader.atEnd && !reader.isMark("=", 1)) {
      if (reader.isWord("sortby")) {
        throw reader.refuse(
          "option-unsupported",
          "dedup … sortby is not evaluated here",
          "use sort before it",
        );
      }
      fields.push(reader.field());
      reader.takeMark(",");
    }
    const options = new Map([...before, ...reader.options(names)]);
    reader.expectEnd();
    if (before.has("keepevents")) {
      throw reader.refuse("option-unsupported", "dedup keepevents is not evaluated here");
    }
    if (fields.length === 0 || count === 0) throw reader.unexpected("a field");
    const keepEmpty = reader.flag(options, "keepempty", false);
    return {
      name: "dedup",
      count,
      fields,
      keepEmpty,
      consecutive: reader.flag(options, "consecutive", false),
      at,
    };
  },
  print: ({ count, fields, keepEmpty, consecutive }) =>
    `${count} ${fields.map(printWord).join(" ")} keepempty=${keepEmpty} consecutive=${consecutive}`,
  run: ({ count, fields, keepEmpty, consecutive, at }, scope) =>
    function* (rows) {
      let seen = new Map<string, number>();
      for (const row of rows) {
        const values = fields.map((field) => row.get(field));
        if (values.includes(null)) {
          if (keepEmpty) yield row;
          continue;
        }
        const key = JSON.stringify(values.map((value) => scalarsOf(value).map(textOfScalar)));
        const times = (seen.get(key) ?? 0) + 1;
        if (consecutive && times === 1) seen = new Map();
        seen.set(key, times);
        checkGroups(seen.size, scope, at, "dedup");
        if (times <= count) yield row;
      }
    },
};
