import { quoteText } from "../../spl/syntax/words.js";
import type { ConvertContext } from "../language.js";
import { writeBounds, type WindowQuery } from "../window-query.js";

const signs = { gt: ">", gte: ">=", lt: "<", lte: "<=", eq: "=", neq: "!=" } as const;
const functions = { sum: "sum", average: "avg", percentile: null } as const;

/**
 * Writes a query that computes over the timespan before each event (Splunk, Search Reference, "streamstats": time_window,
 * over events in the order of their times). Of events of one time the last one has the window with all of them.
 * @param events the query of the events
 */
export function splWindows(
  { groupBy, field, measure, bounds, timespan }: WindowQuery,
  events: string,
  context: ConvertContext,
): string {
  const function_ = functions[measure];
  if (function_ === null) {
    return context.refuse(
      0,
      "Splunk's documentation has two results for a percentile and a median, the nearest number and one between two",
      "convert it to KQL, or evaluate it with Tyrian",
    );
  }
  context.assume(`${field} has one value an event`);
  context.assume(
    `_time is the time of the event; no two events of a group are exactly ${timespan} apart, and no window has more than 10,000 of them (max_stream_window)`,
  );
  const groups = groupBy.map(quoteText);
  const by = groups.length === 0 ? "" : ` BY ${groups.join(", ")}`;
  const present = [...groupBy.map((name) => `isnotnull('${name}')`), "isnotnull(tyrian_number)"];
  return [
    events,
    `eval tyrian_number=tonumber('${field}')`,
    `where ${present.join(" AND ")}`,
    "sort 0 _time",
    `streamstats time_window=${timespan} ${function_}(tyrian_number) AS tyrian_value${by}`,
    `stats last(tyrian_value) AS tyrian_value BY ${["_time", ...groups].join(", ")}`,
    `where ${writeBounds("tyrian_value", bounds, signs, "AND")}`,
  ].join("\n| ");
}
