import { SplProblem } from "../problem.js";
import type { Expression } from "../syntax/expression.js";
import type { Row } from "./row.js";
import type { Scope } from "./scope.js";
import type { Value } from "./values.js";

/** An expression made ready: its value for a row. */
export type Evaluation = (row: Row) => Value;

/** Makes an expression ready. Functions are given it for their arguments. */
export type Compile = (expression: Expression, scope: Scope) => Evaluation;

/** A value as a single text or number; null for nothing. Several values are refused where one is needed. */
export function single(value: Value, at: number, what: string): string | number | null {
  if (value === null || typeof value === "boolean") return null;
  if (typeof value !== "object") return value;
  const [first] = value;
  if (first !== undefined && value.length === 1) return first;
  throw new SplProblem(
    "multivalue-undefined",
    at,
    `${what} was given a field with ${value.length} values, and Splunk's documentation does not say what that gives`,
    "pick one with mvindex(), or use mvexpand before it",
  );
}
