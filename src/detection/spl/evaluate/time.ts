const second = 1;
const minute = 60;
const hour = 3600;
const day = 86_400;

const units: Readonly<Record<string, string>> = {
  "": "s",
  ...{ s: "s", sec: "s", secs: "s", second: "s", seconds: "s" },
  ...{ m: "m", min: "m", minute: "m", minutes: "m" },
  ...{ h: "h", hr: "h", hrs: "h", hour: "h", hours: "h" },
  ...{ d: "d", day: "d", days: "d" },
  ...{
    w: "w",
    week: "w",
    weeks: "w",
    w0: "w0",
    w1: "w1",
    w2: "w2",
    w3: "w3",
    w4: "w4",
    w5: "w5",
    w6: "w6",
    w7: "w0",
  },
  ...{ mon: "mon", month: "mon", months: "mon" },
  ...{ q: "q", qtr: "q", qtrs: "q", quarter: "q", quarters: "q" },
  ...{ y: "y", yr: "y", yrs: "y", year: "y", years: "y" },
};

const seconds: Readonly<Record<string, number>> = { s: second, m: minute, h: hour, d: day, w: 7 * day };

/** Adds units to a time; months and years keep the day where the month has it. Seconds, in the zone's own clock. */
function shift(time: number, amount: number, unit: string): number | null {
  const fixed = seconds[unit.startsWith("w") ? "w" : unit];
  if (fixed !== undefined) return time + amount * fixed;
  const months = { mon: 1, q: 3, y: 12 }[unit];
  if (months === undefined) return null;
  const date = new Date(time * 1000);
  const dayOfMonth = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + amount * months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(dayOfMonth, last));
  return date.getTime() / 1000;
}

/** The start of the unit that a time is in. Seconds, in the zone's own clock. */
export function snap(time: number, unit: string): number | null {
  const date = new Date(Math.floor(time) * 1000);
  const week = /^w([0-6])?$/.exec(unit);
  if (week !== null) {
    const back = (date.getUTCDay() - Number(week[1] ?? 0) + 7) % 7;
    return Math.floor(time / day) * day - back * day;
  }
  const fixed = seconds[unit];
  if (fixed !== undefined) return Math.floor(time / fixed) * fixed;
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  switch (unit) {
    case "mon":
      return Date.UTC(year, month, 1) / 1000;
    case "q":
      return Date.UTC(year, month - (month % 3), 1) / 1000;
    case "y":
      return Date.UTC(year, 0, 1) / 1000;
    default:
      return null;
  }
}

/**
 * A time relative to another, such as `-24h@h`, `@d+2h` or `-1mon@mon` (Search Manual, "Specify time modifiers"); null
 * when the text is none. Seconds since 1970; the zone in minutes east of UTC counts for snapping.
 */
export function relativeTime(from: number, specifier: string, zone: number): number | null {
  const offset = zone * minute;
  let time: number | null = from + offset;
  let rest = specifier.trim();
  if (rest === "") return null;
  while (rest !== "" && time !== null) {
    const step = /^([+-])(\d{0,9})([a-z]*\d?)/i.exec(rest);
    const snapTo = /^@([a-z]+\d?)/i.exec(rest);
    const match: RegExpExecArray | null = step ?? snapTo;
    if (match === null) return null;
    const written = (snapTo?.[1] ?? step?.[3] ?? "").toLowerCase();
    const unit: string | undefined = Object.hasOwn(units, written) ? units[written] : undefined;
    if (unit === undefined || (snapTo !== null && written === "")) return null;
    const amount = step === null ? 0 : Number(step[2] === "" ? 1 : step[2]) * (step[1] === "-" ? -1 : 1);
    time = snapTo === null ? shift(time, amount, unit) : snap(time, unit);
    rest = rest.slice(match[0].length);
  }
  return time === null || !Number.isFinite(time) ? null : time - offset;
}

/** A bound of time as `earliest` and `latest` have it: relative, `now`, seconds since 1970, or `%m/%d/%Y:%H:%M:%S`. */
export function timeBound(value: string, now: number, zone: number): number | null {
  if (value === "now" || value === "now()") return now;
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value);
  const date = /^(\d{1,2})\/(\d{1,2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2})$/.exec(value);
  if (date !== null) {
    const [month = 0, dayOfMonth = 0, year = 0, hours = 0, minutes = 0, secs = 0] = date.slice(1).map(Number);
    return Date.UTC(year, month - 1, dayOfMonth, hours, minutes, secs) / 1000 - zone * minute;
  }
  return relativeTime(now, value, zone);
}

/** The unit behind a written one, such as `min` or `hours`; null for none. */
export function unitOf(written: string): string | null {
  return (Object.hasOwn(units, written) ? units[written] : undefined) ?? null;
}
