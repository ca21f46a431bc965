import { compileRegex } from "../../regex/index.js";
import type { ReferencePart } from "../../sigma/values.js";
import type { ConvertContext } from "../language.js";
import { holdsVersion4, networkText } from "../network-text.js";
import { expressionOf } from "../pattern-expression.js";
import { isPortable } from "../portable-expression.js";
import type { Leaf } from "../query-tree.js";
import { isCarried, literalsOf, shapeOf, type TextShape } from "../text-shape.js";
import { kqlName, kqlText } from "./literal.js";

const comparisons = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/** Operators that regard case; those without regard to it know the letters of ASCII only. */
const casedOperators = {
  equals: "==",
  startswith: "startswith_cs",
  endswith: "endswith_cs",
  contains: "contains_cs",
} as const satisfies Record<TextShape["place"], string>;

const foldedOperators = {
  ...casedOperators,
  equals: "=~",
  startswith: "startswith",
  endswith: "endswith",
  contains: "contains",
} as const;

const referenceOperators = {
  whole: casedOperators.equals,
  start: casedOperators.startswith,
  end: casedOperators.endswith,
  inside: casedOperators.contains,
} as const satisfies Record<ReferencePart, string>;

function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}

function textTest(name: string, { value, cased, at }: Leaf, context: ConvertContext): string {
  if (value.type !== "text") return "";
  const { pattern } = value;
  if (!isCarried(literalsOf(pattern))) {
    return context.refuse(
      at,
      "the value holds control characters, which no KQL query can carry",
      "write the value as a regular expression, with escapes",
    );
  }
  const shape = shapeOf(pattern);
  if (shape?.text === "") {
    return shape.place === "equals"
      ? context.refuse(
          at,
          "in Kusto a column of text is empty where the event has no value: the two cannot be told apart",
          "write null for no value, or leave the test out",
        )
      : `isnotempty(${name})`;
  }
  if (shape !== null && (cased || isAscii(shape.text))) {
    return `${name} ${(cased ? casedOperators : foldedOperators)[shape.place]} ${kqlText(shape.text)}`;
  }
  return `${name} matches regex ${kqlText(expressionOf(pattern, cased))}`;
}

function regexTest(name: string, { value, at }: Leaf, context: ConvertContext): string {
  if (value.type !== "regex") return "";
  if (!isPortable(value.source) || !isCarried(value.source)) {
    return context.refuse(
      at,
      "the regular expression holds what Kusto's dialect (RE2) reads otherwise or not at all",
      String.raw`write it with classes, plain groups, quantifiers below 1000 and the escapes \d \w \s \b \A \z \t \n \r \xHH`,
    );
  }
  if (/\\[dDwWsSbB]|\$/.test(value.source)) {
    context.assume(
      String.raw`Kusto's \d, \w, \s and \b decide on letters beyond ASCII, and its $ does not match before a line break at the end`,
    );
  }
  const flags = value.flags.size === 0 ? "" : `(?${[...value.flags].toSorted().join("")})`;
  const test = `${name} matches regex ${kqlText(`${flags}${value.source}`)}`;
  // An absent column is the empty text, which some expressions match.
  return compileRegex(value.source, value.flags).test("") ? `(isnotempty(${name}) and ${test})` : test;
}

function networkTest(
  name: string,
  { field, value, at }: Leaf,
  negated: boolean,
  context: ConvertContext,
): string {
  if (value.type !== "network") return "";
  const { network } = value;
  if (holdsVersion4(network)) {
    return context.refuse(
      at,
      "Kusto takes addresses of version 4 for addresses of this range",
      "write a range that ::ffff:0:0/96 is no part of",
    );
  }
  context.assume(`${field ?? ""} holds single addresses: Kusto takes a range in it for an address`);
  const call = `ipv${network.version}_is_in_range(${name}, "${networkText(network)}")`;
  // It is null for what is no address.
  return negated ? `coalesce(${call}, false)` : call;
}

/** A test as KQL says it: true or false, whatever the event has. */
export function kqlLeaf(leaf: Leaf, negated: boolean, context: ConvertContext): string {
  const { field, value, cased, at } = leaf;
  if (field === null) return keyword(leaf, negated, context);
  const name = kqlName(field);
  if (name === null) return refuseName(field, at, context);
  switch (value.type) {
    case "text":
      return textTest(name, leaf, context);
    case "number":
      context.assume(`${field} is a column of numbers`);
      return `${name} == ${value.text}`;
    case "boolean":
      return `tostring(${name}) =~ "${value.value}"`;
    case "null":
    case "presence":
      context.assume(`${field} is empty only where the event has no value for it`);
      return value.type === "presence" && value.wanted ? `isnotempty(${name})` : `isempty(${name})`;
    case "regex":
      return regexTest(name, leaf, context);
    case "network":
      return networkTest(name, leaf, negated, context);
    case "comparison": {
      if (value.part !== null) return refuseDates(leaf, context);
      context.assume(`${field} is a column of numbers`);
      const test = `${name} ${comparisons[value.operator]} ${value.value}`;
      return negated ? `(isnotnull(${name}) and ${test})` : test;
    }
    case "date-part":
      return refuseDates(leaf, context);
    case "reference": {
      const other = kqlName(value.field);
      if (other === null) return refuseName(value.field, at, context);
      const side = (each: string): string => (cased ? each : `tolower(${each})`);
      const test = `${side(name)} ${referenceOperators[value.part]} ${side(other)}`;
      return `(isnotempty(${name}) and isnotempty(${other}) and ${test})`;
    }
  }
}

function keyword({ value, cased, at }: Leaf, negated: boolean, context: ConvertContext): string {
  const shape = value.type === "text" ? shapeOf(value.pattern) : null;
  const isPlain =
    shape?.place === "contains" &&
    shape.text !== "" &&
    isCarried(shape.text) &&
    (cased || isAscii(shape.text));
  if (!isPlain || negated) {
    return context.refuse(
      at,
      "KQL looks for plain texts of ASCII in all columns only, and not below a NOT",
      "name the field",
    );
  }
  context.assume("Keywords are looked for in every column of the table");
  return `* ${(cased ? casedOperators : foldedOperators).contains} ${kqlText(shape.text)}`;
}

function refuseName(name: string, at: number, { refuse }: ConvertContext): string {
  return refuse(at, `no KQL query can carry the field name "${name}"`, "rename the field with a pipeline");
}

function refuseDates({ at }: Leaf, { refuse }: ConvertContext): string {
  return refuse(
    at,
    "KQL reads parts of dates from columns of dates only, and the rule does not say that the field is one",
    "write this part in KQL by hand, with hourofday(), dayofweek() or another such function",
  );
}
