import { quoteText } from "../../spl/syntax/words.js";
import type { ConvertContext } from "../language.js";
import { networkText } from "../network-text.js";
import { expressionOf, withFlags } from "../pattern-expression.js";
import type { Leaf } from "../query-tree.js";
import { isCarried } from "../text-shape.js";

const operators = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/** A regular expression in which no backtick calls a macro; null when one stands behind a backslash. */
function withoutBackticks(source: string): string | null {
  if (!source.includes("`")) return source;
  return /\\`/.test(source) ? null : source.replaceAll("`", String.raw`\x60`);
}

/**
 * A test as the command `where` says it. What a NOT makes there of a function of an absent field is not documented: below a
 * NOT the test also asks whether the field is there.
 */
export function whereLeaf(leaf: Leaf, negated: boolean, context: ConvertContext): string {
  const { field, value, cased, at } = leaf;
  const name = `'${field ?? "_raw"}'`;
  const decided = (test: string): string => (negated ? `(isnotnull(${name}) AND ${test})` : test);
  switch (value.type) {
    case "text":
      return decided(`match(${name}, ${quoteText(expressionOf(value.pattern, cased))})`);
    case "number":
      return decided(`${name}=${value.text}`);
    case "boolean":
      return decided(`lower(${name})="${value.value}"`);
    case "null":
      return `isnull(${name})`;
    case "presence":
      return `${value.wanted ? "isnotnull" : "isnull"}(${name})`;
    case "regex": {
      const source = withoutBackticks(value.source);
      if (source === null || !isCarried(source)) {
        return context.refuse(
          at,
          "the regular expression holds an escaped backtick or a control character, which no SPL query can carry",
          String.raw`write the character as \x and its two hexadecimal digits`,
        );
      }
      return decided(`match(${name}, ${quoteText(withFlags(source, value.flags))})`);
    }
    case "network":
      return decided(`cidrmatch("${networkText(value.network)}", ${name})`);
    case "comparison":
      if (value.part !== null) return refuseDates(leaf, context);
      context.assume(`${field ?? "_raw"} has one value an event: Splunk does not compare several by size`);
      return `(isnum(${name}) AND ${name}${operators[value.operator]}${value.value})`;
    case "date-part":
      return refuseDates(leaf, context);
    case "reference": {
      if (value.part !== "whole") {
        return context.refuse(
          at,
          "SPL has no test for a field that starts with, ends with or contains another one's value",
          "compare the whole values, or write this part in SPL by hand",
        );
      }
      context.assume(`${field ?? "_raw"} and ${value.field} have one value an event`);
      const other = `'${value.field}'`;
      // Two texts that are numbers would be compared as numbers; the "=" before them makes them texts.
      const side = (each: string): string => `"=".${cased ? each : `lower(${each})`}`;
      const both = `isnotnull(${name}) AND isnotnull(${other})`;
      return `(${both} AND ${side(name)}=${side(other)})`;
    }
  }
}

function refuseDates({ at }: Leaf, { refuse }: ConvertContext): string {
  return refuse(
    at,
    "SPL reads no part of a date whose format it does not know",
    "compare date_hour, date_wday or another of Splunk's own fields in a rule for Splunk",
  );
}
