import { writtenDate } from "../date-expression.js";
import { refuseName, writeQuery, type ConvertContext, type Language } from "../language.js";
import { writtenExpression } from "../lucene/written-expression.js";
import { rangeText } from "../network-text.js";
import { expressionOf } from "../pattern-expression.js";
import type { Leaf, Query } from "../query-tree.js";
import { eqlText } from "../quoted-text.js";
import { literalsOf } from "../text-shape.js";
import type { Pattern } from "../../sigma/pattern.js";
import type { SequenceQuery } from "../sequence-query.js";
import { eqlName } from "./name.js";

const comparisons = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/**
 * The pattern in EQL's wildcards, which nothing escapes; null when it needs more. Elasticsearch takes the character 1 in
 * a pattern for an escape of its own.
 */
function wildcardText(pattern: Pattern): string | null {
  let text = "";
  for (const token of pattern) {
    if (token.type === "dash") return null;
    if (token.type !== "literal") text += token.type === "run" ? "*" : "?";
    else if (/[*?\x01]/.test(token.text)) return null;
    else text += token.text;
  }
  return text;
}

function textTest(name: string, { value, cased, at }: Leaf, context: ConvertContext): string {
  if (value.type !== "text") return "";
  const { pattern } = value;
  if (pattern.length === 1 && pattern[0]?.type === "run") return `${name} != null`;
  const wildcards = wildcardText(pattern);
  // Without regard to case Elasticsearch compares the letters of ASCII only.
  const hasWideCase = !cased && /[^\p{ASCII}]/u.test(literalsOf(pattern));
  if (wildcards === null || hasWideCase) {
    const expression = writtenExpression(expressionOf(pattern, cased), new Set(), at, context);
    return `${name} regex ${eqlText(expression)}`;
  }
  if (pattern.every((token) => token.type === "literal")) {
    return `${name} ${cased ? "==" : ":"} ${eqlText(wildcards)}`;
  }
  return `${name} ${cased ? "like" : "like~"} ${eqlText(wildcards)}`;
}

function dateTest(name: string, leaf: Leaf, context: ConvertContext): string {
  context.assume(`${leaf.field ?? ""} is a text (keyword or wildcard), not a date`);
  const expression = writtenDate(leaf, "EQL", context);
  return `${name} regex ${eqlText(writtenExpression(expression, new Set(), leaf.at, context))}`;
}

/** A test as EQL says it, which may be null where the field is absent. */
function test(leaf: Leaf, name: string, context: ConvertContext): string {
  const { field, value, at } = leaf;
  const { refuse, assume } = context;
  if (value.type !== "null" && value.type !== "presence") {
    assume(`${field ?? ""} has one value an event: EQL does not look into several`);
  }
  switch (value.type) {
    case "text":
    case "regex":
      assume(
        `${field ?? ""} is of type keyword or wildcard, without a normalizer, and no value is longer than its ignore_above`,
      );
      return value.type === "text"
        ? textTest(name, leaf, context)
        : `${name} regex ${eqlText(writtenExpression(value.source, value.flags, at, context))}`;
    case "number":
      assume(`${field ?? ""} is of a type for numbers`);
      return `${name} == ${value.text}`;
    case "boolean":
      assume(`${field ?? ""} is of type boolean`);
      return `${name} == ${value.value}`;
    case "null":
    case "presence":
      assume(`${field ?? ""} is indexed; where its value is null it is taken as absent`);
      return `${name} ${value.type === "presence" && value.wanted ? "!=" : "=="} null`;
    case "network":
      assume(`${field ?? ""} is of type ip`);
      return `cidrMatch(${name}, "${rangeText(value.network, at, "Elasticsearch", context)}")`;
    case "comparison":
      if (value.part !== null) return dateTest(name, leaf, context);
      assume(`${field ?? ""} is of a type for numbers`);
      return `${name} ${comparisons[value.operator]} ${value.value}`;
    case "date-part":
      return dateTest(name, leaf, context);
    case "reference":
      return refuse(at, "EQL compares no field with another", "convert the rule to ES|QL");
  }
}

/**
 * Writes a sequence (reference, "Sequences"): fields of `by` are not null, and all events lie within `maxspan` of the
 * first.
 */
function sequence({ steps, timespan }: SequenceQuery, context: ConvertContext): string {
  const { assume, refuse } = context;
  const lines = steps.map(({ events, by, runs }) => {
    const names = by.map((field) => {
      const name = eqlName(field);
      // With a question mark events without the field would be a group of their own.
      return name === null ? refuseName("EQL", field, 0, context) : name.slice(1);
    });
    if (runs > 100) {
      refuse(
        0,
        "a sequence of EQL has at most 100 runs of the same event",
        "convert it to a language that counts",
      );
    }
    const shared = names.length === 0 ? "" : ` by ${names.join(", ")}`;
    return `  [ ${eventsOf(events, context)} ]${shared}${runs === 1 ? "" : ` with runs=${runs}`}`;
  });
  if (steps.every(({ runs }) => runs === 1) && steps.length < 2)
    return refuse(0, "a sequence of EQL has two events at least", "convert the rule by itself");
  for (const field of steps.flatMap(({ by }) => by))
    assume(`${field} is a field of at least one of the indexes`);
  assume(
    "No two events have the same @timestamp, or the search names a tiebreaker_field: concurrent events are in no sequence",
  );
  return [`sequence with maxspan=${timespan}`, ...lines].join("\n");
}

/**
 * Writes a query of Elasticsearch's Event Query Language, over events of any category unless the source names one. A test
 * of an absent field is null there, and so is its negation: below a NOT the field has to be there.
 */
function eventsOf(query: Query, context: ConvertContext): string {
  const { source } = context;
  if (source !== null && !/^[A-Za-z_]\w*$/.test(source)) {
    return context.refuse(
      0,
      `no EQL query can carry the event category "${source}"`,
      "give a category as the source, such as process, or none",
    );
  }
  const condition = writeQuery(query, {
    and: "and",
    or: "or",
    not: ["not (", ")"],
    leaf: (leaf, negated) => {
      const { field, value, at } = leaf;
      if (field === null) {
        return context.refuse(at, "EQL has no test for a text in any field", "name the field");
      }
      const name = eqlName(field);
      if (name === null) return refuseName("EQL", field, at, context);
      const text = test(leaf, name, context);
      const isDecided = value.type === "null" || value.type === "presence";
      return negated && !isDecided ? `(${name} != null and ${text})` : text;
    },
  });
  return `${source ?? "any"} where ${condition}`;
}

export const eql: Language = {
  rule: eventsOf,
  escapesControls: true,
  correlation: "EQL finds sequences of events, and counts none",
  sequence,
};
