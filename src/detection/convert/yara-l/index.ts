import { compareNumbers } from "../../sigma/evaluate.js";
import { havingFields, type CorrelationQuery } from "../correlation-query.js";
import { writtenDate } from "../date-expression.js";
import { writeQuery, type ConvertContext, type Language } from "../language.js";
import { rangeText } from "../network-text.js";
import { expressionOf } from "../pattern-expression.js";
import type { Leaf } from "../query-tree.js";
import { re2Expression, takesEmptyText } from "../re2-expression.js";
import { literalsOf, shapeOf } from "../text-shape.js";
import { plainText } from "../../sigma/pattern.js";
import { isUdmField, yaraExpression, yaraText } from "./literal.js";

const comparisons = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/** Numbers that are absent are 0 in the Unified Data Model. */
function refuseZero({ at }: Leaf, { refuse }: ConvertContext): string {
  return refuse(
    at,
    "in the Unified Data Model a number that is absent is 0: the two cannot be told apart",
    "compare with numbers that 0 does not satisfy",
  );
}

function refuseCharacters({ at }: Leaf, { refuse }: ConvertContext): string {
  return refuse(at, "the value holds characters that no query of Google SecOps can carry", "leave them out");
}

function textTest(name: string, leaf: Leaf, context: ConvertContext): string {
  const { value, cased, at } = leaf;
  if (value.type !== "text") return "";
  if (shapeOf(value.pattern)?.text === "") {
    return value.pattern.length === 0
      ? context.refuse(
          at,
          "in the Unified Data Model a text that is absent is empty: the two cannot be told apart",
          "write null for no value, or leave the test out",
        )
      : `${name} != ""`;
  }
  const nocase = cased || literalsOf(value.pattern) === "" ? "" : " nocase";
  const plain = plainText(value.pattern);
  const literal = plain === null ? yaraExpression(expressionOf(value.pattern, cased)) : yaraText(plain);
  if (literal === null || yaraText(literalsOf(value.pattern)) === null)
    return refuseCharacters(leaf, context);
  return `${name} = ${literal}${nocase}`;
}

function found(name: string, expression: string, leaf: Leaf, context: ConvertContext): string {
  const literal = yaraExpression(expression);
  return literal === null ? refuseCharacters(leaf, context) : `${name} = ${literal}`;
}

function leafTest(leaf: Leaf, prefix: string, context: ConvertContext): string {
  const { field, value, cased, at } = leaf;
  const { refuse, assume } = context;
  if (field === null) return refuse(at, "Google SecOps has no test over every field", "name the field");
  const other = value.type === "reference" ? value.field : field;
  const unknown = [field, other].find((each) => !isUdmField(each));
  if (unknown !== undefined) {
    return refuse(
      at,
      `"${unknown}" is no field of the Unified Data Model`,
      "rename the fields with a pipeline first, such as Image to target.process.file.full_path",
    );
  }
  const name = `${prefix}${field}`;
  assume(`${field} has one value an event: of several, Google SecOps takes any, below a NOT too`);
  switch (value.type) {
    case "text":
      return textTest(name, leaf, context);
    case "boolean":
      return value.value
        ? `${name} = true`
        : refuse(
            at,
            "in the Unified Data Model a truth that is absent is false",
            "ask for true, below a NOT",
          );
    case "number":
      assume(`${field} is a number in the Unified Data Model`);
      return value.value === 0 ? refuseZero(leaf, context) : `${name} = ${value.text}`;
    case "null":
    case "presence":
      assume(`${field} is a text in the Unified Data Model, empty only where the event has no value for it`);
      return `${name} ${value.type === "presence" && value.wanted ? "!=" : "="} ""`;
    case "regex": {
      const test = found(name, re2Expression(value, at, context), leaf, context);
      return takesEmptyText(value) ? `(${name} != "" and ${test})` : test;
    }
    case "network":
      return `net.ip_in_range_cidr(${name}, "${rangeText(value.network, at, "Google SecOps", context)}")`;
    case "comparison":
      if (value.part !== null) return found(name, writtenDate(leaf, "YARA-L", context), leaf, context);
      assume(`${field} is a number in the Unified Data Model`);
      if (compareNumbers(0, value.operator, value.value)) return refuseZero(leaf, context);
      return `${name} ${comparisons[value.operator]} ${value.value}`;
    case "date-part":
      return found(name, writtenDate(leaf, "YARA-L", context), leaf, context);
    case "reference": {
      if (value.part !== "whole") {
        return refuse(at, "Google SecOps compares two fields as a whole only", "compare with a value");
      }
      const [left, right] = [name, `${prefix}${value.field}`];
      const test = cased ? `${left} = ${right}` : `strings.to_lower(${left}) = strings.to_lower(${right})`;
      return `(${left} != "" and ${test})`;
    }
  }
}

function ruleName(title: string): string {
  const words = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
  return `sigma_${words.slice(0, 100)}`;
}

function conditionOf(prefix: string): Language["rule"] {
  return (query, context) => {
    if (context.source !== null) {
      return context.refuse(
        0,
        "Google SecOps searches all events: there is no source to choose",
        "give no source",
      );
    }
    return writeQuery(query, {
      and: "and",
      or: "or",
      not: ["not (", ")"],
      leaf: (leaf) => leafTest(leaf, prefix, context),
    });
  };
}

/** Writes a search over Google SecOps' events of the Unified Data Model. */
export const udmSearch: Language = {
  rule: conditionOf(""),
  correlation: "a search over the Unified Data Model finds events one by one",
};

interface Sections {
  readonly events: readonly string[];
  readonly match?: string;
  readonly condition: string;
}

function ruleText(title: string, { events, match, condition }: Sections): string {
  const lines = [
    `rule ${ruleName(title)} {`,
    "  events:",
    ...events.map((line) => `    ${line}`),
    ...(match === undefined ? [] : ["  match:", `    ${match}`]),
    "  condition:",
    `    ${condition}`,
    "}",
  ];
  return lines.join("\n");
}

const minutes: Readonly<Record<string, number>> = { s: 1 / 60, m: 1, h: 60, d: 24 * 60 };

/** Windows of a match are whole minutes, from one to 48 hours ("Match section syntax", limits). */
function windowOf(timespan: string, { refuse }: ConvertContext): string {
  const length = Number.parseInt(timespan, 10) * (minutes[timespan.slice(-1)] ?? NaN);
  if (Number.isInteger(length) && length >= 1 && length <= 48 * 60) return `${length}m`;
  return refuse(0, "a window of YARA-L has whole minutes, from 1m to 48h", "write another timespan");
}

/**
 * Writes a rule that counts the events of a group, or the values of a field that differ (`#`, "Condition section syntax").
 */
function correlation(
  { events, groupBy, counts, timespan }: CorrelationQuery,
  context: ConvertContext,
): string {
  const { refuse, assume } = context;
  if (counts.of === "rules") {
    return refuse(
      0,
      "Google's documentation does not say whether one event may stand for two rules of a YARA-L rule",
      "convert it to another language, or each rule by itself",
    );
  }
  if (groupBy.length === 0) {
    return refuse(0, "a rule of YARA-L that counts groups by one field at least", "add a field to group-by");
  }
  const fields = counts.of === "values" ? counts.fields : [];
  if (fields.length > 1) {
    return refuse(0, "YARA-L counts the values of one field, not combinations", "count one field");
  }
  assume(
    `The events of a group lie in one of the windows of ${timespan} that Google SecOps lets overlap: those that are spread over nearly all of it may lie in none`,
  );
  const variables = new Map([
    ...groupBy.map((field, index): [string, string] => [field, `$group_${index + 1}`]),
    ...fields.map((field): [string, string] => [field, "$value"]),
  ]);
  const text = conditionOf("$e.")(havingFields(events, [...variables.keys()]), context);
  const placeholders = [...variables].map(([field, variable]) => `$e.${field} = ${variable}`);
  const groups = groupBy.map((field) => variables.get(field) ?? "");
  return ruleText(context.title, {
    events: [text, ...placeholders],
    match: `${groups.join(", ")} over ${windowOf(timespan, context)}`,
    condition: counts.of === "events" ? `#e >= ${counts.least}` : `$e and #value >= ${counts.least}`,
  });
}

/** Writes a rule of YARA-L 2.0. */
export const yaraL: Language = {
  rule: (query, context) =>
    ruleText(context.title, { events: [conditionOf("$e.")(query, context)], condition: "$e" }),
  correlation,
  holdsTimespan: true,
};
