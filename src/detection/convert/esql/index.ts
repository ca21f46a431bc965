import type { ReferencePart } from "../../sigma/values.js";
import {
  countName,
  ruleName,
  sumName,
  sumSigns,
  writeWanted,
  type CorrelationQuery,
} from "../correlation-query.js";
import { refuseName, writeQuery, type ConvertContext, type Language } from "../language.js";
import { writtenExpression } from "../lucene/written-expression.js";
import { rangeText } from "../network-text.js";
import { expressionOf } from "../pattern-expression.js";
import type { Leaf, Query } from "../query-tree.js";
import { esqlText } from "../quoted-text.js";
import { foldsCase, shapeOf } from "../text-shape.js";
import { esqlName } from "./name.js";

const comparisons = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

function textTest(name: string, { value, cased, at }: Leaf, context: ConvertContext): string {
  if (value.type !== "text") return "";
  const shape = shapeOf(value.pattern);
  if (shape?.place === "contains" && shape.text === "") return `${name} IS NOT NULL`;
  const hasCase = foldsCase(value.pattern, cased);
  if (shape?.place === "equals" && !hasCase) return `${name} == ${esqlText(shape.text)}`;
  const expression = writtenExpression(expressionOf(value.pattern, !hasCase), new Set(), at, context);
  return `${name} RLIKE ${esqlText(expression)}`;
}

function referenceTest(name: string, other: string, part: ReferencePart, cased: boolean): string | null {
  const [left, right] = [name, other].map((side) => (cased ? side : `TO_LOWER(${side})`)) as [string, string];
  switch (part) {
    case "whole":
      return `${left} == ${right}`;
    case "start":
      return `STARTS_WITH(${left}, ${right})`;
    case "end":
      return `ENDS_WITH(${left}, ${right})`;
    case "inside":
      return null;
  }
}

function refuseDates({ at }: Leaf, { refuse }: ConvertContext): string {
  return refuse(
    at,
    "ES|QL reads parts of dates from fields of dates only, and the rule does not say that the field is one",
    "write this part in ES|QL by hand, with DATE_EXTRACT()",
  );
}

/** A test as ES|QL says it, which may be null where the field is absent. */
function test(leaf: Leaf, context: ConvertContext): string {
  const { field, value, cased, at } = leaf;
  const { refuse, assume } = context;
  if (field === null) {
    return refuse(at, "ES|QL has no test for a text in any part of any field", "name the field");
  }
  const name = esqlName(field);
  if (name === null) return refuseName("ES|QL", field, at, context);
  if (value.type !== "null" && value.type !== "presence") {
    assume(`${field} has one value an event: ES|QL makes null of a test of several`);
  }
  switch (value.type) {
    case "text":
      assume(`${field} is of type keyword, text or wildcard`);
      return textTest(name, leaf, context);
    case "regex":
      assume(`${field} is of type keyword, text or wildcard`);
      return `${name} RLIKE ${esqlText(writtenExpression(value.source, value.flags, at, context))}`;
    case "number":
      assume(`${field} is of a type for numbers`);
      return `${name} == ${value.text}`;
    case "boolean":
      assume(`${field} is of type boolean`);
      return `${name} == ${value.value}`;
    case "null":
    case "presence":
      assume(`${field} is absent where its value is null`);
      return `${name} IS ${value.type === "presence" && value.wanted ? "NOT NULL" : "NULL"}`;
    case "network":
      assume(`${field} is of type ip`);
      return `CIDR_MATCH(${name}, "${rangeText(value.network, at, "Elasticsearch", context)}")`;
    case "comparison":
      if (value.part !== null) return refuseDates(leaf, context);
      assume(`${field} is of a type for numbers`);
      return `${name} ${comparisons[value.operator]} ${value.value}`;
    case "date-part":
      return refuseDates(leaf, context);
    case "reference": {
      const other = esqlName(value.field);
      if (other === null) return refuseName("ES|QL", value.field, at, context);
      assume(`${value.field} has one value an event, and both are of type keyword, text or wildcard`);
      return (
        referenceTest(name, other, value.part, cased) ??
        refuse(
          at,
          "ES|QL does not look for one field's value inside another's",
          "compare whole values or ends",
        )
      );
    }
  }
}

function condition(query: Query, context: ConvertContext): string {
  return writeQuery(query, {
    and: "AND",
    or: "OR",
    not: ["NOT ", ""],
    leaf: (leaf, negated) => {
      const text = test(leaf, context);
      const isDecided = leaf.value.type === "null" || leaf.value.type === "presence";
      return negated ? (isDecided ? `(${text})` : `COALESCE(${text}, false)`) : text;
    },
  });
}

/** The index, and the events of a query in it. */
function eventsOf(query: Query, context: ConvertContext): string {
  const { source } = context;
  if (source === null || !/^[\w.*:-]+(?:,[\w.*:-]+)*$/.test(source)) {
    return context.refuse(
      0,
      source === null
        ? "an ES|QL query starts with the index that it reads, and none is given"
        : `no ES|QL query can carry the index name "${source}"`,
      "give the index pattern as the source, such as logs-windows.*",
    );
  }
  return `FROM ${source}\n| WHERE ${condition(query, context)}`;
}

function stats(result: string, by: readonly string[]): string {
  return by.length === 0 ? `STATS ${result}` : `STATS ${result} BY ${by.join(", ")}`;
}

/** Absent fields are a group of their own in ES|QL: they are sorted out before. CASE takes null for false. */
function correlation({ events, groupBy, counts }: CorrelationQuery, context: ConvertContext): string {
  const nameOf = (name: string): string => esqlName(name) ?? refuseName("ES|QL", name, 0, context);
  const by = groupBy.map(nameOf);
  const fields = counts.of === "values" ? counts.fields.map(nameOf) : [];
  const present = [...by, ...fields].map((name) => `${name} IS NOT NULL`);
  const lines = [
    eventsOf(events, context),
    ...(present.length === 0 ? [] : [`WHERE ${present.join(" AND ")}`]),
  ];
  if (counts.of === "rules") {
    const flags = counts.rules.map(
      (rule, index) => `${ruleName(index)} = CASE(${condition(rule, context)}, 1, 0)`,
    );
    const results = counts.rules.map((_, index) => `${ruleName(index)} = MAX(${ruleName(index)})`);
    const wanted = writeWanted(counts.wanted, { and: "AND", or: "OR", test: (name) => `${name} == 1` });
    return [...lines, `EVAL ${flags.join(", ")}`, stats(results.join(", "), by), `WHERE ${wanted}`].join(
      "\n| ",
    );
  }
  if (counts.of === "sum") {
    const field = nameOf(counts.field);
    context.assume(`${counts.field} is of a type for numbers, and has one value an event`);
    const bound = `WHERE ${sumName} ${sumSigns[counts.operator]} ${counts.least}`;
    return [...lines, `WHERE ${field} IS NOT NULL`, stats(`${sumName} = SUM(${field})`, by), bound].join(
      "\n| ",
    );
  }
  const count = `${countName} = COUNT(*)`;
  // COUNT_DISTINCT is an estimate; a row for each combination of values can be counted.
  if (counts.of === "values") lines.push(stats(count, [...by, ...fields]));
  return [...lines, stats(count, by), `WHERE ${countName} >= ${counts.least}`].join("\n| ");
}

/**
 * Writes a query of ES|QL. Null is neither true nor false there, and neither is its negation: below a NOT, tests that may
 * be null are made false.
 */
export const esql: Language = { rule: eventsOf, correlation };
