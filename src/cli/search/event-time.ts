/** Where events of different forms say when they happened; the first that is there counts. */
const places: readonly (readonly string[])[] = [
  ["time"],
  ["@timestamp"],
  ["Event", "System", "TimeCreated", "#attributes", "SystemTime"],
  ["Event", "System", "TimeCreated", "@SystemTime"],
  ["Event", "System", "TimeCreated", "SystemTime"],
  ["UtcTime"],
  ["SystemTime"],
  ["TimeCreated"],
  ["EventTime"],
  ["eventTime"],
  ["timestamp"],
  ["_time"],
];

/** A time without a zone is UTC: event logs write it so. */
const zoneless = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/;

/** When an event happened, by what its document says: milliseconds since 1970; null when nothing tells. */
export function timeOf(document: unknown): number | null {
  for (const place of places) {
    const time = asTime(place.reduce<unknown>(inside, document));
    if (time !== null) return time;
  }
  return null;
}

function inside(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function asTime(value: unknown): number | null {
  if (typeof value === "number" && Number.isFinite(value) && value > 0) {
    // Seconds until the year 5138, milliseconds from 1973 on.
    return value < 1e11 ? value * 1000 : value;
  }
  if (typeof value !== "string") return null;
  const text = value.trim();
  const time = Date.parse(zoneless.test(text) ? `${text.replace(" ", "T")}Z` : text);
  return Number.isNaN(time) ? null : time;
}
