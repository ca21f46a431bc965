import { SplProblem } from "../problem.js";
import type { CommandNode } from "../syntax/commands.js";
import type { Query } from "../syntax/tree.js";
import { pipelinesOf } from "../evaluate/run.js";
import { fieldsReadBy } from "./fields.js";

/**
 * Why an event's own row may depend on other events: a subsearch, `append` or `join` reads them, or a condition stands
 * behind an aggregation or a choice of rows and is about more than the fields that it groups by. Null when each event
 * decides by itself, so that a stream can be judged event by event. It errs on the side of the reason.
 */
export function severalEventsProblem(query: Query): SplProblem | null {
  const inner = pipelinesOf(query).find((each) => each !== query && !startsWithTable(each));
  if (inner !== undefined) {
    return problem(
      inner.commands[0]?.at ?? 0,
      "a part of the query reads the events another time, so that no event decides by itself",
    );
  }
  let own: OwnFields = null;
  for (const node of query.commands) {
    const foreign = own === null || !isCondition(node) ? undefined : foreignTo(own, node);
    if (foreign !== undefined) {
      return problem(
        node.at,
        `${node.name} is about ${foreign}, and what stands in front of it may have made that of several events`,
      );
    }
    own = ownBehind(own, node);
  }
  return null;
}

/** Whether the rows of a pipeline are those of a lookup table, and no events. */
function startsWithTable({ commands: [first] }: Query): boolean {
  return first?.name === "inputlookup" && !first.append;
}

/** Fields that an event's row has from the event alone; null while that is so of all. */
type OwnFields = ReadonlySet<string> | null;

function foreignTo(own: ReadonlySet<string>, node: CommandNode): string | undefined {
  return fieldsReadBy(node).find((field) => !own.has(field));
}

function ownBehind(own: OwnFields, node: CommandNode): OwnFields {
  const groups = groupsOf(node);
  if (groups !== null) return new Set(groups.filter((field) => own === null || own.has(field)));
  if (own === null) return null;
  switch (node.name) {
    case "rename":
      return renamed(own, node.renames);
    case "eval":
      return without(
        own,
        node.assignments.map(({ field }) => field),
      );
    case "lookup":
      // Without names it writes whatever columns the table has.
      return node.outputs.length === 0
        ? new Set()
        : without(
            own,
            node.outputs.map(({ field }) => field),
          );
    case "search":
    case "where":
    case "regex":
    case "fields":
    case "table":
    case "reverse":
    case "sort":
      return own;
    default:
      return new Set();
  }
}

function problem(at: number, message: string): SplProblem {
  return new SplProblem(
    "several-events-unsupported",
    at,
    message,
    "put the condition in front of the aggregation, or write a Sigma correlation: its events are counted exactly",
  );
}

/**
 * What is left of an event's own fields by a command that makes values or a choice of several rows: its groups. Null for a
 * command that looks at one row at a time.
 */
function groupsOf(node: CommandNode): readonly string[] | null {
  switch (node.name) {
    case "stats":
    case "eventstats":
    case "streamstats":
    case "tstats":
      return node.by;
    case "filldown":
    case "head":
    case "tail":
    case "dedup":
      return [];
    case "sort":
      return node.count === 0 ? null : [];
    case "fillnull":
      // Without names it fills the fields that any of the rows has.
      return node.fields.length === 0 ? [] : null;
    default:
      return null;
  }
}

function isCondition(node: CommandNode): boolean {
  return node.name === "search" || node.name === "where" || node.name === "regex";
}

function without(fields: ReadonlySet<string>, changed: readonly string[]): ReadonlySet<string> {
  return new Set([...fields].filter((field) => !changed.includes(field)));
}

function renamed(
  fields: ReadonlySet<string>,
  renames: readonly { readonly from: string; readonly to: string }[],
): ReadonlySet<string> {
  const kept = without(
    fields,
    renames.map(({ to }) => to),
  );
  return new Set([
    ...kept,
    ...renames.flatMap(({ from, to }) => (fields.has(from) ? [to] : [])),
    // The security content's own way to shorten the names of a data model.
    ...renames.flatMap(({ from, to }) =>
      from.endsWith(".*") && to === "*"
        ? [...fields].flatMap((field) =>
            field.startsWith(from.slice(0, -1)) ? [field.slice(from.length - 1)] : [],
          )
        : [],
    ),
  ]);
}
