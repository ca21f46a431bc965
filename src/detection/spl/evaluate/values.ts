import { isIPv4 } from "node:net";

/** What a field of a row may hold. An absent field is null. Fields of events are texts, also where they are numbers. */
export type FieldValue = string | number | readonly (string | number)[];

/** What an expression may give. A function that tests something absent gives null: neither true nor false. */
export type Value = FieldValue | boolean | null;

const numeric = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/;

/** The number that a text is; null when it is none. */
export function numberOfText(text: string): number | null {
  if (!numeric.test(text)) return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/** A number as Splunk writes it: at most fifteen digits that count. */
export function textOfNumber(number: number): string {
  return Number.isInteger(number) && Math.abs(number) < 1e15
    ? String(number)
    : String(Number(number.toPrecision(15)));
}

export function textOfScalar(value: string | number): string {
  return typeof value === "number" ? textOfNumber(value) : value;
}

/** The values of a field, one by one. */
export function scalarsOf(value: FieldValue | null): readonly (string | number)[] {
  if (value === null) return [];
  return typeof value === "object" ? value : [value];
}

/** The texts of a field, one by one. */
export function textsOf(value: FieldValue | null): readonly string[] {
  return scalarsOf(value).map(textOfScalar);
}

export function numberOf(value: string | number): number | null {
  return typeof value === "number" ? value : numberOfText(value);
}

/** No value, one value or several as a field holds them. */
export function fieldValueOf(values: readonly (string | number)[]): FieldValue | null {
  const [only] = values;
  if (only === undefined) return null;
  return values.length === 1 ? only : values;
}

/** By code points, as bytes of UTF-8 order. */
export function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  const lefts = [...left];
  const rights = [...right];
  for (const [index, character] of lefts.entries()) {
    const other = rights[index];
    if (other === undefined) return 1;
    if (character !== other) return (character.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0);
  }
  return -1;
}

/** Numbers by size when both are numbers, else texts. */
export function compareScalars(left: string | number, right: string | number): number {
  const leftNumber = numberOf(left);
  const rightNumber = numberOf(right);
  if (leftNumber !== null && rightNumber !== null) return leftNumber - rightNumber;
  return compareTexts(textOfScalar(left), textOfScalar(right));
}

/** The number of an IPv4 address, for ordering; null for other texts. */
export function addressNumber(text: string): number | null {
  if (!isIPv4(text)) return null;
  return text.split(".").reduce((number, part) => number * 256 + Number(part), 0);
}

/** Whether two values that compare so (less than 0, 0, more than 0) satisfy a comparison. */
export function isOrdered(operator: "=" | "!=" | "<" | "<=" | ">" | ">=", order: number): boolean {
  switch (operator) {
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}
