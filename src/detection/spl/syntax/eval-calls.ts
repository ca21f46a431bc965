import { didYouMean } from "../../sigma/text.js";
import { functionNames, functionSignature } from "../functions/signatures.js";
import { refuse, type ParseContext } from "./context.js";
import type { BinaryOperator, Expression } from "./expression.js";
import { meantCall } from "./foreign-functions.js";

/** The call of a function, with a finding where it is another language's. Throws `SplProblem`. */
export function makeCall(
  context: ParseContext,
  offset: number,
  name: string,
  values: readonly Expression[],
): Expression {
  const at = context.source.originOf(offset);
  const meant = meantCall(name, values, at);
  if (meant !== null) {
    context.defect(offset, "unknown-function", meant.message, meant.hint);
    if (meant.name === null) return meant.expression;
  }
  const key = meant?.name ?? name.toLowerCase();
  checkArguments(context, offset, name, key, values);
  if (key !== "searchmatch") return { type: "call", name: key, arguments: values, at };
  const [text] = values;
  if (text?.type === "string") {
    return { type: "searchmatch", text: text.value, search: context.innerSearch(text.value, offset), at };
  }
  throw refuse(context, offset, "function-arguments", "searchmatch() takes a search in double quotes");
}

function checkArguments(
  context: ParseContext,
  offset: number,
  written: string,
  key: string,
  values: readonly Expression[],
): void {
  const signature = functionSignature(key);
  if (signature === null) {
    const hint = didYouMean(written, functionNames(), `known are ${functionNames().join(", ")}`);
    throw refuse(context, offset, "unknown-function", `there is no function "${written}"`, hint);
  }
  const { least, most, unsupported } = signature;
  if (unsupported !== undefined) {
    const message = `${key}() is not evaluated here: ${unsupported}`;
    throw refuse(context, offset, "function-unsupported", message);
  }
  if (values.length < least || (most !== null && values.length > most)) {
    const range = most === least ? String(least) : `${least} to ${most ?? "any number of"}`;
    const message = `${key}() takes ${range} arguments, not ${values.length}`;
    throw refuse(context, offset, "function-arguments", message);
  }
  if (["case", "validate"].includes(key) && values.length % 2 !== 0) {
    const message = `${key}() takes pairs of a condition and a value`;
    throw refuse(context, offset, "function-arguments", message, "for all others write true(), value");
  }
}

/** SQL's BETWEEN as SPL writes it. The bounds belong to the range, as there. */
export function makeBetween(
  context: ParseContext,
  offset: number,
  [value, low, high]: readonly [Expression, Expression, Expression],
  negated: boolean,
): Expression {
  context.defect(
    offset,
    "between-unknown",
    `${negated ? "NOT BETWEEN" : "BETWEEN"} is SQL: SPL does not have it`,
    negated ? "write (x<low OR x>high)" : "write (x>=low AND x<=high)",
  );
  const at = context.source.originOf(offset);
  const side = (operator: BinaryOperator, bound: Expression): Expression => ({
    type: "binary",
    operator,
    left: value,
    right: bound,
    at,
  });
  return negated
    ? { type: "binary", operator: "OR", left: side("<", low), right: side(">", high), at }
    : { type: "binary", operator: "AND", left: side(">=", low), right: side("<=", high), at };
}
