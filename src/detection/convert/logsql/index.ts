import {
  countName,
  havingFields,
  ruleName,
  sumName,
  writeWanted,
  type CorrelationQuery,
} from "../correlation-query.js";
import { writtenDate } from "../date-expression.js";
import { refuseName, writeQuery, type ConvertContext, type Language } from "../language.js";
import { networkText } from "../network-text.js";
import { expressionOf } from "../pattern-expression.js";
import { withNegationsDown } from "../negations.js";
import { link, type Leaf, type Query } from "../query-tree.js";
import { quotedText } from "../quoted-text.js";
import { rawApart, rawExpression } from "../raw-text.js";
import { re2Expression, takesEmptyText } from "../re2-expression.js";
import { foldsCase, shapeOf } from "../text-shape.js";

const ranges = {
  lt: (value: number) => `range[-Inf, ${value})`,
  lte: (value: number) => `range[-Inf, ${value}]`,
  gt: (value: number) => `range(${value}, Inf]`,
  gte: (value: number) => `range[${value}, Inf]`,
} as const;

/** A field's name in quotes (LogsQL, "String literals"); null when it cannot be written. */
function logsqlName(name: string): string | null {
  return /[\p{Cc}\p{Cs}]/u.test(name) ? null : quotedText(name);
}

function textTest(name: string, { value, cased, at }: Leaf, context: ConvertContext): string {
  if (value.type !== "text") return "";
  const shape = shapeOf(value.pattern);
  if (shape?.text === "") {
    return shape.place === "equals"
      ? context.refuse(
          at,
          "VictoriaLogs keeps no empty texts: one is not told from an absent field",
          "write null for no value, or leave the test out",
        )
      : `${name}:*`;
  }
  const hasCase = foldsCase(value.pattern, cased);
  if (shape?.place === "equals" && !hasCase) return `${name}:=${quotedText(shape.text)}`;
  return `${name}:~${quotedText(expressionOf(value.pattern, !hasCase))}`;
}

function leafTest(leaf: Leaf, context: ConvertContext): string {
  const { field, value, cased, at } = leaf;
  const { refuse, assume } = context;
  if (field === null) {
    return refuse(
      at,
      "LogsQL looks for keywords in all fields packed as one, and joins that with filters of fields by AND only",
      "name the field, such as _msg",
    );
  }
  const name = logsqlName(field);
  if (name === null) return refuseName("LogsQL", field, at, context);
  assume(`${field} has one value an event: VictoriaLogs keeps a list as one text`);
  switch (value.type) {
    case "text":
      return textTest(name, leaf, context);
    case "boolean":
      return `${name}:~${quotedText(`(?is)^${value.value}\\z`)}`;
    case "number":
      assume(`${field} has its numbers in one spelling, without leading zeros, fractions of 0 and exponents`);
      return `${name}:=${quotedText(value.text)}`;
    case "null":
    case "presence":
      assume(`${field} is empty only where the event has no value for it`);
      return value.type === "presence" && value.wanted ? `${name}:*` : `${name}:""`;
    case "regex": {
      const test = `${name}:~${quotedText(re2Expression(value, at, context))}`;
      return takesEmptyText(value) ? `(${name}:* AND ${test})` : test;
    }
    case "network":
      return value.network.version === 4
        ? `${name}:ipv4_range(${quotedText(networkText(value.network))})`
        : refuse(at, "LogsQL has ranges of addresses of version 4 only", "test the text of the address");
    case "comparison":
      if (value.part !== null) return `${name}:~${quotedText(writtenDate(leaf, "LogsQL", context))}`;
      assume(plainNumbers(field));
      return `${name}:${ranges[value.operator](value.value)}`;
    case "date-part":
      return `${name}:~${quotedText(writtenDate(leaf, "LogsQL", context))}`;
    case "reference": {
      const other = logsqlName(value.field);
      if (other === null || value.part !== "whole" || !cased) {
        return refuse(
          at,
          "LogsQL compares two fields as a whole and with regard to case only",
          'add the modifier "cased" if that is meant',
        );
      }
      return `(${name}:* AND ${name}:eq_field(${other}))`;
    }
  }
}

/** Writes a query of VictoriaLogs. The source is a filter of streams, such as `{host="ws1"}`, or none. */
function logsqlQuery(query: Query, context: ConvertContext): string {
  const { source } = context;
  if (source !== null && !/^\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\}$/.test(source)) {
    return context.refuse(0, `"${source}" is no filter of streams`, 'give one such as {host="ws1"}, or none');
  }
  const { raw, rest } = rawApart(withNegationsDown(query));
  if (raw.length === 0) return streamed(condition(query, context, source === null), context);
  const filter = rest.length === 0 ? "*" : condition(link("and", rest), context, source === null);
  const texts = raw.map((part) => packedText(part, context));
  const pack = `pack_json as ${packedName}`;
  return [streamed(filter, context), pack, ...texts, `delete ${packedName}`].join("\n| ");
}

function streamed(filter: string, { source }: ConvertContext): string {
  return source === null ? filter : `${source} AND ${filter}`;
}

const packedName = "tyrian_event";

/** A filter of all fields packed as JSON, for keywords of which any is enough, or one that must not be there ("pack_json pipe"). */
function packedText(query: Query, context: ConvertContext): string {
  const { expression, negated } = rawExpression(query, "LogsQL", context);
  context.assume(
    "Keywords are looked for in all fields as JSON, their names and VictoriaLogs' own fields included",
  );
  const test = `"${packedName}":~${quotedText(expression)}`;
  return `filter ${negated ? `!(${test})` : test}`;
}

function plainNumbers(field: string): string {
  return `${field} holds plain numbers, no sizes and durations such as 5KB: VictoriaLogs calculates with them`;
}

function condition(query: Query, context: ConvertContext, outermost: boolean): string {
  const leaf = (each: Leaf): string => leafTest(each, context);
  return writeQuery(query, { and: "AND", or: "OR", not: ["!(", ")"], leaf }, false, outermost);
}

/** Absent fields are empty texts, a group of their own ("stats by fields"): they are sorted out before. */
function correlation({ events, groupBy, counts }: CorrelationQuery, context: ConvertContext): string {
  const fields = counts.of === "values" ? counts.fields : [];
  const nameOf = (name: string): string => logsqlName(name) ?? refuseName("LogsQL", name, 0, context);
  const by = groupBy.length === 0 ? "" : `by (${groupBy.map(nameOf).join(", ")}) `;
  const first = logsqlQuery(havingFields(events, [...groupBy, ...fields]), context);
  const atLeast = (name: string, least: number): string => `"${name}":${ranges.gte(least)}`;
  if (counts.of === "rules") {
    const results = counts.rules.map(
      (rule, index) => `count() if (${condition(rule, context, true)}) as ${ruleName(index)}`,
    );
    const wanted = writeWanted(counts.wanted, { and: "AND", or: "OR", test: (name) => atLeast(name, 1) });
    return [first, `stats ${by}${results.join(", ")}`, `filter ${wanted}`].join("\n| ");
  }
  if (counts.of === "sum") {
    // Texts that are no numbers are skipped, and a sum of none is no number ("sum stats").
    context.assume(plainNumbers(counts.field));
    const sum = `stats ${by}sum(${nameOf(counts.field)}) as ${sumName}`;
    return [first, sum, `filter "${sumName}":${ranges[counts.operator](counts.least)}`].join("\n| ");
  }
  // Counts exactly: "Every unique value is stored in memory" ("count_uniq stats").
  const result = counts.of === "values" ? `count_uniq(${fields.map(nameOf).join(", ")})` : "count()";
  const lines = [first, `stats ${by}${result} as ${countName}`, `filter ${atLeast(countName, counts.least)}`];
  return lines.join("\n| ");
}

export const logsql: Language = {
  rule: logsqlQuery,
  escapesControls: true,
  correlation,
};
