import { textOfGroup, type Captures } from "../../regex/captures.js";
import type { Row } from "../evaluate/row.js";
import type { Scope } from "../evaluate/scope.js";
import { fieldValueOf, textsOf } from "../evaluate/values.js";
import { compileCaptures, findMatches, replaceMatches } from "../functions/patterns.js";
import { SplProblem } from "../problem.js";
import type { RexCommand } from "../syntax/commands.js";
import { printWord } from "../syntax/printer.js";
import { quoteText } from "../syntax/words.js";
import type { ArgumentReader } from "./argument-reader.js";
import type { CommandDefinition } from "./definition.js";
import { change } from "./filters.js";

const part = String.raw`((?:[^/\\]|\\[^])*)`;
const substitution = new RegExp(`^s/${part}/${part}/(g|[1-9]\\d{0,3})?$`);

/** An expression of sed: `s/regex/replacement/`, with `g` for every match or a number for one (Search Reference, "rex"). */
function readSed(reader: ArgumentReader, text: string): Pick<RexCommand, "pattern" | "sed"> {
  const [, pattern, replacement, flag] = substitution.exec(text) ?? [];
  // What & and other escapes become is not documented.
  if (pattern === undefined || replacement === undefined || /&|\\[^\d/]/.test(replacement)) {
    throw reader.refuse(
      "option-unsupported",
      "this expression of sed is not evaluated here",
      String.raw`write s/regex/replacement/g, in whose replacement \1 is the first group`,
      reader.range.start,
    );
  }
  return { pattern, sed: { replacement, which: flag === "g" ? null : Number(flag ?? 1) } };
}

/** What an expression takes out of the values of a field, by the names of its groups. */
function extraction({ field, pattern, most, at }: RexCommand, scope: Scope): (row: Row) => void {
  const regex = compileCaptures(pattern, at);
  const groups = regex.names.flatMap((name, index) => (name === null ? [] : [{ name, index }]));
  const matchesIn = (text: string): Captures[] => {
    if (most > 0) return findMatches(regex, text, most, at);
    const { values } = scope.limits;
    const matches = findMatches(regex, text, values + 1, at);
    if (matches.length <= values) return matches;
    const hint = "write a number for max_match, or raise the limit";
    throw new SplProblem("value-limit", at, `rex takes more than ${values} values out of one text`, hint);
  };
  return (row) => {
    const found = new Map<string, string[]>();
    for (const text of textsOf(row.get(field))) {
      for (const match of matchesIn(text)) {
        for (const { name, index } of groups) {
          const taken = textOfGroup(text, match, index);
          if (taken === null) continue;
          const values = found.get(name) ?? [];
          values.push(taken);
          found.set(name, values);
        }
      }
    }
    // What does not match leaves a field as it was.
    for (const [name, values] of found) row.set(name, fieldValueOf(values));
  };
}

export const rex: CommandDefinition<RexCommand> = {
  parse: (reader, at) => {
    const names = ["field", "max_match", "mode"];
    const options = new Map(reader.options(names));
    const expression = reader.value("a regular expression in quotes");
    for (const [name, value] of reader.options(names)) options.set(name, value);
    reader.expectEnd();
    const mode = options.get("mode");
    if (mode !== undefined && mode !== "sed") {
      throw reader.refuse(
        "option-invalid",
        `rex has no mode "${mode}"`,
        "the mode is sed",
        reader.range.start,
      );
    }
    const field = options.get("field") ?? "_raw";
    const most = reader.count(options.get("max_match") ?? "1", "max_match");
    const { pattern, sed } =
      mode === undefined ? { pattern: expression, sed: null } : readSed(reader, expression);
    const groups = compileCaptures(pattern, at).names;
    if (sed === null && groups.every((name) => name === null)) {
      throw reader.refuse(
        "rex-no-group",
        "the expression has no named group, and rex makes a field of each",
        "write (?<field>…)",
        reader.range.start,
      );
    }
    return { name: "rex", field, pattern, most, sed, at };
  },
  print: ({ field, pattern, most, sed }) => {
    if (sed === null) return `field=${printWord(field)} max_match=${most} ${quoteText(pattern)}`;
    const flag = sed.which ?? "g";
    return `field=${printWord(field)} mode=sed ${quoteText(`s/${pattern}/${sed.replacement}/${flag}`)}`;
  },
  run: (node, scope) => {
    const { field, pattern, sed, at } = node;
    if (sed === null) {
      const extract = extraction(node, scope);
      return (rows) => change(rows, extract);
    }
    const regex = compileCaptures(pattern, at);
    const replacement = sed.replacement.replaceAll("\\/", "/");
    return (rows) =>
      change(rows, (row) => {
        const texts = textsOf(row.get(field));
        if (texts.length === 0) return;
        row.set(
          field,
          fieldValueOf(texts.map((text) => replaceMatches(regex, text, replacement, at, sed.which))),
        );
      });
  },
};
