import { SplProblem } from "../problem.js";
import { functionSignature } from "../functions/signatures.js";
import type { Expression } from "./expression.js";

const logical = ["AND", "OR", "XOR"];
const comparing = ["=", "!=", "<", "<=", ">", ">="];

/** What an expression gives: a condition, or a value that can be stored in a field. Null is both. */
function typeOf(expression: Expression): "condition" | "value" | "any" {
  switch (expression.type) {
    case "string":
    case "number":
    case "field":
    case "negative":
      return "value";
    case "not":
    case "searchmatch":
      return "condition";
    case "binary":
      return logical.includes(expression.operator) || comparing.includes(expression.operator)
        ? "condition"
        : "value";
    case "call": {
      if (expression.name === "null") return "any";
      const signature = functionSignature(expression.name);
      if (signature?.gives !== "branch") return signature?.gives ?? "value";
      const types = branchesOf(expression).map(typeOf);
      return types.find((type) => type !== "any") ?? "any";
    }
  }
}

/** The values among the arguments of if(), case() and validate(). */
function branchesOf(call: Expression & { type: "call" }): readonly Expression[] {
  if (call.name === "if") return call.arguments.slice(1);
  return call.arguments.filter((_, index) => index % 2 === 1);
}

function check(expression: Expression, wanted: "condition" | "value"): void {
  const type = typeOf(expression);
  if (type === "any" || type === wanted) return;
  throw wanted === "condition"
    ? new SplProblem(
        "not-a-condition",
        expression.at,
        "a condition was expected here, and this is a value",
        'compare it, such as in field="text"; a bare true is the field of that name: write true()',
      )
    : new SplProblem(
        "condition-as-value",
        expression.at,
        "fields and operators take values, and this is a condition",
        'write if(condition, "true", "false")',
      );
}

function checkCall(call: Expression & { type: "call" }): void {
  const signature = functionSignature(call.name);
  const branches = signature?.gives === "branch" ? branchesOf(call) : [];
  for (const [index, argument] of call.arguments.entries()) {
    const condition =
      signature?.conditions === "all" ||
      (signature?.conditions === "first" && index === 0) ||
      (signature?.conditions === "even" && index % 2 === 0);
    if (condition) check(argument, "condition");
    else if (!branches.includes(argument)) {
      // Only these also look at conditions.
      if (!["tostring", "isnull", "isnotnull"].includes(call.name)) check(argument, "value");
    }
  }
  const types = new Set(branches.map(typeOf).filter((type) => type !== "any"));
  if (types.size > 1) {
    throw new SplProblem(
      "condition-as-value",
      call.at,
      `${call.name}() gives a condition in one place and a value in another`,
      "make all of its results the same",
    );
  }
}

/** Refuses an expression that mixes conditions and values, which Splunk does too. Throws {@link SplProblem}. */
export function checkTypes(expression: Expression, wanted: "condition" | "value" | "any"): void {
  if (wanted !== "any") check(expression, wanted);
  checkInside(expression);
}

function checkInside(expression: Expression): void {
  switch (expression.type) {
    case "string":
    case "number":
    case "field":
    case "searchmatch":
      return;
    case "not":
      check(expression.operand, "condition");
      return checkInside(expression.operand);
    case "negative":
      check(expression.operand, "value");
      return checkInside(expression.operand);
    case "binary": {
      const kind = logical.includes(expression.operator) ? "condition" : "value";
      check(expression.left, kind);
      check(expression.right, kind);
      checkInside(expression.left);
      return checkInside(expression.right);
    }
    case "call":
      checkCall(expression);
      for (const argument of expression.arguments) checkInside(argument);
  }
}
