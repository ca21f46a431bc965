import { contains, parseNetwork } from "../../sigma/network.js";
import { single, type Evaluation } from "../evaluate/single.js";
import {
  numberOf,
  scalarsOf,
  textOfScalar,
  textsOf,
  type FieldValue,
  type Value,
} from "../evaluate/values.js";
import { compileLike } from "../evaluate/wildcards.js";
import { SplProblem } from "../problem.js";
import { compileMatch, remembered } from "./patterns.js";

/** Builds a function of `eval` out of its arguments; the offset is the call's. */
export type Builder = (values: readonly Evaluation[], at: number) => Evaluation;

function nothing(): null {
  return null;
}

function at(values: readonly Evaluation[], index: number): Evaluation {
  return values[index] ?? nothing;
}

/** Whether any of a field's values passes a test that a text makes ready: like() and match(). Null when one is absent. */
function textTest(
  name: string,
  make: (pattern: string, offset: number) => (text: string) => boolean,
): Builder {
  return (values, offset) => {
    const ready = remembered((pattern) => make(pattern, offset));
    return (row) => {
      const value = at(values, 0)(row);
      const pattern = single(at(values, 1)(row), offset, `${name}()`);
      if (value === null || typeof value === "boolean" || pattern === null) return null;
      return textsOf(value).some(ready(textOfScalar(pattern)));
    };
  };
}

/** The pattern of like(). Throws {@link SplProblem}. */
export function likeTest(pattern: string, offset: number): (text: string) => boolean {
  const escape = /\\[%_]/.exec(pattern);
  if (escape === null) return compileLike(pattern);
  throw new SplProblem(
    "like-backslash",
    offset,
    `a backslash stands before ${escape[0].slice(1)} in the pattern of like(), and whether it makes that a plain character depends on the version`,
    "use match() with a regular expression",
  );
}

/** The range of cidrmatch(). Throws {@link SplProblem}. */
export function networkTest(pattern: string, offset: number): (text: string) => boolean {
  const network = parseNetwork(pattern);
  if (typeof network === "string") throw new SplProblem("value-network", offset, `"${pattern}": ${network}`);
  return (text) => contains(network, text);
}

function isTrue(value: Value): boolean {
  return value === true;
}

function sameText(left: string | number, right: string | number): boolean {
  const leftNumber = typeof left === "number" || typeof right === "number" ? numberOf(left) : null;
  const rightNumber = leftNumber === null ? null : numberOf(right);
  if (leftNumber !== null && rightNumber !== null) return leftNumber === rightNumber;
  return textOfScalar(left) === textOfScalar(right);
}

export const conditionFunctions: Readonly<Record<string, Builder>> = {
  if: (values) => (row) => (isTrue(at(values, 0)(row)) ? at(values, 1)(row) : at(values, 2)(row)),
  case: (values) => (row) => {
    for (let index = 0; index < values.length; index += 2) {
      if (isTrue(at(values, index)(row))) return at(values, index + 1)(row);
    }
    return null;
  },
  validate: (values) => (row) => {
    for (let index = 0; index < values.length; index += 2) {
      if (!isTrue(at(values, index)(row))) return at(values, index + 1)(row);
    }
    return null;
  },
  coalesce: (values) => (row) => {
    for (const value of values) {
      const found = value(row);
      if (found !== null) return found;
    }
    return null;
  },
  nullif: (values, offset) => (row) => {
    const value = single(at(values, 0)(row), offset, "nullif()");
    const other = single(at(values, 1)(row), offset, "nullif()");
    return value !== null && other !== null && sameText(value, other) ? null : value;
  },
  in: (values, offset) => (row) => {
    const value = at(values, 0)(row);
    if (value === null || typeof value === "boolean") return null;
    const wanted = values.slice(1).map((each) => single(each(row), offset, "in()"));
    return scalarsOf(value).some((one) => wanted.some((other) => other !== null && sameText(one, other)));
  },
  like: textTest("like", likeTest),
  match: textTest("match", compileMatch),
  // The range is the first argument, the address the second.
  cidrmatch: (values, offset) => textTest("cidrmatch", networkTest)([at(values, 1), at(values, 0)], offset),
  isnull: (values) => (row) => at(values, 0)(row) === null,
  isnotnull: (values) => (row) => at(values, 0)(row) !== null,
  isnum: (values) => (row) => numbersOf(at(values, 0)(row)).some((number) => number !== null),
  isint: (values) => (row) =>
    numbersOf(at(values, 0)(row)).some((number) => number !== null && Number.isInteger(number)),
  isstr: (values) => (row) => {
    const numbers = numbersOf(at(values, 0)(row));
    return numbers.length > 0 && numbers.every((number) => number === null);
  },
  true: () => () => true,
  false: () => () => false,
  null: () => nothing,
};

function numbersOf(value: Value): (number | null)[] {
  if (value === null || typeof value === "boolean") return [];
  return scalarsOf(value as FieldValue).map(numberOf);
}
