import { compareNumbers } from "../../sigma/evaluate.js";
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
export function refuseZero({ at }: Pick<Leaf, "at">, { refuse }: ConvertContext): string {
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

/** Refuses a field that the Unified Data Model does not have; null when it has it. */
export function refuseField(field: string, at: number, { refuse }: ConvertContext): string | null {
  return isUdmField(field)
    ? null
    : refuse(
        at,
        `"${field}" is no field of the Unified Data Model`,
        "rename the fields with a pipeline first, such as Image to target.process.file.full_path",
      );
}

function leafTest(leaf: Leaf, prefix: string, context: ConvertContext): string {
  const { field, value, cased, at } = leaf;
  const { refuse, assume } = context;
  if (field === null) return refuse(at, "Google SecOps has no test over every field", "name the field");
  const other = value.type === "reference" ? value.field : field;
  const unknown = refuseField(field, at, context) ?? refuseField(other, at, context);
  if (unknown !== null) return unknown;
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

/** Writes the tests of events of the Unified Data Model, whose fields have a prefix such as `$e.`. */
export function conditionOf(prefix: string): Language["rule"] {
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
