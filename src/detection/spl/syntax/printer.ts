import { strengths, type Expression } from "./expression.js";
import type { Aggregation, Query, SearchExpression, Span } from "./tree.js";
import { quoteText } from "./words.js";

const bareValue = /^[A-Za-z0-9_.:/@%*$#\\-]+$/;
const reserved = /^(?:AND|OR|NOT|IN|TERM|CASE|BY|AS|in|by|as|where|over|output|outputnew)$/i;

/** A word as it stands, or in quotes where it would not read as one. */
export function printWord(text: string): string {
  const bare =
    bareValue.test(text) && !text.includes("\\") && !reserved.test(text) && !text.includes("tag::");
  return bare ? text : quoteText(text);
}

/** The name of a field in an expression. */
function printName(name: string): string {
  return /^[A-Za-z_][\w{}]*$/.test(name) && !/^(?:AND|OR|XOR|NOT|IN|LIKE|BETWEEN)$/i.test(name)
    ? name
    : `'${name}'`;
}

function printNumber(value: number): string {
  return String(value);
}

/** A condition of `search`. Reading it gives the same condition. */
export function printSearch(expression: SearchExpression, printQuery: (query: Query) => string): string {
  const inner = (operand: SearchExpression): string => {
    const text = printSearch(operand, printQuery);
    return operand.type === "and" || operand.type === "or" ? `(${text})` : text;
  };
  switch (expression.type) {
    case "and":
      return expression.operands.map(inner).join(" ");
    case "or":
      return expression.operands.map(inner).join(" OR ");
    case "not":
      return `NOT ${inner(expression.operand)}`;
    case "compare": {
      const value = expression.cased ? `CASE(${quoteText(expression.value)})` : quoteText(expression.value);
      return `${printWord(expression.field)}${expression.operator}${value}`;
    }
    case "in":
      return `${printWord(expression.field)} IN (${expression.values.map(quoteText).join(", ")})`;
    case "keyword":
      if (expression.form === "plain") return printWord(expression.text);
      return `${expression.form.toUpperCase()}(${quoteText(expression.text)})`;
    case "time":
      return `${expression.bound}=${quoteText(expression.value)}`;
    case "eventtype":
      return `eventtype=${quoteText(expression.name)}`;
    case "subsearch":
      return `[${printQuery(expression.query)}]`;
  }
}

function strengthOf(expression: Expression): number {
  switch (expression.type) {
    case "binary":
      return strengths[expression.operator];
    case "not":
    case "negative":
      return strengths[expression.type];
    case "string":
    case "number":
    case "field":
    case "call":
    case "searchmatch":
      return strengths.primary;
  }
}

/** An expression of `eval`. Reading it gives the same expression. */
export function printExpression(expression: Expression): string {
  const atLeast = (operand: Expression, strength: number): string =>
    strengthOf(operand) >= strength ? printExpression(operand) : `(${printExpression(operand)})`;
  switch (expression.type) {
    case "string":
      return quoteText(expression.value);
    case "number":
      return printNumber(expression.value);
    case "field":
      return printName(expression.name);
    case "call":
      return `${expression.name}(${expression.arguments.map(printExpression).join(", ")})`;
    case "searchmatch":
      return `searchmatch(${quoteText(expression.text)})`;
    case "not":
      return `NOT ${atLeast(expression.operand, strengths.not)}`;
    case "negative":
      return `-${atLeast(expression.operand, strengths.primary)}`;
    case "binary": {
      const { operator, left, right } = expression;
      const strength = strengths[operator];
      const comparison = strength === strengths["="];
      // Chains run to the left; comparisons have no chains; points and signs do not mix.
      const leftText = atLeast(left, comparison || mixes(operator, left) ? strength + 1 : strength);
      return `${leftText} ${operator} ${atLeast(right, strength + 1)}`;
    }
  }
}

function mixes(operator: string, left: Expression): boolean {
  if (left.type !== "binary" || strengths[left.operator] !== strengths["+"]) return false;
  return (
    strengths["+"] === (strengths as Record<string, number>)[operator] &&
    (left.operator === ".") !== (operator === ".")
  );
}

/** An assignment of `eval`. */
export function printAssignment(field: string, value: Expression): string {
  const target = field.includes("'") ? quoteText(field) : printName(field);
  return `${target}=${printExpression(value)}`;
}

export function printSpan({ amount, unit }: Span): string {
  const suffix = { number: "", second: "s", minute: "m", hour: "h", day: "d", week: "w", month: "mon" }[unit];
  return `${printNumber(amount)}${suffix}`;
}

/** An aggregation of `stats`, always with the name of its result. */
export function printAggregation({ function: name, percentile, of, as }: Aggregation): string {
  const inner =
    of === null ? "" : typeof of === "string" ? `(${printWord(of)})` : `(eval(${printExpression(of)}))`;
  return `${name}${percentile === null ? "" : printNumber(percentile)}${inner} AS ${printWord(as)}`;
}

/** What commands print the parts of their arguments with. */
export interface Printer {
  query(query: Query): string;
}
