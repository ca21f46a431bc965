import { aggregateNames, aggregateOf } from "../evaluate/aggregates.js";
import { didYouMean } from "../../sigma/text.js";
import type { Aggregation } from "../syntax/tree.js";
import type { ArgumentReader } from "./argument-reader.js";

function readOf(reader: ArgumentReader, name: string): Aggregation["of"] {
  const inner = reader.peek(1);
  if (inner?.type === "word" && inner.text === "eval" && reader.isMark("(", 2)) {
    reader.take();
    reader.take();
    const expression = reader.expressionInParentheses();
    if (!reader.takeMark(")")) throw reader.unexpected('")"');
    return expression;
  }
  reader.take();
  if (reader.isMark(")")) {
    reader.take();
    if (name === "count") return null;
    throw reader.refuse("command-syntax", `${reader.command}: ${name}() needs a field`);
  }
  const offset = reader.offset;
  const field = reader.field();
  if (!reader.takeMark(")")) throw reader.unexpected('")"');
  if (field.includes("*") && field !== "*") {
    throw reader.refuse(
      "wildcard-unsupported",
      `${name}(${field}) over several fields is not evaluated here`,
      "name each field",
      offset,
    );
  }
  if (field === "*") {
    if (name === "count") return null;
    throw reader.refuse(
      "wildcard-unsupported",
      `${name}(*) over all fields is not evaluated here`,
      "name each field",
      offset,
    );
  }
  return field;
}

function canonicalName(written: string): string {
  const [, name = "", inner = ""] = /^([^(]*)(.*)$/s.exec(written) ?? [];
  const long = name.trim().toLowerCase().replace(/^c$/, "count");
  return long + inner.replace(/^\(\s+/, "(").replace(/\s+\)$/, ")");
}

/** One aggregation with the name of its result. Throws `SplProblem`. */
function readAggregation(reader: ArgumentReader): Aggregation {
  const at = reader.at;
  const start = reader.offset;
  const name = reader.value("an aggregation such as count");
  const known = aggregateOf(name);
  if (known === null) {
    const hint = didYouMean(name, aggregateNames(), `known are ${aggregateNames().join(", ")}`);
    throw reader.refuse(
      "unknown-aggregation",
      `${reader.command}: there is no aggregation "${name}" here`,
      hint,
      start,
    );
  }
  let of: Aggregation["of"] = null;
  let written = name;
  if (reader.isMark("(")) {
    of = readOf(reader, known.function);
    written = reader.context.source.text.slice(start, reader.peek(-1)?.end).replaceAll(/\s+/g, " ");
  } else if (known.function !== "count") {
    throw reader.refuse(
      "command-syntax",
      `${reader.command}: ${name} needs a field in parentheses`,
      "",
      start,
    );
  }
  // Without AS, the result is named as it is written; what examples show is the long name in small letters, without blanks.
  const canonical = canonicalName(written);
  const named = reader.takeWord("as");
  if (!named && of !== null && typeof of !== "string") {
    reader.context.defect(
      start,
      "aggregation-unnamed",
      `${reader.command}: Splunk wants a name for what is aggregated over eval()`,
      "add AS and a name",
    );
  } else if (!named && canonical !== written) {
    reader.context.defect(
      start,
      "aggregation-unnamed",
      `${reader.command}: Splunk's documentation does not say what the result of ${written} is named`,
      `write ${canonical}, or add AS and a name`,
    );
  }
  const as = named ? reader.field("a name for the result") : canonical.replaceAll('"', "");
  return { ...known, of, as: as === "count()" || as === "count(*)" ? "count" : as, at };
}

/** Aggregations up to `by` or the end of the command. */
export function readAggregations(reader: ArgumentReader, until: readonly string[] = ["by"]): Aggregation[] {
  const aggregations: Aggregation[] = [];
  while (!reader.atEnd && !until.some((word) => reader.isWord(word))) {
    aggregations.push(readAggregation(reader));
    reader.takeMark(",");
  }
  if (aggregations.length === 0) throw reader.unexpected("an aggregation such as count");
  const names = aggregations.map(({ as }) => as);
  const twice = aggregations.find(({ as }, index) => names.indexOf(as) !== index);
  if (twice !== undefined) {
    throw reader.refuse(
      "command-syntax",
      `${reader.command}: two results are named "${twice.as}"`,
      "name one of them with AS",
    );
  }
  return aggregations;
}
