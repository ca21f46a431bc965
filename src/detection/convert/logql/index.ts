import { havingFields, sumSigns, type CorrelationQuery, type WantedRules } from "../correlation-query.js";
import { writtenDate } from "../date-expression.js";
import { writeQuery, type ConvertContext, type Language } from "../language.js";
import { rangeText } from "../network-text.js";
import { expressionOf } from "../pattern-expression.js";
import type { Leaf, Query } from "../query-tree.js";
import { quotedText } from "../quoted-text.js";
import { rawApart, rawExpression } from "../raw-text.js";
import { re2Expression, takesEmptyText } from "../re2-expression.js";
import { foldsCase, shapeOf } from "../text-shape.js";
import { withNegationsDown } from "../negations.js";

const comparisons = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;
const opposites = { lt: ">=", lte: ">", gt: "<=", gte: "<" } as const;

/** A comparison of numbers lets through what is no number, with an error: texts are sorted out before it. */
const numberForm = quotedText(String.raw`\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*`);
const unwrappedForm = quotedText(String.raw`[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?`);
/** A comparison with addresses looks for one anywhere in the text. */
const addressForm = quotedText("[0-9A-Fa-f.:]+");

/** The label that Loki's parsers make of a field: what a label cannot have becomes an underscore. Null beyond ASCII. */
function labelOf(field: string, { assume }: ConvertContext): string | null {
  if (!/^[ -~]+$/.test(field) || field.trim() !== field) return null;
  const label = field.replace(/^(?=\d)/, "_").replaceAll(/\W/g, "_");
  if (label !== field) assume(`The label ${label} holds ${field}, and no other field`);
  return label;
}

function matcher(label: string, operator: "=" | "=~", text: string, negated: boolean): string {
  return `${label}${negated ? { "=": "!=", "=~": "!~" }[operator] : operator}${quotedText(text)}`;
}

function textTest(
  label: string,
  { value, cased, at }: Leaf,
  negated: boolean,
  context: ConvertContext,
): string {
  if (value.type !== "text") return "";
  const shape = shapeOf(value.pattern);
  if (shape?.text === "") {
    return shape.place === "equals"
      ? context.refuse(
          at,
          "in Loki a label that is empty is none: an empty text is not told from an absent field",
          "write null for no value, or leave the test out",
        )
      : `${label}${negated ? "=" : "!="}""`;
  }
  const hasCase = foldsCase(value.pattern, cased);
  if (shape?.place === "equals" && !hasCase) return matcher(label, "=", shape.text, negated);
  return matcher(label, "=~", expressionOf(value.pattern, !hasCase), negated);
}

/** A test of an expression that may stand anywhere in the text; Loki's must be the whole text. */
function foundAnywhere(label: string, expression: string, negated: boolean): string {
  return matcher(label, "=~", `(?s:.*)(?:${expression})(?s:.*)`, negated);
}

/** A filter of the raw line, for keywords of which any is enough, or one that must not be there (Loki, "Line filter expression"). */
function lineFilter(query: Query, context: ConvertContext): string {
  const { expression, negated } = rawExpression(query, "LogQL", context);
  context.assume("Keywords are looked for in the raw line, names of fields included");
  return `${negated ? "!~" : "|~"} ${quotedText(expression)}`;
}

/** A test, or its negation. Neither is ever unknown: an absent label is an empty text. */
function leafTest(leaf: Leaf, negated: boolean, context: ConvertContext): string {
  const { field, value, at } = leaf;
  const { refuse, assume } = context;
  if (field === null) {
    return refuse(
      at,
      "LogQL looks for a text in the raw line, and joins that with tests of fields by AND only",
      "name the field",
    );
  }
  const label = labelOf(field, context);
  if (label === null) {
    return refuse(
      at,
      `no label of Loki stands for the field name ${JSON.stringify(field)}`,
      "rename the field",
    );
  }
  assume(`${field} has one value an event, and the parser makes a label of it`);
  switch (value.type) {
    case "text":
      return textTest(label, leaf, negated, context);
    case "boolean":
      return matcher(label, "=~", `(?i)${value.value}`, negated);
    case "number":
      assume(`${field} has its numbers in one spelling, without leading zeros, fractions of 0 and exponents`);
      return matcher(label, "=", value.text, negated);
    case "null":
    case "presence": {
      assume(`${field} is empty only where the event has no value for it`);
      const wanted = (value.type === "presence" && value.wanted) !== negated;
      return `${label}${wanted ? "!=" : "="}""`;
    }
    case "regex": {
      const test = foundAnywhere(label, re2Expression(value, at, context), negated);
      if (!takesEmptyText(value)) return test;
      return negated ? `(${label}="" or ${test})` : `(${label}!="" and ${test})`;
    }
    case "network": {
      assume(`${field} holds single addresses, and every line can be parsed`);
      const range = `ip(${quotedText(rangeText(value.network, at, "Loki", context))})`;
      return negated
        ? `(${label}!~${addressForm} or ${label}!=${range})`
        : `(${label}=~${addressForm} and ${label}=${range})`;
    }
    case "comparison":
      if (value.part !== null) return foundAnywhere(label, writtenDate(leaf, "LogQL", context), negated);
      assume("Every line can be parsed: Loki does not compare numbers of others");
      return negated
        ? `(${label}!~${numberForm} or ${label} ${opposites[value.operator]} ${value.value})`
        : `(${label}=~${numberForm} and ${label} ${comparisons[value.operator]} ${value.value})`;
    case "date-part":
      return foundAnywhere(label, writtenDate(leaf, "LogQL", context), negated);
    case "reference":
      return refuse(at, "LogQL compares no label with another", "convert the rule to another language");
  }
}

const quoted = String.raw`"(?:[^"\\\n]|\\.)*"|${"`"}[^${"`"}]*${"`"}`;
const selector = new RegExp(String.raw`^\{(?:[^"${"`"}{}]|${quoted})+\}(?:\s*\|\s*(?:json|logfmt|unpack))+$`);

/**
 * Writes a query of Loki: label filters behind the source, which is a selector of streams and the parser of their lines,
 * such as `{job="sysmon"} | json`. Label filters are joined with `and` and `or`, and negated one by one.
 */
function logqlQuery(query: Query, context: ConvertContext): string {
  const { source } = context;
  if (source === null || !selector.test(source)) {
    return context.refuse(
      0,
      source === null
        ? "a LogQL query starts with the streams that it reads, and none are given"
        : `"${source}" is no selector of streams with a parser`,
      'give both as the source, such as {job="sysmon"} | json',
    );
  }
  const { raw, rest: labels } = rawApart(withNegationsDown(query));
  const lines = raw.map((part) => lineFilter(part, context));
  if (labels.length === 0) return [source, ...lines].join("\n");
  const condition = writeQuery(
    labels.length === 1 && labels[0] ? labels[0] : { type: "and", operands: labels },
    {
      and: "and",
      or: "or",
      not: ["", ""],
      leaf: (leaf, negated) => leafTest(leaf, negated, context),
    },
  );
  return [source, ...lines, `| ${condition}`].join("\n");
}

function grouped(operator: string, labels: readonly string[], vector: string): string {
  return `${operator}${labels.length === 0 ? "" : ` by (${labels.join(", ")}) `}(${vector})`;
}

/**
 * Counts over the timespan before the time of evaluation (Loki, "Metric queries"): `and` and `or` between results keep the
 * groups that both have, or either.
 */
function correlation(
  { events, groupBy, counts, timespan }: CorrelationQuery,
  context: ConvertContext,
): string {
  const { assume, refuse } = context;
  const labelsOf = (names: readonly string[]): string[] =>
    names.map((name) => {
      const label = labelOf(name, context);
      return (
        label ??
        refuse(0, `no label of Loki stands for the field name ${JSON.stringify(name)}`, "rename the field")
      );
    });
  assume(
    `The query is evaluated as a metric, many times in ${timespan}, as a rule of Loki's ruler is: each time it counts over the ${timespan} before`,
  );
  assume(
    "There are no more series than max_query_series allows (500 by default): Loki ends others with an error",
  );
  const by = labelsOf(groupBy);
  const count = (query: Query, fields: readonly string[]): string => {
    const lines = logqlQuery(havingFields(query, [...groupBy, ...fields]), context);
    return grouped("sum", [...by, ...labelsOf(fields)], `count_over_time(\n${lines}\n[${timespan}])`);
  };
  if (counts.of === "events") return `${count(events, [])} >= ${counts.least}`;
  if (counts.of === "values")
    return `${grouped("count", by, count(events, counts.fields))} >= ${counts.least}`;
  if (counts.of === "sum") {
    const [label = ""] = labelsOf([counts.field]);
    assume(`${counts.field} has its numbers without blanks around them`);
    // What cannot be unwrapped would end the query with an error ("Metric queries", "Unwrapped range aggregations").
    const lines = `${logqlQuery(havingFields(events, groupBy), context)}\n| ${label}=~${unwrappedForm} | unwrap ${label}`;
    const sum = grouped("sum", by, `sum_over_time(\n${lines}\n[${timespan}])`);
    return `${sum} ${sumSigns[counts.operator]} ${counts.least}`;
  }
  const { rules } = counts;
  const wanted = (each: WantedRules): string => {
    if (each.type !== "rule") return `(${each.operands.map(wanted).join(` ${each.type} `)})`;
    const rule = rules[each.index];
    if (rule === undefined) throw new Error(`no rule ${each.index}`);
    return count(rule, []);
  };
  return wanted(counts.wanted);
}

export const logql: Language = {
  rule: logqlQuery,
  escapesControls: true,
  correlation,
  holdsTimespan: true,
};
