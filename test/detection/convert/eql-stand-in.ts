import { contains, parseNetwork } from "../../../src/detection/sigma/network.js";
import { compileRegex } from "../../../src/detection/regex/index.js";
import {
  compares,
  foldAscii,
  nullable,
  readEscapes,
  readCondition,
  textOf,
  type Condition,
  type Cursor,
} from "./condition-reader.js";

/**
 * A stand-in for Elasticsearch's EQL over fields of type keyword: reads and evaluates what the converter writes, by
 * Elastic's page "EQL syntax reference". Nothing escapes a wildcard, and letters beyond ASCII have one case.
 */

/** A literal of EQL at this place, as Elasticsearch reads it. */
export function takeText(cursor: Cursor): string {
  const [, inner = ""] = cursor.expect(/"((?:[^"\\\p{Cc}]|\\(?:["\\nrt]|u\{[0-9a-fA-F]{2,8}\}))*)"/u);
  return readEscapes(inner, /\\(?:u\{([0-9a-f]+)\}|(.))/g);
}

export function takeName(cursor: Cursor): string {
  const [path] = cursor.expect(/\?(?:[A-Za-z_]\w*|`[^`]+`)(?:\.(?:[A-Za-z_]\w*|`[^`]+`))*/);
  return path.slice(1).replaceAll("`", "");
}

function wildcards(pattern: string, fold: (text: string) => string): (text: string) => boolean {
  const body = [...fold(pattern)].map((each) => {
    if (each === "*") return ".*";
    return each === "?" ? "." : each.replace(/[\^$\\.+()[\]{}|/]/, "\\$&");
  });
  const regex = new RegExp(`^${body.join("")}$`, "su");
  return (text) => regex.test(fold(text));
}

/** Lucene's expressions take the whole value; its dot takes line breaks too, and its reserved signs are escaped. */
function luceneTest(source: string): (text: string) => boolean {
  if (/(?<!\\)(?:\\\\)*[~@#&<>]/.test(source.replaceAll(/\[(?:[^\]\\]|\\.)*\]/gs, "")))
    throw new Error(`an operator of Lucene in ${source}`);
  const regex = compileRegex(`(?s)^(?:${source})\\z`, new Set());
  return (text) => regex.test(text);
}

function comparison(cursor: Cursor): Condition {
  if (cursor.take(/cidrMatch\(/) !== null) {
    const name = takeName(cursor);
    cursor.expect(/, /);
    const network = parseNetwork(takeText(cursor));
    cursor.expect(/\)/);
    if (typeof network === "string") throw new Error(network);
    return nullable(name, (text) => contains(network, text));
  }
  const name = takeName(cursor);
  const [, nullSign] = cursor.take(/ (==|!=) null/) ?? [];
  if (nullSign !== undefined) return (fields) => (textOf(fields, name) === null) === (nullSign === "==");
  const [, sign, number] = cursor.take(/ (==|<=|>=|<|>) (-?\d+)/) ?? [];
  if (sign !== undefined) {
    return nullable(name, (text) => compares(sign, Number(text), Number(number)));
  }
  const [, operator = ""] = cursor.expect(/ (:|like~|like|==|regex) /);
  const wanted = takeText(cursor);
  if (operator === "==") return nullable(name, (text) => text === wanted);
  if (operator === "regex") return nullable(name, luceneTest(wanted));
  return nullable(name, wildcards(wanted, operator === "like" ? (text) => text : foldAscii));
}

/** Whether a query of the converter finds an event. */
export function eqlFinds(query: string): Condition {
  const [, condition] = /^any where ([^]*)$/.exec(query) ?? [];
  if (condition === undefined) throw new Error("no category");
  return readCondition(condition, { and: / and /, or: / or /, not: /not (?=\()/, comparison });
}
