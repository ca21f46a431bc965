import type { ReferencePart } from "../../sigma/values.js";
import { refuseName, type ConvertContext } from "../language.js";
import { rangeText } from "../network-text.js";
import { expressionOf } from "../pattern-expression.js";
import type { Leaf } from "../query-tree.js";
import { quotedText } from "../quoted-text.js";
import { portableExpression, takesEmptyText } from "../re2-expression.js";
import { shapeOf, type TextShape } from "../text-shape.js";
import { kqlName } from "./name.js";

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
    return `${name} ${(cased ? casedOperators : foldedOperators)[shape.place]} ${quotedText(shape.text)}`;
  }
  return `${name} matches regex ${quotedText(expressionOf(pattern, cased))}`;
}

function regexTest(name: string, { value, at }: Leaf, context: ConvertContext): string {
  if (value.type !== "regex") return "";
  if (/\\[dDwWsSbB]|\$/.test(value.source)) {
    context.assume(
      String.raw`Kusto's \d, \w, \s and \b decide on letters beyond ASCII, and its $ does not match before a line break at the end`,
    );
  }
  const test = `${name} matches regex ${quotedText(portableExpression(value, at, context))}`;
  // An absent column is the empty text, which some expressions match.
  return takesEmptyText(value) ? `(isnotempty(${name}) and ${test})` : test;
}

function networkTest(
  name: string,
  { field, value, at }: Leaf,
  negated: boolean,
  context: ConvertContext,
): string {
  if (value.type !== "network") return "";
  context.assume(`${field ?? ""} holds single addresses: Kusto takes a range in it for an address`);
  const range = rangeText(value.network, at, "Kusto", context);
  const call = `ipv${value.network.version}_is_in_range(${name}, "${range}")`;
  // It is null for what is no address.
  return negated ? `coalesce(${call}, false)` : call;
}

/** A test as KQL says it: true or false, whatever the event has. */
export function kqlLeaf(leaf: Leaf, negated: boolean, context: ConvertContext): string {
  const { field, value, cased, at } = leaf;
  if (field === null) return keyword(leaf, negated, context);
  const name = kqlName(field);
  if (name === null) return refuseName("KQL", field, at, context);
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
      if (other === null) return refuseName("KQL", value.field, at, context);
      const side = (each: string): string => (cased ? each : `tolower(${each})`);
      const test = `${side(name)} ${referenceOperators[value.part]} ${side(other)}`;
      return `(isnotempty(${name}) and isnotempty(${other}) and ${test})`;
    }
  }
}

/** A test of every column (Microsoft Learn, "search operator": `where * contains`, `where * matches regex`). */
function keyword(leaf: Leaf, negated: boolean, context: ConvertContext): string {
  const { value, at } = leaf;
  if (negated || (value.type !== "text" && value.type !== "regex")) {
    return context.refuse(
      at,
      "KQL looks for texts and regular expressions in all columns, and not below a NOT",
      "name the field",
    );
  }
  context.assume("Keywords are looked for in every column of the table");
  return value.type === "text" ? textTest("*", leaf, context) : regexTest("*", leaf, context);
}

function refuseDates({ at }: Leaf, { refuse }: ConvertContext): string {
  return refuse(
    at,
    "KQL reads parts of dates from columns of dates only, and the rule does not say that the field is one",
    "write this part in KQL by hand, with hourofday(), dayofweek() or another such function",
  );
}
