import { contains, parseNetwork } from "../../../src/detection/sigma/network.js";
import { compileRegex } from "../../../src/detection/regex/index.js";
import {
  behind,
  compares,
  readCondition,
  takeQuotedText,
  textOf,
  type Condition,
  type Cursor,
  type Fields,
} from "./condition-reader.js";

/**
 * A stand-in for Kusto: reads and evaluates what the converter writes, by Microsoft's pages on null values, string
 * operators and literals. Columns of text are empty where the event has no value; those that are compared with numbers
 * are columns of numbers, and null there.
 */

function takeName(cursor: Cursor): string {
  const [, quoted, bare] = cursor.expect(/(?:\['([^']*)'\]|([A-Za-z_]\w*))/);
  return quoted ?? bare ?? "";
}

/** A column, perhaps in lower case. */
function takeColumn(cursor: Cursor): (fields: Fields) => string {
  const lowers = cursor.take(/tolower\(/) !== null;
  const name = takeName(cursor);
  if (lowers) cursor.expect(/\)/);
  return (fields) => (lowers ? (textOf(fields, name) ?? "").toLowerCase() : (textOf(fields, name) ?? ""));
}

const textOperators: Readonly<Record<string, (left: string, right: string) => boolean>> = {
  "==": (left, right) => left === right,
  "=~": (left, right) => left.toLowerCase() === right.toLowerCase(),
  startswith: (left, right) => left.toLowerCase().startsWith(right.toLowerCase()),
  startswith_cs: (left, right) => left.startsWith(right),
  endswith: (left, right) => left.toLowerCase().endsWith(right.toLowerCase()),
  endswith_cs: (left, right) => left.endsWith(right),
  contains: (left, right) => left.toLowerCase().includes(right.toLowerCase()),
  contains_cs: (left, right) => left.includes(right),
  "matches regex": (left, right) => compileRegex(right, new Set()).test(left),
};

function isInRange(cursor: Cursor): Condition {
  const name = takeName(cursor);
  cursor.expect(/, /);
  const network = parseNetwork(takeQuotedText(cursor));
  cursor.expect(/\)/);
  if (typeof network === "string") throw new Error(network);
  return (fields) => {
    const text = textOf(fields, name) ?? "";
    const address = parseNetwork(text);
    if (typeof address === "string") return null;
    return address.version === network.version && contains(network, text.replace(/\/.*/, ""));
  };
}

function comparison(cursor: Cursor): Condition {
  const [, test] = cursor.take(/(isempty|isnotempty|isnotnull)\(/) ?? [];
  if (test !== undefined) {
    const name = takeName(cursor);
    cursor.expect(/\)/);
    return (fields) => ((textOf(fields, name) ?? "") === "") === (test === "isempty");
  }
  if (cursor.take(/coalesce\(/) !== null) {
    const inner = comparison(cursor);
    cursor.expect(/, false\)/);
    return (fields) => inner(fields) ?? false;
  }
  if (cursor.take(/ipv[46]_is_in_range\(/) !== null) return isInRange(cursor);
  if (cursor.take(/tostring\(/) !== null) {
    const name = takeName(cursor);
    cursor.expect(/\) =~ /);
    const wanted = takeQuotedText(cursor);
    return (fields) => (textOf(fields, name) ?? "").toLowerCase() === wanted;
  }
  const left = takeColumn(cursor);
  const [, operator = ""] = cursor.expect(
    / (==|=~|startswith_cs|startswith|endswith_cs|endswith|contains_cs|contains|matches regex|<=|>=|<|>) /,
  );
  const [number] = cursor.take(/-?\d+/) ?? [];
  if (number !== undefined) {
    // Equality with null is false, order is null.
    return (fields) => {
      const text = left(fields);
      if (text === "") return operator === "==" ? false : null;
      return compares(operator, Number(text), Number(number));
    };
  }
  const compare = textOperators[operator];
  if (compare === undefined) throw new Error(`unknown operator ${operator}`);
  if (cursor.take(/(?=")/) !== null) {
    const wanted = takeQuotedText(cursor);
    return (fields) => compare(left(fields), wanted);
  }
  const right = takeColumn(cursor);
  return (fields) => compare(left(fields), right(fields));
}

/** Whether a query of the converter finds an event. */
export function kqlFinds(query: string): Condition {
  const condition = behind("Events\n| where ", query);
  return readCondition(condition, { and: / and /, or: / or /, not: /not(?=\()/, comparison });
}
