import { compileExpression } from "../evaluate/expressions.js";
import type { Row } from "../evaluate/row.js";
import type { Scope } from "../evaluate/scope.js";
import { textsOf, type Value } from "../evaluate/values.js";
import { walkExpression, type Expression } from "../syntax/expression.js";
import { printExpression } from "../syntax/printer.js";
import { all, cut, nearest, type Outcome } from "./outcome.js";
import { suggestExpression } from "./suggest.js";

const comparing = ["=", "!=", "<", "<=", ">", ">="];

/** The first field that an expression names; null when it names none. */
function fieldOfExpression(expression: Expression): string | null {
  let found: string | null = null;
  walkExpression(expression, (each) => {
    if (found === null && each.type === "field") found = each.name;
  });
  return found;
}

function shown(value: Value): string | null {
  if (value === null) return null;
  if (typeof value === "boolean") return value ? "true" : "false";
  return cut(textsOf(value).join(", "));
}

/** What the leaf looked at: the left side of a comparison, the first argument of a function. */
function subjectOf(leaf: Expression): Expression | null {
  if (leaf.type === "binary" && comparing.includes(leaf.operator)) return leaf.left;
  if (leaf.type === "call") return leaf.arguments[leaf.name === "cidrmatch" ? 1 : 0] ?? null;
  return null;
}

function wantedOf(leaf: Expression): string {
  if (leaf.type === "binary") {
    const right = printExpression(leaf.right);
    return leaf.operator === "=" ? right : `${leaf.operator} ${right}`;
  }
  return printExpression(leaf);
}

function explainLeaf(leaf: Expression, row: Row, scope: Scope, negated: boolean): Outcome {
  const value = compileExpression(leaf, scope)(row);
  // A function of something absent gives neither true nor false.
  const holds = value === !negated;
  const subject = subjectOf(leaf);
  const found = subject === null ? null : shown(compileExpression(subject, scope)(row));
  const field = fieldOfExpression(leaf);
  const clause = `where: ${negated ? "NOT " : ""}${cut(printExpression(leaf))}`;
  const wanted = `${negated ? "not " : ""}${cut(wantedOf(leaf))}`;
  if (holds) return { met: 1, needed: 1, unmet: [], matched: [{ clause, field, value: wanted, found }] };
  const change = negated
    ? value === null
      ? absentUnderNot(field)
      : "the exclusion holds for this event: remove it, or add a condition to it that tells this event apart"
    : suggestExpression(leaf, row, scope);
  return { met: 0, needed: 1, unmet: [{ clause, field, wanted, found, change }], matched: [] };
}

function absentUnderNot(field: string | null): string {
  const name = field ?? "the field";
  return `${name} has no value here, and what NOT makes of that is not documented: add isnull(${name}) OR`;
}

/** Which conditions of `where` a row meets and which not; of alternatives those of the nearest. */
export function explainExpression(expression: Expression, row: Row, scope: Scope, negated: boolean): Outcome {
  if (expression.type === "not") return explainExpression(expression.operand, row, scope, !negated);
  if (expression.type === "binary" && (expression.operator === "AND" || expression.operator === "OR")) {
    const outcomes = [expression.left, expression.right].map((side) =>
      explainExpression(side, row, scope, negated),
    );
    return (expression.operator === "AND") === negated ? nearest(outcomes) : all(outcomes);
  }
  return explainLeaf(expression, row, scope, negated);
}
