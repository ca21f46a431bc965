import { contains, parseNetwork } from "../../../src/detection/sigma/network.js";
import { compileRegex } from "../../../src/detection/regex/index.js";
import {
  compares,
  nullable,
  readCondition,
  textOf,
  type Condition,
  type Cursor,
} from "./condition-reader.js";

/**
 * A stand-in for OpenSearch's PPL: reads and evaluates what the converter writes, by the user manual of the project
 * (functions "condition" and "string") and its grammar's literals. What is compared with null is null.
 */

/** A literal of PPL at this place: a backslash escapes quotes and itself. */
export function takeText(cursor: Cursor): string {
  const [, inner = ""] = cursor.expect(/'((?:[^'\\]|\\['"\\])*)'/);
  return inner.replaceAll(/\\(.)/g, "$1");
}

export function takeName(cursor: Cursor): string {
  return cursor.expect(/`[^`]+`(?:\.`[^`]+`)*/)[0].replaceAll("`", "");
}

/** A side of a comparison of two fields. */
function takeSide(cursor: Cursor): { name: string; fold: (text: string) => string } {
  const lowers = cursor.take(/LOWER\(/) !== null;
  const name = takeName(cursor);
  if (lowers) cursor.expect(/\)/);
  return { name, fold: (text) => (lowers ? text.toLowerCase() : text) };
}

function comparison(cursor: Cursor): Condition {
  const [, nullTest] = cursor.take(/(isnull|isnotnull)\(/) ?? [];
  if (nullTest !== undefined) {
    const name = takeName(cursor);
    cursor.expect(/\)/);
    return (fields) => (textOf(fields, name) === null) === (nullTest === "isnull");
  }
  const [, call] = cursor.take(/(regexp_match|cidrmatch)\(/) ?? [];
  if (call !== undefined) {
    const name = takeName(cursor);
    cursor.expect(/, /);
    const wanted = takeText(cursor);
    cursor.expect(/\)/);
    if (call === "regexp_match") {
      if (!wanted.startsWith("(?du)")) throw new Error("lines and letters as Java has them");
      const regex = compileRegex(wanted.slice("(?du)".length), new Set());
      return nullable(name, (text) => regex.test(text));
    }
    const network = parseNetwork(wanted);
    if (typeof network === "string") throw new Error(network);
    return nullable(name, (text) => contains(network, text));
  }
  const left = takeSide(cursor);
  const [, sign = ""] = cursor.expect(/ (=|<=|>=|<|>) /);
  const [number] = cursor.take(/-?\d+/) ?? [];
  if (number !== undefined) {
    return nullable(left.name, (text) => compares(sign, Number(text), Number(number)));
  }
  const [truth] = cursor.take(/true|false/) ?? [];
  if (truth !== undefined) return nullable(left.name, (text) => text === truth);
  if (cursor.take(/(?=')/) !== null) {
    const wanted = takeText(cursor);
    return nullable(left.name, (text) => left.fold(text) === wanted);
  }
  const right = takeSide(cursor);
  return (fields) => {
    const [one, other] = [textOf(fields, left.name), textOf(fields, right.name)];
    return one === null || other === null ? null : left.fold(one) === right.fold(other);
  };
}

/** Whether a query of the converter finds an event. */
export function pplFinds(query: string): Condition {
  const [, condition] = /^source=events\n\| where ([^]*)$/.exec(query) ?? [];
  if (condition === undefined) throw new Error("no index");
  return readCondition(condition, { and: / AND /, or: / OR /, not: /NOT (?=\()/, comparison });
}
