import { contains, parseNetwork } from "../../../src/detection/sigma/network.js";
import {
  behind,
  compares,
  nullable,
  readCondition,
  takeQuotedText,
  textOf,
  type Condition,
  type Cursor,
  type Fields,
} from "./condition-reader.js";
import { isWhole } from "./lucene-stand-in.js";

/**
 * A stand-in for ES|QL: reads and evaluates what the converter writes, by Elastic's pages on literals, identifiers and
 * null. What compares an absent field is null.
 */

function takeName(cursor: Cursor): string {
  const [, quoted, bare] = cursor.expect(/(?:`([^`]+)`|([A-Za-z_@][\w.@]*))/);
  return quoted ?? bare ?? "";
}

/** A field, perhaps in lower case. */
function takeField(cursor: Cursor): (fields: Fields) => string | null {
  const lowers = cursor.take(/TO_LOWER\(/) !== null;
  const name = takeName(cursor);
  if (lowers) cursor.expect(/\)/);
  return (fields) => {
    const text = textOf(fields, name);
    return lowers ? (text?.toLowerCase() ?? null) : text;
  };
}

function ofBoth(
  left: (fields: Fields) => string | null,
  right: (fields: Fields) => string | null,
  test: (one: string, other: string) => boolean,
): Condition {
  return (fields) => {
    const [one, other] = [left(fields), right(fields)];
    return one === null || other === null ? null : test(one, other);
  };
}

function call(name: string, cursor: Cursor): Condition {
  if (name === "COALESCE") {
    const inner = comparison(cursor);
    cursor.expect(/, false\)/);
    return (fields) => inner(fields) ?? false;
  }
  if (name === "CIDR_MATCH") {
    const field = takeName(cursor);
    cursor.expect(/, /);
    const network = parseNetwork(takeQuotedText(cursor));
    cursor.expect(/\)/);
    if (typeof network === "string") throw new Error(network);
    return nullable(field, (text) => contains(network, text));
  }
  const left = takeField(cursor);
  cursor.expect(/, /);
  const right = takeField(cursor);
  cursor.expect(/\)/);
  return ofBoth(left, right, (one, other) =>
    name === "STARTS_WITH" ? one.startsWith(other) : one.endsWith(other),
  );
}

function comparison(cursor: Cursor): Condition {
  const [, name] = cursor.take(/(COALESCE|STARTS_WITH|ENDS_WITH|CIDR_MATCH)\(/) ?? [];
  if (name !== undefined) return call(name, cursor);
  const left = takeField(cursor);
  const [, nullTest] = cursor.take(/ IS (NOT NULL|NULL)/) ?? [];
  if (nullTest !== undefined) return (fields) => (left(fields) === null) === (nullTest === "NULL");
  const [, operator = ""] = cursor.expect(/ (==|<=|>=|<|>|RLIKE) /);
  const [number] = cursor.take(/-?\d+/) ?? [];
  const of = (test: (text: string) => boolean): Condition => ofBoth(left, left, test);
  if (number !== undefined) return of((text) => compares(operator, Number(text), Number(number)));
  const [truth] = cursor.take(/true|false/) ?? [];
  if (truth !== undefined) return of((text) => text === truth);
  if (cursor.take(/(?=")/) === null) return ofBoth(left, takeField(cursor), (one, other) => one === other);
  const wanted = takeQuotedText(cursor);
  return of((text) => (operator === "RLIKE" ? isWhole(wanted, text) : text === wanted));
}

/** Whether a query of the converter finds an event. */
export function esqlFinds(query: string): Condition {
  const condition = behind("FROM events\n| WHERE ", query);
  return readCondition(condition, { and: / AND /, or: / OR /, not: /NOT /, comparison });
}
