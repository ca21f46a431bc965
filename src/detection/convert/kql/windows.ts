import type { ConvertContext } from "../language.js";
import { refuseName } from "../language.js";
import { writeBounds, type WindowQuery } from "../window-query.js";
import { kqlName } from "./name.js";

const signs = { gt: ">", gte: ">=", lt: "<", lte: "<=", eq: "==", neq: "!=" } as const;

/**
 * How the numbers of a window become one. KQL's own percentiles are estimates ("percentile() (aggregation function)"): the
 * numbers are put in order, and the place between the two nearest is computed.
 */
function measured({ measure, percentile }: WindowQuery, by: string): readonly string[] {
  if (measure !== "percentile") {
    return [`summarize tyrian_value=${measure === "sum" ? "sum" : "avg"}(tyrian_number) by ${by}`];
  }
  return [
    `summarize tyrian_numbers=array_sort_asc(make_list(tyrian_number)) by ${by}`,
    `extend tyrian_rank=${percentile} / 100.0 * (array_length(tyrian_numbers) - 1)`,
    "extend tyrian_below=toreal(tyrian_numbers[tolong(floor(tyrian_rank, 1))]), tyrian_above=toreal(tyrian_numbers[tolong(ceiling(tyrian_rank))])",
    "extend tyrian_value=tyrian_below + (tyrian_above - tyrian_below) * (tyrian_rank - floor(tyrian_rank, 1))",
  ];
}

/**
 * Writes a query that joins each time at which something counted with all that counted in the timespan up to it (Microsoft
 * Learn, "join operator": kind=inner; "between operator": both ends are included). It gives the windows that meet the
 * condition: their ends and groups.
 * @param events the query of the events
 */
export function kqlWindows(query: WindowQuery, events: string, context: ConvertContext): string {
  const nameOf = (name: string): string => kqlName(name) ?? refuseName("KQL", name, 0, context);
  context.assume("TimeGenerated is the time of the event");
  context.assume(`${query.field} is a column of numbers`);
  for (const name of query.groupBy)
    context.assume(`${name} is empty only where the event has no value for it`);
  if (query.measure === "percentile")
    context.assume("No window has more than 1,048,576 events, which make_list holds");
  // A join adds a 1 to the names of its right side: no name of these is another one with a 1.
  const groups = query.groupBy.map((name, index) => [`tyrian_${index + 1}_group`, nameOf(name)] as const);
  // All events are one group where none is asked for: a join needs a column.
  const keys = groups.length === 0 ? ["tyrian_group"] : groups.map(([key]) => key);
  const columns = groups.length === 0 ? ["tyrian_group=1"] : groups.map(([key, name]) => `${key}=${name}`);
  const present = [
    ...groups.map(([, name]) => `isnotempty(${name})`),
    `isnotnull(todouble(${nameOf(query.field)}))`,
  ];
  const counted = [
    events,
    `where ${present.join(" and ")}`,
    `project tyrian_time=TimeGenerated, ${columns.join(", ")}, tyrian_number=todouble(${nameOf(query.field)})`,
  ];
  const windows = [
    "tyrian_events",
    `distinct tyrian_time, ${keys.join(", ")}`,
    `join kind=inner tyrian_events on ${keys.join(", ")}`,
    `where tyrian_time1 between ((tyrian_time - ${query.timespan}) .. tyrian_time)`,
    ...measured(query, ["tyrian_time", ...keys].join(", ")),
    `where ${writeBounds("tyrian_value", query.bounds, signs, "and")}`,
    `project TimeGenerated=tyrian_time, ${[...groups.map(([key, name]) => `${name}=${key}`), "tyrian_value"].join(", ")}`,
  ];
  return `let tyrian_events = ${counted.join("\n| ")};\n${windows.join("\n| ")}`;
}
