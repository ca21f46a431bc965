import { contains, parseAddress, parseNetwork } from "../../sigma/network.js";
import { SplProblem } from "../problem.js";
import type { SearchExpression } from "../syntax/tree.js";
import { compileKeyword } from "./keywords.js";
import type { Row } from "./row.js";
import { nowOf, type Scope } from "./scope.js";
import { timeBound } from "./time.js";
import { compareScalars, isOrdered, textOfScalar, textsOf, scalarsOf } from "./values.js";
import { compileWildcard } from "./wildcards.js";

export type RowTest = (row: Row) => boolean;
type Leaf = SearchExpression & { type: "compare" };

/** The values of a field that a search compares with: of a sourcetype or source all the names that it goes by. */
function textsToCompare(row: Row, field: string): readonly string[] {
  return row.alternatives(field) ?? textsOf(row.get(field));
}

/** The test for one value. An address range such as 10.0.0.0/8 also takes the addresses in it. */
function compileValue(value: string, cased: boolean, at: number): (text: string) => boolean {
  const matches = compileWildcard(value, cased);
  const [address = ""] = value.split("/");
  if (!value.includes("/") || parseAddress(address) === null) return matches;
  const network = parseNetwork(value);
  if (typeof network === "string") {
    throw new SplProblem("value-network", at, `"${value}" is no address range: ${network}`);
  }
  return (text) => matches(text) || contains(network, text);
}

function compileEquality({ field, operator, value, cased, at }: Leaf): RowTest {
  const matches = compileValue(value, cased, at);
  if (operator === "=") return (row) => textsToCompare(row, field).some(matches);
  // Of several values one other is enough; the names of a sourcetype are one value.
  return (row) => {
    const names = row.alternatives(field);
    if (names !== null) return names.length > 0 && !names.some(matches);
    return textsOf(row.get(field)).some((text) => !matches(text));
  };
}

/**
 * The test of one comparison. `=` and `!=` compare texts ("1" is not "1.0"), the others numbers where both sides are
 * numbers (Search Reference, "search": comparison expressions). `!=` needs the field to be there.
 */
function compileComparison(leaf: Leaf): RowTest {
  const { field, operator, value } = leaf;
  if (operator === "=" || operator === "!=") return compileEquality(leaf);
  return (row) =>
    scalarsOf(row.get(field)).some((scalar) => isOrdered(operator, compareScalars(scalar, value)));
}

function compileTerm({ text, form, at }: SearchExpression & { type: "keyword" }): RowTest {
  if (/^\*+$/.test(text)) return () => true;
  const test = compileKeyword(text, form, at);
  return (row) => {
    const raw = row.get("_raw");
    if (typeof raw === "string") return test(raw);
    throw new SplProblem(
      "raw-missing",
      at,
      `the rows have no _raw any more in which "${text}" could be found`,
      "name the field, or search before the command that takes _raw away",
    );
  };
}

function compileTime(expression: SearchExpression & { type: "time" }, scope: Scope): RowTest {
  const { bound, value, at } = expression;
  const absolute = /^\d+(?:\.\d+)?$/.test(value);
  const time = timeBound(value, absolute ? 0 : nowOf(scope, at, `${bound}=${value}`), scope.zone);
  if (time === null) {
    throw new SplProblem(
      "time-invalid",
      at,
      `"${value}" is no time`,
      "write such as -24h@h, now, seconds since 1970, or 11/24/2026:13:00:00",
    );
  }
  return (row) => {
    const own = row.get("_time");
    if (typeof own !== "number") return false;
    return bound === "earliest" ? own >= time : own < time;
  };
}

type Subsearch = SearchExpression & { readonly type: "subsearch" };

/** The rows of a subsearch as a condition: each row's fields together, any of the rows (Search Reference, "format"). */
export function conditionOfRows({ query, at }: Subsearch, scope: Scope): SearchExpression {
  const operands = scope.subsearch(query, at).map((row): SearchExpression => {
    const fields = row.names().filter((name) => !name.startsWith("_"));
    const special = fields.find((name) => name === "search" || name === "query");
    if (special !== undefined || fields.length === 0) {
      throw new SplProblem(
        "subsearch-unsupported",
        at,
        special === undefined
          ? "the subsearch returns a row without fields to search for"
          : `the subsearch returns the field "${special}", whose values become search terms`,
        "end it with fields and the fields that are to be compared",
      );
    }
    const tests = fields.map((field): SearchExpression => ({
      type: "or",
      operands: scalarsOf(row.get(field)).map((value) => ({
        type: "compare",
        field,
        operator: "=",
        value: textOfScalar(value),
        cased: false,
        at,
      })),
    }));
    return { type: "and", operands: tests };
  });
  return { type: "or", operands };
}

/** The test for a condition of `search`. Throws {@link SplProblem} for what can only be told when the query runs. */
export function compileSearch(expression: SearchExpression, scope: Scope): RowTest {
  switch (expression.type) {
    case "and": {
      const tests = expression.operands.map((operand) => compileSearch(operand, scope));
      return (row) => tests.every((test) => test(row));
    }
    case "or": {
      const tests = expression.operands.map((operand) => compileSearch(operand, scope));
      return (row) => tests.some((test) => test(row));
    }
    case "not": {
      const test = compileSearch(expression.operand, scope);
      return (row) => !test(row);
    }
    case "compare":
      return compileComparison(expression);
    case "in": {
      const { field, at } = expression;
      const tests = expression.values.map((value) => compileValue(value, false, at));
      return (row) => textsToCompare(row, field).some((text) => tests.some((test) => test(text)));
    }
    case "keyword":
      return compileTerm(expression);
    case "time":
      return compileTime(expression, scope);
    case "eventtype":
      return compileSearch(expression.search, scope);
    case "subsearch":
      return compileSearch(conditionOfRows(expression, scope), scope);
  }
}
