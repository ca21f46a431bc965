/** Reading what SIEMs keep, without believing more than is there. */

/**
 * The value at a dotted path, whether the document is nested, flat with dots in its names, or partly both; undefined when it is
 * not there. Of a list of one, its element: Elasticsearch's `fields` have every value as a list.
 */
export function fieldAt(fields: unknown, path: string): unknown {
  const value = rawAt(fields, path);
  return Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value;
}

function rawAt(fields: unknown, path: string): unknown {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return undefined;
  if (Object.hasOwn(fields, path)) return (fields as Record<string, unknown>)[path];
  for (let dot = path.indexOf("."); dot !== -1; dot = path.indexOf(".", dot + 1)) {
    const head = path.slice(0, dot);
    if (!Object.hasOwn(fields, head)) continue;
    const value = rawAt((fields as Record<string, unknown>)[head], path.slice(dot + 1));
    if (value !== undefined) return value;
  }
  return undefined;
}

/** A text; undefined for everything else. */
export function textAt(fields: unknown, path: string): string | undefined {
  const value = fieldAt(fields, path);
  return typeof value === "string" ? value : undefined;
}

/** A whole number, also where it is written as text; undefined for everything else. */
export function wholeAt(fields: unknown, path: string): number | undefined {
  const value = fieldAt(fields, path);
  const number = typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : undefined;
}

/** Milliseconds since 1970 of a date as text or number; undefined when it is none. */
export function timeAt(fields: unknown, path: string): number | undefined {
  const value = fieldAt(fields, path);
  if (typeof value === "number" && Number.isFinite(value)) return value;
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
