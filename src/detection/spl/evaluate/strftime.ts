const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  ...["January", "February", "March", "April", "May", "June", "July"],
  ...["August", "September", "October", "November", "December"],
];

function pad(number: number, width: number, filler = "0"): string {
  return String(number).padStart(width, filler);
}

function zoneText(zone: number, colon: boolean): string {
  const sign = zone < 0 ? "-" : "+";
  const minutes = Math.abs(zone);
  return `${sign}${pad(Math.floor(minutes / 60), 2)}${colon ? ":" : ""}${pad(minutes % 60, 2)}`;
}

/** One conversion of a format; null for one that is not known. */
function convert(letter: string, date: Date, fraction: number, time: number, zone: number): string | null {
  switch (letter) {
    case "Y":
      return String(date.getUTCFullYear());
    case "y":
      return pad(date.getUTCFullYear() % 100, 2);
    case "m":
      return pad(date.getUTCMonth() + 1, 2);
    case "d":
      return pad(date.getUTCDate(), 2);
    case "e":
      return pad(date.getUTCDate(), 2, " ");
    case "H":
      return pad(date.getUTCHours(), 2);
    case "I":
      return pad(date.getUTCHours() % 12 === 0 ? 12 : date.getUTCHours() % 12, 2);
    case "p":
      return date.getUTCHours() < 12 ? "AM" : "PM";
    case "M":
      return pad(date.getUTCMinutes(), 2);
    case "S":
      return pad(date.getUTCSeconds(), 2);
    case "Q":
    case "3N":
    case "3Q":
      return pad(Math.floor(fraction * 1000), 3);
    case "6N":
    case "6Q":
      return pad(Math.floor(fraction * 1_000_000), 6);
    // Without a number %N is %9N, and %Q is %3Q (Search Reference, "Date and time format variables").
    case "N":
    case "9N":
    case "9Q":
      return pad(Math.floor(fraction * 1_000_000), 6).padEnd(9, "0");
    case "s":
      return String(Math.floor(time));
    case "a":
      return days[date.getUTCDay()]?.slice(0, 3) ?? "";
    case "A":
      return days[date.getUTCDay()] ?? "";
    case "b":
      return months[date.getUTCMonth()]?.slice(0, 3) ?? "";
    case "B":
      return months[date.getUTCMonth()] ?? "";
    case "w":
      return String(date.getUTCDay());
    case "j":
      return pad(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1, 3);
    case "F":
      return date.toISOString().slice(0, 10);
    case "T":
      return date.toISOString().slice(11, 19);
    case "R":
      return date.toISOString().slice(11, 16);
    case "z":
      return zoneText(zone, false);
    case ":z":
      return zoneText(zone, true);
    case "Z":
      return zone === 0 ? "UTC" : zoneText(zone, false);
    case "%":
      return "%";
    default:
      return null;
  }
}

const conversion = /%(:z|[369][NQ]|[\s\S]?)/g;

/** The first conversion of a format that is not known here; null when all are. */
export function unknownConversion(format: string): string | null {
  const epoch = new Date(0);
  for (const [whole, letter = ""] of format.matchAll(conversion)) {
    if (convert(letter, epoch, 0, 0, 0) === null) return whole;
  }
  return null;
}

/** A time as text. Seconds since 1970; the zone in minutes east of UTC. Null for a time that no date has. */
export function formatTime(time: number, format: string, zone: number): string | null {
  const whole = Math.floor(time);
  const date = new Date((whole + zone * 60) * 1000);
  if (Number.isNaN(date.getTime())) return null;
  // A double holds a time of today to about a ten-millionth of a second.
  const fraction = Math.round((time - whole) * 1e6) / 1e6;
  return format.replaceAll(
    conversion,
    (all, letter: string) => convert(letter, date, fraction, time, zone) ?? all,
  );
}

/** What each conversion reads, as an expression over its text. */
const readers: Readonly<Record<string, string>> = {
  ...{
    Y: "\\d{4}",
    y: "\\d{2}",
    m: "\\d{1,2}",
    d: "\\d{1,2}",
    e: "\\s?\\d{1,2}",
    H: "\\d{1,2}",
    I: "\\d{1,2}",
  },
  ...{
    p: "[AaPp][Mm]",
    M: "\\d{1,2}",
    S: "\\d{1,2}",
    N: "\\d{1,9}",
    Q: "\\d{1,9}",
    "3N": "\\d{3}",
    "3Q": "\\d{3}",
  },
  ...{
    "6N": "\\d{6}",
    "6Q": "\\d{6}",
    "9N": "\\d{9}",
    "9Q": "\\d{9}",
    s: "\\d{1,12}",
    b: "[A-Za-z]{3}",
    B: "[A-Za-z]{3,9}",
    a: "[A-Za-z]{3}",
  },
  ...{ A: "[A-Za-z]{6,9}", F: "\\d{4}-\\d{2}-\\d{2}", T: "\\d{2}:\\d{2}:\\d{2}", R: "\\d{2}:\\d{2}" },
  ...{ z: "(?:Z|[+-]\\d{2}:?\\d{2})", ":z": "(?:Z|[+-]\\d{2}:?\\d{2})", Z: "(?:UTC|GMT|Z)", "%": "%" },
};

/** The first conversion that cannot be read; null when all can. */
export function unreadableConversion(format: string): string | null {
  for (const [whole, letter = ""] of format.matchAll(conversion)) {
    if (!Object.hasOwn(readers, letter)) return whole;
  }
  return null;
}

/** The time that a text says in a format; null when it is not written so. Seconds since 1970. */
export function parseTime(text: string, format: string, zone: number): number | null {
  const letters: string[] = [];
  let pattern = "";
  let from = 0;
  for (const match of format.matchAll(conversion)) {
    const letter = match[1] ?? "";
    pattern += `${escapeExpression(format.slice(from, match.index))}(${readers[letter] ?? ""})`;
    letters.push(letter);
    from = match.index + match[0].length;
  }
  pattern += escapeExpression(format.slice(from));
  // Every part has a bounded length and no part nests another: the time is linear in the text.
  const found = new RegExp(`^${pattern}`).exec(text.trim());
  return found === null ? null : assemble(letters, found.slice(1), zone);
}

function escapeExpression(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&").replaceAll(/\s+/g, "\\s+");
}

function assemble(letters: readonly string[], values: readonly string[], zone: number): number | null {
  const parts = new Map<string, string>(letters.map((letter, index) => [letter, values[index] ?? ""]));
  const seconds = parts.get("s");
  if (seconds !== undefined) return Number(seconds);
  const [fullYear, fullMonth, fullDay] = (parts.get("F") ?? "").split("-");
  const [hours, minutes, secs] = (parts.get("T") ?? parts.get("R") ?? "").split(":");
  const short = parts.get("y");
  const year =
    fullYear ||
    parts.get("Y") ||
    (short === undefined ? "" : String(Number(short) + (Number(short) < 69 ? 2000 : 1900)));
  const named = (parts.get("b") ?? parts.get("B"))?.toLowerCase().slice(0, 3);
  const monthIndex =
    named === undefined
      ? Number(fullMonth ?? parts.get("m")) - 1
      : months.findIndex((each) => each.toLowerCase().startsWith(named));
  const dayOfMonth = Number(fullDay ?? parts.get("d") ?? parts.get("e") ?? NaN);
  // Splunk fills in today's date where the format has none; that depends on when the query runs.
  if (year === "" || Number.isNaN(monthIndex) || monthIndex < 0 || Number.isNaN(dayOfMonth)) return null;
  const half = parts.get("p")?.toLowerCase();
  let hour = Number(hours || parts.get("H") || parts.get("I") || 0);
  if (half !== undefined) hour = (hour % 12) + (half === "pm" ? 12 : 0);
  const fraction = ["N", "Q", "3N", "3Q", "6N", "6Q", "9N", "9Q"]
    .map((letter) => parts.get(letter))
    .find((digits) => digits !== undefined);
  const time = Date.UTC(
    Number(year),
    monthIndex,
    dayOfMonth,
    hour,
    Number(minutes || parts.get("M") || 0),
    Number(secs || parts.get("S") || 0),
  );
  if (Number.isNaN(time) || monthIndex > 11 || new Date(time).getUTCMonth() !== monthIndex) return null;
  return (
    time / 1000 +
    Number(`0.${fraction ?? "0"}`) -
    zoneOf(parts.get("z") ?? parts.get(":z") ?? (parts.has("Z") ? "Z" : null), zone) * 60
  );
}

function zoneOf(text: string | null, fallback: number): number {
  if (text === null) return fallback;
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(text);
  if (match === null) return 0;
  return (Number(match[2]) * 60 + Number(match[3])) * (match[1] === "-" ? -1 : 1);
}
