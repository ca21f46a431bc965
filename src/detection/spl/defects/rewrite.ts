import type { CommandNode } from "../syntax/commands.js";
import type { Expression } from "../syntax/expression.js";
import type { Query, SearchExpression } from "../syntax/tree.js";

/** Called for a finding: its offset into the query as the caller gave it. */
export type Report = (at: number, code: string, message: string, hint: string) => void;

/** What one pass changes. What it does not name stays as it is. */
export interface Rewrite {
  /** Replaces a condition of `search` that holds no other. */
  readonly search?: (leaf: SearchExpression) => SearchExpression;
  /** Replaces an expression, innermost first. */
  readonly expression?: (expression: Expression) => Expression;
}

/** A list with its changed elements; the same list when none changed. */
function mapSame<Each>(list: readonly Each[], change: (each: Each) => Each): readonly Each[] {
  const changed = list.map(change);
  return changed.some((each, index) => each !== list[index]) ? changed : list;
}

function rewriteSearch(search: SearchExpression, rewrite: Rewrite): SearchExpression {
  switch (search.type) {
    case "and":
    case "or": {
      const operands = mapSame(search.operands, (operand) => rewriteSearch(operand, rewrite));
      return operands === search.operands ? search : { ...search, operands };
    }
    case "not": {
      const operand = rewriteSearch(search.operand, rewrite);
      return operand === search.operand ? search : { ...search, operand };
    }
    case "compare":
    case "in":
    case "keyword":
    case "time":
    case "eventtype":
    case "subsearch":
      return rewrite.search?.(search) ?? search;
  }
}

function rewriteExpression(expression: Expression, rewrite: Rewrite): Expression {
  const inner = (each: Expression): Expression => rewriteExpression(each, rewrite);
  let changed = expression;
  switch (expression.type) {
    case "call": {
      const values = mapSame(expression.arguments, inner);
      if (values !== expression.arguments) changed = { ...expression, arguments: values };
      break;
    }
    case "binary": {
      const left = inner(expression.left);
      const right = inner(expression.right);
      if (left !== expression.left || right !== expression.right) changed = { ...expression, left, right };
      break;
    }
    case "not":
    case "negative": {
      const operand = inner(expression.operand);
      if (operand !== expression.operand) changed = { ...expression, operand };
      break;
    }
    case "string":
    case "number":
    case "field":
    case "searchmatch":
      break;
  }
  return rewrite.expression?.(changed) ?? changed;
}

/** A command with its conditions and expressions rewritten; the same command when nothing changed. */
export function rewriteCommand(node: CommandNode, rewrite: Rewrite): CommandNode {
  switch (node.name) {
    case "search": {
      const condition = node.condition === null ? null : rewriteSearch(node.condition, rewrite);
      return condition === node.condition ? node : { ...node, condition };
    }
    case "where": {
      const condition = rewriteExpression(node.condition, rewrite);
      return condition === node.condition ? node : { ...node, condition };
    }
    case "eval": {
      const assignments = mapSame(node.assignments, (each) => {
        const value = rewriteExpression(each.value, rewrite);
        return value === each.value ? each : { ...each, value };
      });
      return assignments === node.assignments ? node : { ...node, assignments };
    }
    default:
      return node;
  }
}

/** The fields that a command writes, as far as they are named. */
function fieldsWritten(node: CommandNode): string[] {
  switch (node.name) {
    case "eval":
      return node.assignments.map(({ field }) => field);
    case "stats":
    case "eventstats":
    case "streamstats":
    case "tstats":
      return [...node.aggregations.map(({ as }) => as), ...(node.name === "tstats" ? node.by : [])];
    case "rename":
      return node.renames.map(({ to }) => to);
    case "rex":
      if (node.sed !== null) return [node.field];
      return [...node.pattern.matchAll(/\(\?(?:P?<|')([A-Za-z_]\w*)[>']/g)].map(([, name]) => name ?? "");
    case "lookup":
      return node.outputs.map(({ field }) => field);
    case "spath":
      return node.output === null ? [] : [node.output];
    case "convert":
      return node.times.map(({ as }) => as);
    case "bin":
      return node.as === null ? [] : [node.as];
    default:
      return [];
  }
}

/** Whether a command may write fields that the query does not name. */
function writesUnnamed(node: CommandNode): boolean {
  switch (node.name) {
    case "lookup":
      return node.outputs.length === 0;
    case "spath":
      return node.path === null;
    case "rename":
      return node.renames.some(({ to }) => to.includes("*"));
    case "inputlookup":
    case "join":
    case "append":
    case "tstats":
      return true;
    default:
      return false;
  }
}

/** Rewrites each command; `written` are the fields that the commands before it wrote. */
export function rewriteQuery(
  query: Query,
  rewriteOf: (node: CommandNode, written: ReadonlySet<string>) => readonly CommandNode[],
): Query {
  const written = new Set<string>();
  const commands: CommandNode[] = [];
  let changed = false;
  for (const node of query.commands) {
    // Behind a command that may write anything, a name says nothing about where its values come from.
    if (writesUnnamed(node))
      return changed
        ? { commands: [...commands, ...query.commands.slice(query.commands.indexOf(node))] }
        : query;
    const replaced = rewriteOf(node, written);
    if (replaced.length !== 1 || replaced[0] !== node) changed = true;
    for (const each of replaced) for (const field of fieldsWritten(each)) written.add(field);
    commands.push(...replaced);
  }
  return changed ? { commands } : query;
}
