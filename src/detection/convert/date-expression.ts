import type { Comparison, DatePart } from "../sigma/values.js";
import { compareNumbers } from "../sigma/evaluate.js";
import type { ConvertContext } from "./language.js";
import type { Leaf } from "./query-tree.js";

/** What the rule's matcher takes: it checks months and days, and reads any two digits for hours and minutes. */
const ranges = { minute: [0, 99], hour: [0, 99], day: [1, 31], month: [1, 12] } as const;

function twoDigits(part: keyof typeof ranges, isTaken: (number: number) => boolean): string | null {
  const [least, most] = ranges[part];
  const numbers = Array.from({ length: most - least + 1 }, (_, index) => least + index).filter(isTaken);
  return numbers.length === 0
    ? null
    : `(${numbers.map((number) => String(number).padStart(2, "0")).join("|")})`;
}

/**
 * A regular expression for texts of dates, such as 2026-11-24T03:50, of which a part compares as wanted; `equal` for the
 * part itself. Null for weeks, for ranges of years, and when no date is such.
 */
export function dateExpression(
  part: DatePart,
  operator: Comparison | "equal",
  wanted: number,
): string | null {
  if (part === "week" || (part === "year" && operator !== "equal")) return null;
  const isWanted = (number: number): boolean =>
    operator === "equal" ? number === wanted : compareNumbers(number, operator, wanted);
  const digits = (name: keyof typeof ranges): string | null =>
    twoDigits(name, name === part ? isWanted : () => true);
  const [month, day, wantedDigits] = [digits("month"), digits("day"), part === "year" ? "" : digits(part)];
  if (month === null || day === null || wantedDigits === null) return null;
  const date = `^\\s*${part === "year" ? String(wanted).padStart(4, "0") : "[0-9]{4}"}-${month}-${day}`;
  if (part === "hour") return `${date}[T ]${wantedDigits}:[0-9]{2}`;
  return part === "minute" ? `${date}[T ][0-9]{2}:${wantedDigits}` : date;
}

/** The same for a test of a part of a date; refused when there is no such expression. */
export function writtenDate({ value, at }: Leaf, language: string, { refuse }: ConvertContext): string {
  const expression =
    value.type === "date-part"
      ? dateExpression(value.part, "equal", value.value)
      : value.type === "comparison" && value.part !== null
        ? dateExpression(value.part, value.operator, value.value)
        : null;
  return (
    expression ??
    refuse(at, `${language} reads this part of a date from no text`, "test another part of the date")
  );
}
