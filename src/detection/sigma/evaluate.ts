import { datePartOf } from "./date-part.js";
import type { EventView, FieldView } from "./event-view.js";
import { contains } from "./network.js";
import { mapLiterals, type Pattern } from "./pattern.js";
import { compileRegex } from "../regex/index.js";
import { compilePatterns } from "./text-list.js";
import { foldCase } from "./text.js";
import type { Comparison, ReferencePart, RuleValue } from "./values.js";

/** Whether a field, of which the view is given, has a value. */
export type ValueTest = (field: FieldView, event: EventView) => boolean;

/** Texts that are numbers. */
export const decimal = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i;

/** The number that an event's value is; null when it is none. */
export function numberOf(value: string | number | boolean | bigint): number | null {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" && decimal.test(value) ? Number(value) : null;
}

export function compareNumbers(left: number, operator: Comparison, right: number): boolean {
  switch (operator) {
    case "lt":
      return left < right;
    case "lte":
      return left <= right;
    case "gt":
      return left > right;
    case "gte":
      return left >= right;
  }
}

function standsIn(text: string, other: string, part: ReferencePart): boolean {
  switch (part) {
    case "whole":
      return text === other;
    case "start":
      return text.startsWith(other);
    case "end":
      return text.endsWith(other);
    case "inside":
      return text.includes(other);
  }
}

/** Like `some`, without the call for the one value that nearly every field has. */
function anyText(texts: readonly string[], matches: (text: string) => boolean): boolean {
  const [only] = texts;
  return texts.length === 1 && only !== undefined ? matches(only) : texts.some(matches);
}

/** The test for texts of which any may match. */
export function compileTexts(patterns: readonly Pattern[], cased: boolean): ValueTest {
  const fold = (text: string): string => (cased ? text : foldCase(text));
  const matches = compilePatterns(
    patterns.map((pattern) => mapLiterals(pattern, (text) => [{ type: "literal", text: fold(text) }])),
  );
  return cased ? (field) => anyText(field.texts, matches) : (field) => anyText(field.folded, matches);
}

/** The test for one meaning of a value. Every test is false for an absent field but those for null and absence. */
export function compileValue(value: RuleValue, cased: boolean): ValueTest {
  switch (value.type) {
    case "text":
      return compileTexts([value.pattern], cased);
    case "number": {
      const wanted = value.value;
      return (field) => field.scalars.some((scalar) => scalar === wanted || numberOf(scalar) === wanted);
    }
    case "boolean": {
      const wanted = String(value.value);
      return (field) => field.folded.includes(wanted);
    }
    case "null":
      return (field) => !field.filled;
    case "presence":
      return (field) => field.present === value.wanted;
    case "regex": {
      const regex = compileRegex(value.source, value.flags);
      return (field) => field.texts.some((text) => regex.test(text));
    }
    case "network":
      return (field) => field.texts.some((text) => contains(value.network, text));
    case "comparison": {
      const { operator, value: wanted, part } = value;
      return (field) =>
        field.scalars.some((scalar) => {
          const number = part === null ? numberOf(scalar) : datePartOf(String(scalar), part);
          return number !== null && compareNumbers(number, operator, wanted);
        });
    }
    case "date-part":
      return (field) => field.texts.some((text) => datePartOf(text, value.part) === value.value);
    case "reference":
      return (field, event) => {
        const other = event.field(value.field);
        const texts = cased ? field.texts : field.folded;
        const others = cased ? other.texts : other.folded;
        return texts.some((text) => others.some((each) => standsIn(text, each, value.part)));
      };
  }
}
