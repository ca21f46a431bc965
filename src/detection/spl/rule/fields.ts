import { fieldsBehind } from "../events/aliases.js";
import { commandsOf } from "../evaluate/run.js";
import type { CommandNode } from "../syntax/commands.js";
import { walkExpression, type Expression } from "../syntax/expression.js";
import { searchLeaves, type Aggregation, type Query, type SearchExpression } from "../syntax/tree.js";

/** The names in a condition; `_raw` for terms that are looked for in the whole event. */
function ofSearch(search: SearchExpression | null): string[] {
  return searchLeaves(search).flatMap((leaf) => {
    switch (leaf.type) {
      case "compare":
      case "in":
        return [leaf.field];
      case "keyword":
        return /^\**$/.test(leaf.text) ? [] : ["_raw"];
      case "time":
        return ["_time"];
      case "subsearch":
        return [];
    }
  });
}

function ofExpression(expression: Expression): string[] {
  const names: string[] = [];
  walkExpression(expression, (each) => {
    if (each.type === "field") names.push(each.name);
    if (each.type === "searchmatch") names.push(...ofSearch(each.search));
  });
  return names;
}

function ofAggregations(aggregations: readonly Aggregation[]): string[] {
  return aggregations.flatMap(({ of }) =>
    of === null ? [] : typeof of === "string" ? [of] : ofExpression(of),
  );
}

/** The names that a command reads; `_raw` when it looks for terms in the whole event. */
export function fieldsReadBy(node: CommandNode): readonly string[] {
  switch (node.name) {
    case "search":
      return ofSearch(node.condition);
    case "where":
      return ofExpression(node.condition);
    case "eval":
      return node.assignments.flatMap(({ value }) => ofExpression(value));
    case "stats":
    case "eventstats":
    case "streamstats":
      return [...ofAggregations(node.aggregations), ...node.by];
    case "tstats":
      return [...ofAggregations(node.aggregations), ...node.by, ...ofSearch(node.condition)].map((name) =>
        name.replace(/^Processes\./, ""),
      );
    case "rex":
    case "regex":
    case "bin":
    case "makemv":
    case "mvexpand":
      return [node.field];
    case "spath":
      return [node.input];
    case "lookup":
      return node.inputs.map(({ field }) => field);
    case "inputlookup":
      return [];
    case "rename":
      return node.renames.map(({ from }) => from);
    case "sort":
      return node.keys.map(({ field }) => field);
    case "dedup":
    case "fields":
    case "table":
    case "fillnull":
    case "filldown":
    case "join":
      return node.fields;
    case "convert":
      return node.times.map(({ field }) => field);
    case "append":
    case "head":
    case "tail":
    case "reverse":
      return [];
  }
}

/**
 * Every field that a query names, and those that the add-ons take these from; null when it reads the whole event: by terms
 * without a field, or by `_raw`.
 */
export function fieldsOfQuery(query: Query): ReadonlySet<string> | null {
  const names = commandsOf(query).flatMap(fieldsReadBy);
  if (names.includes("_raw")) return null;
  return new Set(names.filter((name) => !name.includes("*")).flatMap(fieldsBehind));
}
