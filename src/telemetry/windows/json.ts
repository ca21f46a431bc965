/** An object of JSON, as shippers nest them. */
export type Json = Readonly<Record<string, unknown>>;

/** The value when it is an object and no list; else null. */
export function asObject(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

/** The object under a key; null when there is none. */
export function objectAt(object: Json, key: string): Json | null {
  return Object.hasOwn(object, key) ? asObject(object[key]) : null;
}

/** A scalar as text; null for what is absent, null, a list or an object. */
export function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}

/** A whole number written in decimal or as `0x` and hexadecimal digits; null for anything else, also for what is not kept exactly. */
export function integerOf(value: unknown): number | null {
  const text = textOf(value)?.trim() ?? "";
  if (!/^(?:\d{1,16}|0x[0-9a-fA-F]{1,14})$/.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : null;
}
