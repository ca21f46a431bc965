import type { SearchExpression } from "./tree.js";

export type BinaryOperator =
  "XOR" | "OR" | "AND" | "=" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "." | "*" | "/" | "%";

/** An expression of `eval` and `where`. Positions are offsets into the query as the caller gave it. */
export type Expression =
  | { readonly type: "string"; readonly value: string; readonly at: number }
  | { readonly type: "number"; readonly value: number; readonly at: number }
  | { readonly type: "field"; readonly name: string; readonly at: number }
  | {
      readonly type: "call";
      readonly name: string;
      readonly arguments: readonly Expression[];
      readonly at: number;
    }
  | {
      readonly type: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly at: number;
    }
  | { readonly type: "not" | "negative"; readonly operand: Expression; readonly at: number }
  /** `searchmatch("…")`: whether the event matches a search. */
  | {
      readonly type: "searchmatch";
      readonly text: string;
      readonly search: SearchExpression;
      readonly at: number;
    };

/** How tightly operators bind, weakest first (Search Reference, "eval": NOT, AND, OR, XOR). */
export const strengths: Readonly<Record<BinaryOperator | "not" | "negative" | "primary", number>> = {
  XOR: 0,
  OR: 1,
  AND: 2,
  not: 3,
  "=": 4,
  "!=": 4,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  "+": 5,
  "-": 5,
  ".": 5,
  "*": 6,
  "/": 6,
  "%": 6,
  negative: 7,
  primary: 8,
};

/** Calls a function for an expression and all in it, outermost first. */
export function walkExpression(expression: Expression, visit: (each: Expression) => void): void {
  visit(expression);
  switch (expression.type) {
    case "call":
      for (const each of expression.arguments) walkExpression(each, visit);
      break;
    case "binary":
      walkExpression(expression.left, visit);
      walkExpression(expression.right, visit);
      break;
    case "not":
    case "negative":
      walkExpression(expression.operand, visit);
      break;
    case "string":
    case "number":
    case "field":
    case "searchmatch":
      break;
  }
}
