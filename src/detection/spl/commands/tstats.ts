import { Grouping } from "../evaluate/grouping.js";
import type { Row } from "../evaluate/row.js";
import { compileSearch } from "../evaluate/search.js";
import { numberOf, scalarsOf } from "../evaluate/values.js";
import { isModelField, modelFieldNames, processRow } from "../events/processes.js";
import { didYouMean } from "../../sigma/text.js";
import type { TstatsCommand } from "../syntax/commands.js";
import { printSearch, printSpan } from "../syntax/printer.js";
import { searchLeaves, type Aggregation, type Span } from "../syntax/tree.js";
import { quoteText } from "../syntax/words.js";
import { readAggregations } from "./aggregations.js";
import type { ArgumentReader } from "./argument-reader.js";
import type { CommandDefinition } from "./definition.js";
import { readSpan, startOfSpan } from "./spans.js";
import { printStats } from "./stats.js";

/** Options that say where Splunk looks for what it has stored. They change how fast it answers, or how completely. */
const storage = ["summariesonly", "allow_old_summaries", "prestats", "local", "chunk_size", "fillnull_value"];
const own = ["_time", "host", "index"];

function checkField(reader: ArgumentReader, name: string, offset: number): void {
  if (own.includes(name)) return;
  const inner = name.startsWith("Processes.") ? name.slice("Processes.".length) : null;
  if (inner !== null && isModelField(inner)) return;
  const hint = didYouMean(inner ?? name, modelFieldNames(), "fields of the model begin with Processes.");
  throw reader.refuse(
    "unknown-field",
    `the data model Endpoint.Processes has no field "${name}" here`,
    hint,
    offset,
  );
}

function readDatamodel(reader: ArgumentReader): void {
  if (!reader.takeWord("from")) {
    throw reader.refuse(
      "tstats-unsupported",
      "tstats without a data model is not evaluated here",
      "write stats over a search",
    );
  }
  const offset = reader.offset;
  if (!reader.takeWord("datamodel") || !(reader.takeMark("=") || reader.peek()?.type === "word")) {
    throw reader.unexpected("datamodel=Endpoint.Processes");
  }
  const name = reader.value("a data model");
  if (name !== "Endpoint.Processes" && name !== "Endpoint") {
    const hint = "write a search over the events themselves";
    throw reader.refuse(
      "datamodel-unsupported",
      `the data model "${name}" is not evaluated here`,
      hint,
      offset,
    );
  }
}

function readGroups(reader: ArgumentReader): { by: string[]; span: Span | null } {
  const by: string[] = [];
  let span: Span | null = null;
  if (!reader.takeWord("by")) return { by, span };
  while (!reader.atEnd) {
    const offset = reader.offset;
    const field = reader.field();
    checkField(reader, field, offset);
    by.push(field);
    const written = reader.options(["span"]).get("span");
    if (written !== undefined) {
      if (field !== "_time") throw reader.refuse("option-misplaced", "span is for _time", "", offset);
      span = readSpan(reader, written);
      if (span.unit === "number") span = { ...span, unit: "second" };
    }
    reader.takeMark(",");
  }
  if (by.includes("_time") && span === null) {
    const message = "without a span, how _time is grouped depends on the range of the search";
    throw reader.refuse("option-missing", message, "write such as by _time span=1h");
  }
  return { by, span };
}

function aggregatesOf(reader: ArgumentReader): Aggregation[] {
  const offset = reader.offset;
  const aggregations = readAggregations(reader, ["from", "where", "by"]);
  readDatamodel(reader);
  for (const { of } of aggregations) {
    if (typeof of === "string") checkField(reader, of, offset);
    else if (of !== null)
      throw reader.refuse("tstats-unsupported", "tstats takes no eval()", "use stats", offset);
  }
  return aggregations;
}

export const tstats: CommandDefinition<TstatsCommand> = {
  parse: (reader, at) => {
    if (!reader.first) {
      throw reader.refuse(
        "command-misplaced",
        "tstats makes rows, and must stand first",
        "",
        reader.range.start,
      );
    }
    const options = reader.options(storage);
    if (reader.flag(options, "prestats", false)) {
      throw reader.refuse(
        "option-unsupported",
        "tstats prestats=true is not evaluated here",
        "",
        reader.range.start,
      );
    }
    const aggregations = aggregatesOf(reader);
    const offset = reader.offset;
    const condition = reader.takeWord("where") ? reader.search(true, ["by"]) : null;
    for (const leaf of searchLeaves(condition)) {
      const name = leaf.type === "compare" || leaf.type === "in" ? leaf.field : "_raw";
      // The object's own name is a condition of older versions: nodename = Processes.
      const needsNoField = leaf.type === "time" || leaf.type === "subsearch" || name === "nodename";
      if (!needsNoField) checkField(reader, name, offset);
    }
    const { by, span } = readGroups(reader);
    const written = options.get("fillnull_value") ?? null;
    const fillnull = written === "null" ? null : written;
    return {
      name: "tstats",
      aggregations,
      datamodel: "Endpoint.Processes",
      condition,
      by,
      span,
      fillnull,
      at,
    };
  },
  print: ({ aggregations, datamodel, condition, by, span, fillnull }, printer) => {
    const fill = fillnull === null ? "" : `fillnull_value=${quoteText(fillnull)} `;
    const where =
      condition === null ? "" : ` where ${printSearch(condition, (query) => printer.query(query))}`;
    const groups = printStats([], by).replace(
      /(?<=^| )_time(?=,|$)/,
      `_time span=${span === null ? "" : printSpan(span)}`,
    );
    return `${fill}${printStats(aggregations, [])} from datamodel=${datamodel}${where}${groups}`;
  },
  run: ({ aggregations, condition, by, span, fillnull, at }, scope) => {
    const test = condition === null ? null : compileSearch(condition, scope);
    const make = (): Grouping => new Grouping(aggregations, by, scope, at, fillnull);
    make();
    return (rows) => {
      const grouping = make();
      for (const row of rows) {
        const model = processRow(row);
        if (model === null) continue;
        model.set("nodename", "Processes");
        if (test !== null && !test(model)) continue;
        if (span !== null) startGroup(model, span, scope.zone);
        grouping.add(model);
      }
      return grouping.rows();
    };
  },
};

function startGroup(model: Row, span: Span, zone: number): void {
  const [first] = scalarsOf(model.get("_time"));
  const time = first === undefined ? null : numberOf(first);
  model.set("_time", time === null ? null : startOfSpan(time, span, zone));
}
