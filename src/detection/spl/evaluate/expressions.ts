import { functionOf } from "../functions/index.js";
import { SplProblem } from "../problem.js";
import type { BinaryOperator, Expression } from "../syntax/expression.js";
import type { SearchComparison } from "../syntax/tree.js";
import { compileSearch } from "./search.js";
import type { Scope } from "./scope.js";
import { joinTexts } from "./bounds.js";
import { single, type Evaluation } from "./single.js";
import {
  compareTexts,
  isOrdered,
  numberOf,
  numberOfText,
  scalarsOf,
  textOfScalar,
  type FieldValue,
} from "./values.js";

function compareValues(left: string | number, right: string | number, asText: boolean): number {
  const leftNumber = asText ? null : numberOf(left);
  const rightNumber = asText ? null : numberOf(right);
  if (leftNumber !== null && rightNumber !== null) return leftNumber - rightNumber;
  return compareTexts(textOfScalar(left), textOfScalar(right));
}

/** A comparison: of numbers where both are numbers, else of texts, in which case counts. False when a side is absent. */
function compileComparison(
  expression: Expression & { type: "binary" },
  operator: SearchComparison,
  scope: Scope,
): Evaluation {
  const { at } = expression;
  const left = compileExpression(expression.left, scope);
  const right = compileExpression(expression.right, scope);
  const literals = [expression.left, expression.right].filter((side) => side.type === "string");
  const asText = literals.length > 0;
  if (operator !== "=" && operator !== "!=") {
    const number = literals.find(({ value }) => numberOfText(value) !== null);
    if (number !== undefined) {
      throw new SplProblem(
        "number-quoted",
        number.at,
        `"${number.value}" in quotes is a text, and texts are ordered letter by letter`,
        `write ${number.value} without quotes`,
      );
    }
  }
  return (row) => {
    const leftValue = left(row);
    const rightValue = right(row);
    if (leftValue === null || rightValue === null) return false;
    if (operator === "=") {
      // One of several values is enough.
      const lefts = scalarsOf(leftValue as FieldValue);
      const rights = scalarsOf(rightValue as FieldValue);
      return lefts.some((one) => rights.some((other) => compareValues(one, other, asText) === 0));
    }
    const one = single(leftValue, at, `"${operator}"`);
    const other = single(rightValue, at, `"${operator}"`);
    return one !== null && other !== null && isOrdered(operator, compareValues(one, other, asText));
  };
}

/** Three-valued: a function of something absent decides nothing, unless the other side decides alone. */
function compileLogic(expression: Expression & { type: "binary" }, scope: Scope): Evaluation {
  const left = compileExpression(expression.left, scope);
  const right = compileExpression(expression.right, scope);
  switch (expression.operator) {
    case "AND":
      return (row) => {
        const one = left(row);
        if (one === false) return false;
        const other = right(row);
        return other === false ? false : one === null || other === null ? null : true;
      };
    case "OR":
      return (row) => {
        const one = left(row);
        if (one === true) return true;
        const other = right(row);
        return other === true ? true : one === null || other === null ? null : false;
      };
    default:
      return (row) => {
        const one = left(row);
        const other = right(row);
        return one === null || other === null ? null : one !== other;
      };
  }
}

function calculate(operator: BinaryOperator, left: number, right: number): number | null {
  let result: number;
  switch (operator) {
    case "+":
      result = left + right;
      break;
    case "-":
      result = left - right;
      break;
    case "*":
      result = left * right;
      break;
    case "/":
      result = left / right;
      break;
    default:
      result = left % right;
  }
  return Number.isFinite(result) ? result : null;
}

function compileArithmetic(expression: Expression & { type: "binary" }, scope: Scope): Evaluation {
  const { operator, at } = expression;
  const left = compileExpression(expression.left, scope);
  const right = compileExpression(expression.right, scope);
  return (row) => {
    const one = single(left(row), at, `"${operator}"`);
    const other = single(right(row), at, `"${operator}"`);
    if (one === null || other === null) return null;
    if (operator === ".") return joinTexts([textOfScalar(one), textOfScalar(other)], "", at);
    const oneNumber = numberOf(one);
    const otherNumber = numberOf(other);
    if (oneNumber !== null && otherNumber !== null) return calculate(operator, oneNumber, otherNumber);
    // Plus joins two texts; of a text and a number Splunk makes nothing.
    const texts = oneNumber === null && otherNumber === null;
    return operator === "+" && texts ? joinTexts([textOfScalar(one), textOfScalar(other)], "", at) : null;
  };
}

/** Makes an expression ready. Throws {@link SplProblem} for what is wrong whatever the row. */
export function compileExpression(expression: Expression, scope: Scope): Evaluation {
  switch (expression.type) {
    case "string":
    case "number": {
      const { value } = expression;
      return () => value;
    }
    case "field": {
      const { name } = expression;
      return (row) => row.get(name);
    }
    case "negative": {
      const operand = compileExpression(expression.operand, scope);
      return (row) => {
        const value = single(operand(row), expression.at, '"-"');
        const number = value === null ? null : numberOf(value);
        return number === null ? null : -number;
      };
    }
    case "not": {
      const operand = compileExpression(expression.operand, scope);
      return (row) => {
        const value = operand(row);
        if (value !== null) return value !== true;
        throw new SplProblem(
          "absent-undefined",
          expression.at,
          "NOT was given a function of a field that is not there, and Splunk's documentation does not say what that gives",
          "say what is meant: isnull(field) OR NOT …, or isnotnull(field) AND NOT …",
        );
      };
    }
    case "call":
      return functionOf(expression, scope, compileExpression);
    case "searchmatch":
      return compileSearch(expression.search, scope);
    case "binary":
      switch (expression.operator) {
        case "AND":
        case "OR":
        case "XOR":
          return compileLogic(expression, scope);
        case "=":
        case "!=":
        case "<":
        case "<=":
        case ">":
        case ">=":
          return compileComparison(expression, expression.operator, scope);
        case "+":
        case "-":
        case ".":
        case "*":
        case "/":
        case "%":
          return compileArithmetic(expression, scope);
      }
  }
}
