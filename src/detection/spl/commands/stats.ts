import { collectRows } from "../evaluate/scope.js";
import { Grouping } from "../evaluate/grouping.js";
import type { Row } from "../evaluate/row.js";
import type { StatsCommand, StreamstatsCommand } from "../syntax/commands.js";
import { printAggregation, printWord } from "../syntax/printer.js";
import type { Aggregation } from "../syntax/tree.js";
import { readAggregations } from "./aggregations.js";
import type { ArgumentReader } from "./argument-reader.js";
import type { CommandDefinition } from "./definition.js";

function readBy(reader: ArgumentReader): string[] {
  if (!reader.takeWord("by")) return [];
  const offset = reader.offset;
  const by = reader.fields();
  if (by.length === 0) throw reader.unexpected("a field after BY");
  const wildcard = by.find((field) => field.includes("*"));
  if (wildcard !== undefined) {
    throw reader.refuse(
      "wildcard-misplaced",
      `BY does not take the wildcard in "${wildcard}"`,
      "name each field",
      offset,
    );
  }
  return by;
}

export function printStats(aggregations: readonly Aggregation[], by: readonly string[]): string {
  const groups = by.length === 0 ? "" : ` BY ${by.map(printWord).join(", ")}`;
  return `${aggregations.map(printAggregation).join(", ")}${groups}`;
}

/** Adds what a group's aggregations give to a row. */
function addResults(row: Row, grouping: Grouping, key: string): void {
  for (const [name, value] of grouping.resultsOf(key)) row.set(name, value);
}

export const stats: CommandDefinition<StatsCommand> = {
  parse: (reader, at) => {
    reader.options([]);
    const name = reader.command === "eventstats" ? "eventstats" : "stats";
    const aggregations = readAggregations(reader);
    const by = readBy(reader);
    reader.expectEnd();
    return { name, aggregations, by, at };
  },
  print: ({ aggregations, by }) => printStats(aggregations, by),
  run: ({ name, aggregations, by, at }, scope) => {
    const make = (): Grouping => new Grouping(aggregations, by, scope, at);
    make();
    return (rows) => {
      const grouping = make();
      if (name === "stats") {
        for (const row of rows) grouping.add(row);
        return grouping.rows();
      }
      const all = collectRows(rows, scope, at, name);
      for (const row of all) grouping.add(row);
      for (const row of all) {
        const [key, ...others] = grouping.keysOf(row);
        // A row of several groups has no one result.
        if (key !== undefined && others.length === 0) addResults(row, grouping, key);
      }
      return all;
    };
  },
};

export const streamstats: CommandDefinition<StreamstatsCommand> = {
  parse: (reader, at) => {
    const names = ["window", "current"];
    const options = new Map(reader.options(names));
    const aggregations = readAggregations(reader);
    const by = readBy(reader);
    reader.expectEnd();
    const window = reader.count(options.get("window") ?? "0", "window");
    if (window > 0 && by.length > 0) {
      throw reader.refuse(
        "option-unsupported",
        "streamstats with a window and BY depends on the option global",
        "leave out one of the two",
        reader.range.start,
      );
    }
    return {
      name: "streamstats",
      aggregations,
      by,
      window,
      current: reader.flag(options, "current", true),
      at,
    };
  },
  print: ({ aggregations, by, window, current }) =>
    `window=${window} current=${current} ${printStats(aggregations, by)}`,
  run: ({ aggregations, by, window, current, at }, scope) => {
    const make = (): Grouping => new Grouping(aggregations, by, scope, at);
    make();
    return function* (rows) {
      let running = make();
      const recent: Row[] = [];
      for (const row of rows) {
        const sample = row.copy();
        if (window > 0) {
          running = make();
          const others = current ? window - 1 : window;
          for (const each of others === 0 ? [] : recent.slice(-others)) running.add(each);
        }
        if (current) running.add(sample);
        const [key, ...more] = running.keysOf(sample);
        if (key !== undefined && more.length === 0) addResults(row, running, key);
        if (!current) running.add(sample);
        if (window > 0) {
          recent.push(sample);
          if (recent.length > window) recent.shift();
        }
        yield row;
      }
    };
  },
};
