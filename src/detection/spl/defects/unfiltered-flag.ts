import type { CommandNode } from "../syntax/commands.js";
import type { Expression } from "../syntax/expression.js";
import type { Query } from "../syntax/tree.js";
import type { Report } from "./rewrite.js";

/** The value of a flag that says yes: of `if(condition, "Yes", "No")` the first. */
function flagged(value: Expression): Expression | null {
  if (value.type !== "call" || value.name !== "if") return null;
  const [, yes, no] = value.arguments;
  const literal = (each: Expression | undefined): boolean =>
    each?.type === "string" || each?.type === "number";
  return yes !== undefined && literal(yes) && literal(no) ? yes : null;
}

/** A query that ends by setting a flag finds every event, flagged or not. What is meant is to keep those with the flag. */
export function filterByFlag(query: Query, tell: Report): Query {
  const last = query.commands.at(-1);
  if (last?.name !== "eval") return query;
  const flag = last.assignments
    .map(({ field, value }) => ({ field, yes: flagged(value) }))
    .findLast(({ yes }) => yes !== null);
  if (flag === undefined || flag.yes === null) return query;
  const { field, yes } = flag;
  const shown = yes.type === "string" ? `"${yes.value}"` : yes.type === "number" ? String(yes.value) : "";
  tell(
    last.at,
    "flag-not-filtered",
    `the query ends by setting ${field}, and so finds every event, whatever its ${field}`,
    `add | where ${field}=${shown}`,
  );
  const at = last.at;
  const condition: Expression = {
    type: "binary",
    operator: "=",
    left: { type: "field", name: field, at },
    right: yes,
    at,
  };
  const filter: CommandNode = { name: "where", condition, at };
  return { commands: [...query.commands, filter] };
}
