import { textOf, type Json } from "./json.js";

const instant = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z| UTC| ?[+-]\d\d:?\d\d)$/;
const utc = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?$/;

/**
 * Milliseconds since 1970 of a time that says its zone, with a fraction where it is that exact; null for any other text.
 * Windows writes up to 100 ns, of which a number keeps a quarter of a microsecond.
 */
export function timeOfText(text: string): number | null {
  const found = instant.exec(text.trim());
  if (found === null) return null;
  const [, date = "", time = "", fraction = "", zone = ""] = found;
  const offset = zone === "Z" || zone === " UTC" ? "Z" : zone.trim().replace(/^(...)(\d\d)$/, "$1:$2");
  const seconds = Date.parse(`${date}T${time}${offset}`);
  return Number.isNaN(seconds) ? null : seconds + Number(`0.${fraction || "0"}`) * 1000;
}

/** When an event of Windows was logged, by its fields; Sysmon's own time, which is UTC, where that is not told. */
export function windowsTime(fields: Json): number | null {
  const logged = timeOfText(textOf(fields["TimeCreated_SystemTime"]) ?? "");
  if (logged !== null) return logged;
  const own = (textOf(fields["UtcTime"]) ?? "").trim();
  return utc.test(own) ? timeOfText(`${own} UTC`) : null;
}
