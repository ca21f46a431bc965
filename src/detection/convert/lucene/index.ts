import { refuseName, writeQuery, type ConvertContext, type Language } from "../language.js";
import { rangeText } from "../network-text.js";
import { expressionOf } from "../pattern-expression.js";
import type { Leaf } from "../query-tree.js";
import { foldsCase, shapeOf } from "../text-shape.js";
import { writtenExpression } from "./written-expression.js";

const everything = "*:*";

/** A field's name; null when it cannot be written. */
function luceneName(name: string): string | null {
  const isWord = /^(?:AND|OR|NOT|TO|_exists_)$/.test(name);
  return !isWord && /^[\p{L}\p{N}_@][\p{L}\p{N}_.@ -]*$/u.test(name) ? name.replaceAll(" ", "\\ ") : null;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, "\\$&")}"`;
}

function absent(name: string): string {
  return `(${everything} AND NOT _exists_:${name})`;
}

function textTest(name: string, leaf: Leaf, context: ConvertContext): string {
  const { value, cased, at } = leaf;
  if (value.type !== "text") return "";
  const shape = shapeOf(value.pattern);
  if (shape?.text === "") {
    return shape.place === "equals"
      ? context.refuse(at, "Lucene does not search for the empty text", "leave the test out")
      : `_exists_:${name}`;
  }
  const hasCase = foldsCase(value.pattern, cased);
  if (shape?.place === "equals" && !hasCase) return `${name}:${quoted(shape.text)}`;
  return `${name}:/${writtenExpression(expressionOf(value.pattern, !hasCase), new Set(), at, context)}/`;
}

function leafTest(leaf: Leaf, context: ConvertContext): string {
  const { field, value, at } = leaf;
  const { refuse, assume } = context;
  if (field === null) {
    return refuse(
      at,
      "Lucene looks for the words of a text, a keyword of Sigma for any part of a value",
      "name the field",
    );
  }
  const name = luceneName(field);
  if (name === null) return refuseName("Lucene", field, at, context);
  switch (value.type) {
    case "text":
    case "regex":
      assume(
        `${field} is of type keyword or wildcard, without a normalizer, and no value is longer than its ignore_above`,
      );
      return value.type === "text"
        ? textTest(name, leaf, context)
        : `${name}:/${writtenExpression(value.source, value.flags, at, context)}/`;
    case "number":
      assume(`${field} is of a type for numbers`);
      return `${name}:${quoted(value.text)}`;
    case "boolean":
      assume(`${field} is of type boolean`);
      return `${name}:${value.value}`;
    case "null":
    case "presence":
      assume(`${field} is indexed; where its value is null it is taken as absent`);
      return value.type === "presence" && value.wanted ? `_exists_:${name}` : absent(name);
    case "network":
      assume(`${field} is of type ip`);
      return `${name}:${quoted(rangeText(value.network, at, "Elasticsearch", context))}`;
    case "comparison":
      if (value.part !== null) return refuseDates(leaf, context);
      assume(`${field} is of a type for numbers`);
      return `${name}:${
        {
          lt: `{* TO ${value.value}}`,
          lte: `{* TO ${value.value}]`,
          gt: `{${value.value} TO *}`,
          gte: `[${value.value} TO *}`,
        }[value.operator]
      }`;
    case "date-part":
      return refuseDates(leaf, context);
    case "reference":
      return refuse(at, "Lucene compares no field with another", "convert the rule to another language");
  }
}

function refuseDates({ at }: Leaf, { refuse }: ConvertContext): string {
  return refuse(at, "Lucene reads no parts of dates", "convert the rule to another language");
}

/**
 * Writes a query of Elasticsearch's query string, which is Lucene's with `_exists_`. A negation starts from all events:
 * alone in its parentheses, NOT finds nothing in Lucene.
 */
export const lucene: Language = {
  rule: (query, context) =>
    writeQuery(query, {
      and: "AND",
      or: "OR",
      not: [`(${everything} AND NOT `, ")"],
      leaf: (leaf) => leafTest(leaf, context),
    }),
  correlation: "a query of Lucene finds events one by one, and counts none",
};
