import { contains, parseNetwork } from "../../../src/detection/sigma/network.js";
import { compileRegex } from "../../../src/detection/regex/index.js";
import {
  compares,
  emptied,
  readCondition,
  takeQuotedText,
  textOf,
  type Condition,
  type Cursor,
  type Fields,
} from "./condition-reader.js";

/**
 * Stand-ins for VictoriaLogs, Grafana Loki and Google SecOps, in which an absent field is an empty text and nothing is
 * unknown: they read and evaluate what the converters write, by the vendors' pages.
 */

function networkOf(text: string): (address: string) => boolean {
  const network = parseNetwork(text);
  if (typeof network === "string") throw new Error(network);
  return (address) => contains(network, address);
}

function found(source: string): (text: string) => boolean {
  const regex = compileRegex(source, new Set());
  return (text) => regex.test(text);
}

const plainNumber = /^[-+]?\d+(?:\.\d+)?$/;

/** LogsQL's documentation: filters "exact", "regexp", "any value", "empty value", "range", "IPv4 range" and "eq_field". */
function logsqlFilter(cursor: Cursor): Condition {
  const name = takeQuotedText(cursor);
  cursor.expect(/:/);
  if (cursor.take(/\*/) !== null) return emptied(name, (text) => text !== "");
  if (cursor.take(/""/) !== null) return emptied(name, (text) => text === "");
  if (cursor.take(/=/) !== null) {
    const wanted = takeQuotedText(cursor);
    return emptied(name, (text) => text === wanted);
  }
  if (cursor.take(/~/) !== null) return emptied(name, found(takeQuotedText(cursor)));
  if (cursor.take(/ipv4_range\(/) !== null) {
    const test = networkOf(takeQuotedText(cursor));
    cursor.expect(/\)/);
    return emptied(name, test);
  }
  if (cursor.take(/eq_field\(/) !== null) {
    const other = takeQuotedText(cursor);
    cursor.expect(/\)/);
    return (fields) => (textOf(fields, name) ?? "") === (textOf(fields, other) ?? "");
  }
  const [, open, low, high, close] = cursor.expect(/range([[(])(-?\w+), (-?\w+)([\])])/);
  const bound = (text: string | undefined): number => Number((text ?? "").replace("Inf", "Infinity"));
  return emptied(name, (text) => {
    if (!plainNumber.test(text)) return false;
    const above = open === "[" ? Number(text) >= bound(low) : Number(text) > bound(low);
    return above && (close === "]" ? Number(text) <= bound(high) : Number(text) < bound(high));
  });
}

export function logsqlFinds(query: string): Condition {
  return readCondition(query, { and: / AND /, or: / OR /, not: /!(?=\()/, comparison: logsqlFilter });
}

/** Loki's documentation, "Label filter expression": whole matches; numbers and addresses as its source has them. */
function logqlFilter(cursor: Cursor): Condition {
  const [label] = cursor.expect(/[A-Za-z_]\w*/);
  const [, sign, number] = cursor.take(/ (<=|>=|<|>) (-?\d+)/) ?? [];
  if (sign !== undefined) {
    return (fields) => {
      const text = textOf(fields, label);
      if (text === null) return false;
      if (!plainNumber.test(text)) return true;
      return compares(sign, Number(text), Number(number));
    };
  }
  const [, operator = ""] = cursor.expect(/(=~|!~|!=|=)/);
  const negated = operator.startsWith("!");
  if (cursor.take(/ip\(/) !== null) {
    const test = networkOf(takeQuotedText(cursor));
    cursor.expect(/\)/);
    return (fields) => {
      const text = textOf(fields, label);
      return text !== null && test(text) !== negated;
    };
  }
  const wanted = takeQuotedText(cursor);
  const test = operator.endsWith("~") ? found(`^(?s:(?:${wanted}))\\z`) : (text: string) => text === wanted;
  return emptied(label, (text) => test(text) !== negated);
}

export function logqlFinds(query: string): Condition {
  const [, condition] = /^\{job="events"\} \| json\n\| ([^]*)$/.exec(query) ?? [];
  if (condition === undefined) throw new Error("no streams");
  // There is no negation: one that is written is left over and an error.
  return readCondition(condition, { and: / and /, or: / or /, not: /\b\B/, comparison: logqlFilter });
}

export function takeYaraText(cursor: Cursor): string {
  const [, inner = ""] = cursor.expect(/"((?:[^"\\\n]|\\["\\nt])*)"/);
  return inner.replaceAll(/\\(.)/g, (_, escape: string) => ({ n: "\n", t: "\t" })[escape] ?? escape);
}

/** Google SecOps' documentation of YARA-L 2.0: comparisons, `nocase`, `re.regex`, `net.ip_in_range_cidr`. */
function udmComparison(cursor: Cursor): Condition {
  if (cursor.take(/net\.ip_in_range_cidr\(/) !== null) {
    const [name] = cursor.expect(/[a-z_.]+/);
    cursor.expect(/, /);
    const test = networkOf(takeYaraText(cursor));
    cursor.expect(/\)/);
    return emptied(name, test);
  }
  const [, lowered] = cursor.take(/strings\.to_lower\(([a-z_.]+)\) = /) ?? [];
  if (lowered !== undefined) {
    const [, other = ""] = cursor.expect(/strings\.to_lower\(([a-z_.]+)\)/);
    const lower = (fields: Fields, name: string): string => (textOf(fields, name) ?? "").toLowerCase();
    return (fields) => lower(fields, lowered) === lower(fields, other);
  }
  const [name] = cursor.expect(/[a-z_.]+/);
  const [, sign = ""] = cursor.expect(/ (=|!=|<=|>=|<|>) /);
  const [number] = cursor.take(/-?\d+/) ?? [];
  if (number !== undefined) {
    return (fields) => {
      return compares(sign, Number(textOf(fields, name) ?? "0"), Number(number));
    };
  }
  if (cursor.take(/true/) !== null) return emptied(name, (text) => text === "true");
  const [, expression] = cursor.take(/\/((?:[^/\\\n]|\\[^\n])*)\//) ?? [];
  const text = expression ?? takeYaraText(cursor);
  const nocase = cursor.take(/ nocase/) !== null;
  if (expression !== undefined) return emptied(name, found(nocase ? `(?i)${expression}` : expression));
  const fold = (each: string): string => (nocase ? each.toLowerCase() : each);
  return emptied(name, (each) => (fold(each) === fold(text)) === (sign === "="));
}

export function udmFinds(query: string): Condition {
  return readCondition(query, { and: / and /, or: / or /, not: /not (?=\()/, comparison: udmComparison });
}
