import type { Row } from "../evaluate/row.js";
import { scalarsOf, textOfScalar, textsOf, fieldValueOf } from "../evaluate/values.js";
import { checkMade } from "../evaluate/scope.js";
import { SplProblem } from "../problem.js";
import type { MakemvCommand, MvexpandCommand, SpathCommand } from "../syntax/commands.js";
import { printWord } from "../syntax/printer.js";
import { quoteText } from "../syntax/words.js";
import type { CommandDefinition } from "./definition.js";
import { change } from "./filters.js";

export const makemv: CommandDefinition<MakemvCommand> = {
  parse: (reader, at) => {
    const options = new Map(reader.options(["delim", "allowempty"]));
    const field = reader.field();
    for (const [name, value] of reader.options(["delim", "allowempty"])) options.set(name, value);
    reader.expectEnd();
    const delimiter = options.get("delim") ?? " ";
    if (delimiter === "") throw reader.refuse("option-invalid", "makemv needs a delimiter");
    return { name: "makemv", field, delimiter, allowEmpty: reader.flag(options, "allowempty", false), at };
  },
  print: ({ field, delimiter, allowEmpty }) =>
    `delim=${quoteText(delimiter)} allowempty=${allowEmpty} ${printWord(field)}`,
  run:
    ({ field, delimiter, allowEmpty }) =>
    (rows) =>
      change(rows, (row) => {
        const parts = textsOf(row.get(field)).flatMap((text) => text.split(delimiter));
        row.set(field, fieldValueOf(allowEmpty ? parts : parts.filter((part) => part !== "")));
      }),
};

export const mvexpand: CommandDefinition<MvexpandCommand> = {
  parse: (reader, at) => {
    const field = reader.field();
    const limit = reader.count(reader.options(["limit"]).get("limit") ?? "0", "limit");
    reader.expectEnd();
    return { name: "mvexpand", field, limit, at };
  },
  print: ({ field, limit }) => `${printWord(field)} limit=${limit}`,
  run: ({ field, limit, at }, scope) =>
    function* (rows) {
      let made = 0;
      for (const row of rows) {
        const values = scalarsOf(row.get(field));
        if (values.length === 1) yield row;
        else {
          // A row without the field is gone: there is no value to make a row of.
          for (const value of limit === 0 ? values : values.slice(0, limit)) {
            const copy = row.copy();
            copy.set(field, value);
            checkMade(++made, scope, at, "mvexpand");
            yield copy;
          }
        }
      }
    },
};

const deepest = 32;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** The leaves of a JSON value by Splunk's paths: `a.b`, and `a{}.b` for the elements of an array. */
function leaves(value: unknown, path: string, into: Map<string, string[]>, depth: number): void {
  if (isScalar(value)) into.set(path, [...(into.get(path) ?? []), String(value)]);
  else if (depth < deepest && Array.isArray(value)) {
    for (const each of value) leaves(each, `${path}{}`, into, depth + 1);
  } else if (depth < deepest && isRecord(value)) {
    for (const [key, each] of Object.entries(value))
      leaves(each, path === "" ? key : `${path}.${key}`, into, depth + 1);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Splunk leaves rows whose input is no JSON as they are.
    return undefined;
  }
}

export const spath: CommandDefinition<SpathCommand> = {
  parse: (reader, at) => {
    const options = new Map(reader.options(["input", "path", "output"]));
    if (!reader.atEnd) options.set("path", reader.value("a path"));
    for (const [name, value] of reader.options(["input", "output"])) options.set(name, value);
    reader.expectEnd();
    const path = options.get("path") ?? null;
    if (path !== null && /\{\d+\}/.test(path)) {
      throw reader.refuse(
        "path-unsupported",
        "a path to one element of an array is not evaluated here",
        "use {} and mvindex()",
        reader.range.start,
      );
    }
    return {
      name: "spath",
      input: options.get("input") ?? "_raw",
      path,
      output: options.get("output") ?? path,
      at,
    };
  },
  print: ({ input, path, output }) => {
    const parts = [`input=${printWord(input)}`];
    if (path !== null) parts.push(`path=${quoteText(path)}`);
    if (output !== null) parts.push(`output=${quoteText(output)}`);
    return parts.join(" ");
  },
  run:
    ({ input, path, output, at }) =>
    (rows) =>
      change(rows, (row) => {
        const [text] = scalarsOf(row.get(input));
        if (text === undefined) return;
        if (textOfScalar(text).trimStart().startsWith("<")) {
          throw new SplProblem("path-unsupported", at, "spath over XML is not evaluated here", "use rex");
        }
        const found = new Map<string, string[]>();
        leaves(parseJson(textOfScalar(text)), "", found, 0);
        extract(row, found, path, output);
      }),
};

function extract(
  row: Row,
  found: ReadonlyMap<string, string[]>,
  path: string | null,
  output: string | null,
): void {
  if (path === null) {
    for (const [name, values] of found) if (name !== "") row.set(name, fieldValueOf(values));
    return;
  }
  const values = fieldValueOf(found.get(path) ?? []);
  if (values !== null) row.set(output ?? path, values);
}
