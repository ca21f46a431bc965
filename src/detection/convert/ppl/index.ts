import type { ReferencePart } from "../../sigma/values.js";
import {
  countName,
  ruleName,
  sumName,
  sumSigns,
  writeWanted,
  type CorrelationQuery,
} from "../correlation-query.js";
import { writtenDate } from "../date-expression.js";
import { refuseName, writeQuery, type ConvertContext, type Language } from "../language.js";
import { rangeText } from "../network-text.js";
import { expressionOf } from "../pattern-expression.js";
import type { Leaf, Query } from "../query-tree.js";
import { portableExpression } from "../re2-expression.js";
import { foldsCase, shapeOf } from "../text-shape.js";
import { pplName, pplText } from "./literal.js";

const comparisons = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/**
 * A test of an expression of Java. `d`: lines end with \n only, as for the rule; `u`: letters beyond ASCII have two cases
 * too.
 */
function found(name: string, expression: string): string {
  return `regexp_match(${name}, ${pplText(`(?du)${expression}`)})`;
}

function textTest(name: string, { value, cased }: Leaf): string {
  if (value.type !== "text") return "";
  const shape = shapeOf(value.pattern);
  if (shape?.place === "contains" && shape.text === "") return `isnotnull(${name})`;
  const hasCase = foldsCase(value.pattern, cased);
  if (shape?.place === "equals" && !hasCase) return `${name} = ${pplText(shape.text)}`;
  return found(name, expressionOf(value.pattern, !hasCase));
}

function referenceTest(name: string, other: string, part: ReferencePart, cased: boolean): string {
  const fold = (each: string): string => (cased ? each : `LOWER(${each})`);
  const [left, right] = [fold(name), fold(other)];
  switch (part) {
    case "whole":
      return `${left} = ${right}`;
    case "start":
      return `LOCATE(${right}, ${left}) = 1`;
    case "end":
      return `RIGHT(${left}, LENGTH(${right})) = ${right}`;
    case "inside":
      return `LOCATE(${right}, ${left}) > 0`;
  }
}

/** A test as PPL says it, which may be null where the field is absent. */
function test(leaf: Leaf, name: string, context: ConvertContext): string {
  const { field, value, cased, at } = leaf;
  const { refuse, assume } = context;
  const here = field ?? "";
  assume("OpenSearch is of version 3.3 or later, which has regexp_match");
  if (value.type !== "null" && value.type !== "presence") assume(`${here} has one value an event`);
  switch (value.type) {
    case "text":
      assume(`${here} is of type keyword, and no value is longer than its ignore_above`);
      return textTest(name, leaf);
    case "regex":
      assume(`${here} is of type keyword, and no value is longer than its ignore_above`);
      if (/\(\?P?</.test(value.source)) {
        return refuse(at, "Java names groups otherwise", "leave out the names of groups");
      }
      if (/\\b/i.test(value.source)) assume(String.raw`\b is the edge of a word of any letters`);
      return found(name, portableExpression(value, at, context));
    case "number":
      assume(`${here} is of a type for numbers`);
      return `${name} = ${value.text}`;
    case "boolean":
      assume(`${here} is of type boolean`);
      return `${name} = ${value.value}`;
    case "null":
    case "presence":
      assume(`${here} is indexed; where its value is null it is taken as absent`);
      return `${value.type === "presence" && value.wanted ? "isnotnull" : "isnull"}(${name})`;
    case "network":
      assume(`${here} holds addresses: cidrmatch ends the query with an error at what is none`);
      return `cidrmatch(${name}, '${rangeText(value.network, at, "OpenSearch", context)}')`;
    case "comparison":
      if (value.part !== null) return found(name, writtenDate(leaf, "PPL", context));
      assume(`${here} is of a type for numbers`);
      return `${name} ${comparisons[value.operator]} ${value.value}`;
    case "date-part":
      return found(name, writtenDate(leaf, "PPL", context));
    case "reference": {
      const other = pplName(value.field);
      if (other === null) return refuseName("PPL", value.field, at, context);
      return `(isnotnull(${other}) AND ${referenceTest(name, other, value.part, cased)})`;
    }
  }
}

/** A condition; a decided one is false, not null, where a field is absent. */
function condition(query: Query, context: ConvertContext, decided = false): string {
  return writeQuery(
    query,
    {
      and: "AND",
      or: "OR",
      not: ["NOT (", ")"],
      leaf: (leaf, negated) => {
        const { field, value, at } = leaf;
        if (field === null) {
          return context.refuse(at, "PPL has no test for a text in any part of any field", "name the field");
        }
        const name = pplName(field);
        if (name === null) return refuseName("PPL", field, at, context);
        const text = test(leaf, name, context);
        const isDecided = value.type === "null" || value.type === "presence";
        return negated && !isDecided ? `(isnotnull(${name}) AND ${text})` : text;
      },
    },
    decided,
  );
}

/** The index, and the events of a query in it. */
function eventsOf(query: Query, context: ConvertContext): string {
  const { source } = context;
  if (source === null || !/^[A-Za-z_*][\w*-]*$/.test(source)) {
    return context.refuse(
      0,
      source === null
        ? "a PPL query starts with the index that it reads, and none is given"
        : `no PPL query of ours can carry the index name "${source}"`,
      "give the index pattern as the source, such as logs-windows",
    );
  }
  return `source=${source}\n| where ${condition(query, context)}`;
}

function stats(result: string, by: readonly string[]): string {
  return by.length === 0 ? `stats ${result}` : `stats ${result} by ${by.join(", ")}`;
}

/** Absent fields are a group of their own in PPL: they are sorted out before. */
function correlation({ events, groupBy, counts }: CorrelationQuery, context: ConvertContext): string {
  const nameOf = (name: string): string => pplName(name) ?? refuseName("PPL", name, 0, context);
  const by = groupBy.map(nameOf);
  const fields = counts.of === "values" ? counts.fields.map(nameOf) : [];
  const present = [...by, ...fields].map((name) => `isnotnull(${name})`);
  // OpenSearch, PPL settings: plugins.query.buckets.
  if (present.length > 0)
    context.assume(
      "There are no more groups than plugins.query.buckets allows (10,000 by default): OpenSearch leaves out the others",
    );
  const lines = [
    eventsOf(events, context),
    ...(present.length === 0 ? [] : [`where ${present.join(" AND ")}`]),
  ];
  if (counts.of === "rules") {
    const flags = counts.rules.map(
      (rule, index) => `${ruleName(index)} = if(${condition(rule, context, true)}, 1, 0)`,
    );
    const results = counts.rules.map((_, index) => `max(${ruleName(index)}) as ${ruleName(index)}`);
    const wanted = writeWanted(counts.wanted, { and: "AND", or: "OR", test: (name) => `${name} = 1` });
    return [...lines, `eval ${flags.join(", ")}`, stats(results.join(", "), by), `where ${wanted}`].join(
      "\n| ",
    );
  }
  if (counts.of === "sum") {
    const field = nameOf(counts.field);
    context.assume(`${counts.field} is of a type for numbers, and has one value an event`);
    const bound = `where ${sumName} ${sumSigns[counts.operator]} ${counts.least}`;
    return [...lines, `where isnotnull(${field})`, stats(`sum(${field}) as ${sumName}`, by), bound].join(
      "\n| ",
    );
  }
  const count = `count() as ${countName}`;
  // distinct_count is an estimate; a row for each combination of values can be counted.
  if (counts.of === "values") lines.push(stats(count, [...by, ...fields]));
  return [...lines, stats(count, by), `where ${countName} >= ${counts.least}`].join("\n| ");
}

/**
 * Writes a query of OpenSearch's Piped Processing Language. A test of an absent field is null there, and so is its
 * negation: below a NOT the field has to be there.
 */
export const ppl: Language = { rule: eventsOf, correlation };
