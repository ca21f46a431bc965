import { kindOf, ModifierProblem, type Comparison, type DatePart, type Modifier } from "../values.js";

function compare(operator: Comparison): Modifier {
  return (value) => {
    if (value.type === "number") return [{ type: "comparison", operator, value: value.value, part: null }];
    if (value.type === "date-part")
      return [{ type: "comparison", operator, value: value.value, part: value.part }];
    throw new ModifierProblem(
      "modifier-type",
      `"${operator}" needs a number, not ${kindOf(value)}`,
      value.type === "text" ? "numbers stand without quotes" : "",
    );
  };
}

function datePart(part: DatePart, least: number, most: number): Modifier {
  return (value, { before }) => {
    if (value.type !== "number" || before.length > 0) {
      throw new ModifierProblem(
        "modifier-type",
        `"${part}" needs a number, not ${kindOf(value)}, and stands first`,
        "",
      );
    }
    if (!Number.isInteger(value.value) || value.value < least || value.value > most) {
      throw new ModifierProblem("value-range", `"${part}" takes a number from ${least} to ${most}`, "");
    }
    return [{ type: "date-part", part, value: value.value }];
  };
}

/** Comparisons of numbers, and of parts of a date as the event writes it: no time zone is converted. */
export const numericModifiers: Readonly<Record<string, Modifier>> = {
  lt: compare("lt"),
  lte: compare("lte"),
  gt: compare("gt"),
  gte: compare("gte"),
  minute: datePart("minute", 0, 59),
  hour: datePart("hour", 0, 23),
  day: datePart("day", 1, 31),
  // ISO 8601 weeks; some years have 53.
  week: datePart("week", 1, 53),
  month: datePart("month", 1, 12),
  year: datePart("year", 0, 9999),
};
