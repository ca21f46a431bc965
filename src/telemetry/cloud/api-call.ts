/** One call that the API of a cloud says it was given. */
export interface ApiCall {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The log's own id of the record, where it has one: a record may be delivered twice. */
  readonly id?: string;
  /** The caller, by the id that cannot be another's; null when the log does not tell. */
  readonly principal: string | null;
  /** Fields by the names that rules use: those of the log, nested ones with dots. */
  readonly fields: Readonly<Record<string, string | number>>;
}

/** What a line of an API's log is: calls (none for other messages), or null when it is no line of it. */
export type ApiLine = readonly ApiCall[] | null;

/** Reads one kind of log, line by line, in its order. */
export type ApiLogReader = (line: string) => ApiLine;

export type Json = Readonly<Record<string, unknown>>;

/** The JSON object that a text is, or null. */
export function jsonObject(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object that stands below a name; an empty one where there is none. */
export function below(record: Json, name: string): Json {
  const value = record[name];
  return isObject(value) ? value : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Milliseconds since 1970 of an ISO 8601 time that names its zone, else of no time. */
export function timeOf(value: unknown): number | null {
  if (typeof value !== "string" || !/(?:Z|[+-]\d\d:?\d\d)$/.test(value)) return null;
  const time = Date.parse(value.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  return Number.isNaN(time) ? null : time;
}

/** Numbers, texts and truth values with the dotted path to each; lists are one text of their values. */
export function flat(record: Json, prefix = ""): Record<string, string | number> {
  const found: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(record)) {
    const path = `${prefix}${name}`;
    if (typeof value === "string" || typeof value === "number") found[path] = value;
    else if (typeof value === "boolean") found[path] = String(value);
    else if (isObject(value)) Object.assign(found, flat(value, `${path}.`));
    else if (Array.isArray(value)) found[path] = JSON.stringify(value);
  }
  return found;
}

/** Fields without those that the log did not have. */
export function known(
  fields: Readonly<Record<string, string | number | undefined>>,
): Record<string, string | number> {
  const entries = Object.entries(fields).filter(
    (entry): entry is [string, string | number] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}
