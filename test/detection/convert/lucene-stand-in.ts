import { contains, parseNetwork } from "../../../src/detection/sigma/network.js";
import { readCondition, textOf, type Condition, type Cursor } from "./condition-reader.js";

/**
 * A stand-in for Elasticsearch's query string: reads and evaluates what the converter writes. Texts are of type keyword,
 * Address is an address. An expression between slashes ends at the first slash without a backslash, as in Lucene's
 * grammar, which knows no escape of that backslash.
 */

/** Whether a whole text is an expression of Lucene. */
export function isWhole(expression: string, text: string): boolean {
  const source = expression.replaceAll(/\\(["#@&<>~-])/g, (_, next: string) =>
    next === "-" ? "\\x2d" : next,
  );
  return new RegExp(`^(?:${source})$`, "su").test(text);
}

function takeName(cursor: Cursor): string {
  return cursor.expect(/(?:\\.|[\p{L}\p{N}_.@-])+/u)[0].replaceAll(/\\(.)/g, "$1");
}

function rangeTest(open: string, least: string, most: string, close: string): (text: string) => boolean {
  return (text) => {
    const number = Number(text);
    const above = least === "*" || (open === "[" ? number >= Number(least) : number > Number(least));
    return above && (most === "*" || (close === "]" ? number <= Number(most) : number < Number(most)));
  };
}

function takeTest(name: string, cursor: Cursor): (text: string) => boolean {
  const [, open = "", least = "", most = "", close = ""] =
    cursor.take(/([[{])(\*|-?\d+) TO (\*|-?\d+)([\]}])/) ?? [];
  if (open !== "") return rangeTest(open, least, most, close);
  const [, expression] = cursor.take(/\/((?:\\\/|[^/])*)\//) ?? [];
  if (expression !== undefined) return (text) => isWhole(expression, text);
  const [, quoted, word] = cursor.expect(/(?:"((?:[^"\\]|\\[^])*)"|(true|false))/);
  const wanted = quoted?.replaceAll(/\\([^])/g, "$1") ?? word ?? "";
  const network = name === "Address" ? parseNetwork(wanted) : "";
  return (text) => (typeof network === "string" ? text === wanted : contains(network, text));
}

/** Lucene has no third truth: a test of an absent field is false. */
function comparison(cursor: Cursor): Condition {
  if (cursor.take(/\*:\*/) !== null) return () => true;
  const name = takeName(cursor);
  cursor.expect(/:/);
  if (name === "_exists_") {
    const field = takeName(cursor);
    return (fields) => textOf(fields, field) !== null;
  }
  const test = takeTest(name, cursor);
  return (fields) => {
    const text = textOf(fields, name);
    return text !== null && test(text);
  };
}

/** Whether a query of the converter finds an event. */
export function luceneFinds(query: string): Condition {
  return readCondition(query, { and: / AND /, or: / OR /, not: /NOT /, comparison });
}
