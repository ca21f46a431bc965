import type { DatePart } from "./values.js";

const datePattern = /^\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?/;

/** ISO 8601 week: that of the Thursday of the same week. */
function weekOf(year: number, month: number, day: number): number {
  const date = new Date(Date.UTC(year, month - 1, day));
  date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  const firstDay = Date.UTC(date.getUTCFullYear(), 0, 1);
  return Math.ceil(((date.getTime() - firstDay) / 86_400_000 + 1) / 7);
}

/**
 * A part of a date text such as `2026-11-24T03:50:56Z` or `2026-11-24 03:50`, as it is written: no time zone is
 * converted. Null when the text is no such date or lacks the part. Bare numbers are no dates: their unit is not known.
 */
export function datePartOf(text: string, part: DatePart): number | null {
  const match = datePattern.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0] = match.slice(1, 4).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31) return null;
  const clock = match[4] === undefined ? null : { hour: Number(match[4]), minute: Number(match[5]) };
  switch (part) {
    case "year":
      return year;
    case "month":
      return month;
    case "day":
      return day;
    case "week":
      return weekOf(year, month, day);
    case "hour":
    case "minute":
      return clock === null ? null : clock[part];
  }
}
