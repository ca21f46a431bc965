const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const CLOCK = String.raw`(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?`;
/** RFC 5424 with or without its version, and any RFC 3339. */
const ISO = new RegExp(String.raw`^(\d{4})-(\d\d)-(\d\d)[T ]${CLOCK}(Z|[+-]\d\d:?\d\d)?\s+`);
/** FRR: `2026/11/24 19:06:37.160617`. */
const SLASHES = new RegExp(String.raw`^(\d{4})\/(\d\d)\/(\d\d) ${CLOCK}\s+`);
/** RFC 3164 and what devices make of it: the year before or behind, a weekday before. */
const NAMED = new RegExp(
  String.raw`^(?:[A-Z][a-z]{2} )?(?:(\d{4}) )?([A-Z][a-z]{2}) +(\d{1,2}) (?:(\d{4}) )?${CLOCK}(?: (\d{4}))?(?: UTC| GMT)?(?=[\s:])`,
);

/** How far in the future a line may seem to be before its year is taken for the last one, in milliseconds. */
const AHEAD_MS = 36 * 3_600_000;

/**
 * The time at the beginning of a line of syslog, behind its priority, and what stands behind it; null when there is none. A
 * time that the device marks as not set (`*` or `.` before it, Cisco) is none.
 * @param utcOffsetMinutes of a clock that does not name its zone
 * @param now milliseconds since 1970: a time without a year is the last one that has passed
 */
export function lineTime(
  line: string,
  utcOffsetMinutes: number,
  now: number,
): { readonly time: number; readonly rest: string } | null {
  const text = line.replace(/^<\d{1,3}>(?:1 )?/, "");
  const numbered = ISO.exec(text) ?? SLASHES.exec(text);
  if (numbered !== null) {
    const [whole, year, month, day, hour, minute, second, fraction, zone] = numbered;
    const at = momentOf(Number(year), Number(month) - 1, day, hour, minute, second, fraction);
    const offset = zone === undefined ? utcOffsetMinutes : minutesOf(zone);
    return at === null ? null : { time: at - offset * 60_000, rest: text.slice(whole.length).trimStart() };
  }
  const named = NAMED.exec(text);
  if (named === null) return null;
  const [whole, before, name = "", day, middle, hour, minute, second, fraction, behind] = named;
  const month = MONTHS.indexOf(name.toLowerCase());
  if (month === -1) return null;
  const written = before ?? middle ?? behind;
  const year = written === undefined ? new Date(now).getUTCFullYear() : Number(written);
  const shift = utcOffsetMinutes * 60_000;
  const of = (one: number): number | null => momentOf(one, month, day, hour, minute, second, fraction);
  const at = of(year);
  const isAhead = written === undefined && (at === null || at - shift > now + AHEAD_MS);
  const moment = isAhead ? of(year - 1) : at;
  return moment === null ? null : { time: moment - shift, rest: text.slice(whole.length).trimStart() };
}

function momentOf(
  year: number,
  month: number,
  day = "",
  hour = "",
  minute = "",
  second = "",
  fraction = "0",
): number | null {
  const whole = Date.UTC(year, month, Number(day), Number(hour), Number(minute), Number(second));
  const back = new Date(whole);
  // Date.UTC takes the 30th of February for the 2nd of March.
  if (back.getUTCMonth() !== month || back.getUTCDate() !== Number(day)) return null;
  return Number(hour) > 23 || Number(minute) > 59 ? null : whole + Number(`0.${fraction}`) * 1000;
}

function minutesOf(zone: string): number {
  if (zone === "Z") return 0;
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
