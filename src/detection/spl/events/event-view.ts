import type { FieldValue } from "../evaluate/values.js";
import { aliasOf } from "./aliases.js";
import { indexOfEvent, namesOfEvent, type Names } from "./sourcetypes.js";
import type { SplEvent } from "./spl-event.js";

const deepest = 32;

/** The scalars of a value, those of arrays one by one, as the texts that Splunk would have extracted. */
function collect(value: unknown, into: string[], depth: number): void {
  if (value === null || value === undefined || depth > deepest) return;
  if (Array.isArray(value)) for (const each of value) collect(each, into, depth + 1);
  else if (typeof value === "string") into.push(value);
  else if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") {
    into.push(String(value));
  }
}

function valuesAt(container: unknown, path: string, into: string[], depth: number): void {
  if (depth > deepest || typeof container !== "object" || container === null) return;
  if (Array.isArray(container)) {
    for (const each of container) valuesAt(each, path, into, depth + 1);
    return;
  }
  const record = container as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(record, path)) return collect(record[path], into, depth + 1);
  for (let dot = path.indexOf("."); dot !== -1; dot = path.indexOf(".", dot + 1)) {
    const head = path.slice(0, dot);
    if (Object.hasOwn(record, head)) valuesAt(record[head], path.slice(dot + 1), into, depth + 1);
  }
}

function asFieldValue(values: readonly string[]): FieldValue | null {
  const [only] = values;
  if (only === undefined) return null;
  return values.length === 1 ? only : values;
}

/** An event as queries see it: under its own names, those of the add-ons, and Splunk's own fields. */
export class EventView {
  readonly #fields = new Map<string, FieldValue | null>();
  #names: Names | null = null;
  #raw: string | null = null;

  constructor(readonly event: SplEvent) {}

  get(name: string): FieldValue | null {
    let value = this.#fields.get(name);
    if (value === undefined) this.#fields.set(name, (value = this.#find(name)));
    return value;
  }

  /** All names that the event's sourcetype or source goes by; null for other fields. */
  alternatives(name: string): readonly string[] | null {
    this.#names ??= namesOfEvent(this.event);
    if (name === "sourcetype") return this.#names.sourcetypes;
    return name === "source" ? this.#names.sources : null;
  }

  /** The names of the event's own fields; those of inner objects with dots. */
  names(): string[] {
    const names: string[] = [];
    const visit = (record: object, prefix: string, depth: number): void => {
      for (const [key, value] of Object.entries(record)) {
        const nested = typeof value === "object" && value !== null && !Array.isArray(value);
        if (nested && depth < deepest) visit(value, `${prefix}${key}.`, depth + 1);
        else if (this.get(`${prefix}${key}`) !== null) names.push(`${prefix}${key}`);
      }
    };
    visit(this.event.fields, "", 0);
    for (const name of ["_time", "_raw", "host", "source", "sourcetype", "index"]) {
      if (!names.includes(name) && this.get(name) !== null) names.push(name);
    }
    return names;
  }

  #find(name: string): FieldValue | null {
    const own = this.#internal(name) ?? this.#own(name);
    if (own !== null) return own;
    const alias = aliasOf(name);
    for (const from of alias?.from ?? []) {
      const value = from === "host" ? this.#internal(from) : this.#own(from);
      if (value === null) continue;
      const change = alias?.change;
      if (change === undefined) return value;
      return Array.isArray(value) ? value.map((each) => change(String(each))) : change(String(value));
    }
    return null;
  }

  #internal(name: string): FieldValue | null {
    const { event } = this;
    switch (name) {
      case "_time":
        return event.time === null ? null : event.time / 1000;
      case "_raw":
        return (this.#raw ??= event.raw ?? this.#rendered());
      case "index":
        return indexOfEvent(event);
      case "sourcetype":
      case "source":
        return this.alternatives(name)?.[0] ?? null;
      case "host":
        return event.host ?? this.#own("host") ?? this.#own("Computer") ?? this.#own("Hostname");
      default:
        return null;
    }
  }

  #own(name: string): FieldValue | null {
    const values: string[] = [];
    const { fields } = this.event;
    // Splunk writes the elements of a JSON array as `a{}.b`.
    const path = name.includes("{}") ? name.replaceAll("{}", "") : name;
    if (Object.hasOwn(fields, path)) collect(fields[path], values, 0);
    else if (path.includes(".")) valuesAt(fields, path, values, 0);
    return asFieldValue(values);
  }

  #rendered(): string {
    const lines: string[] = [];
    for (const name of Object.keys(this.event.fields)) {
      const values: string[] = [];
      collect(this.event.fields[name], values, 0);
      for (const value of values) lines.push(`${name}=${value}`);
    }
    return lines.join("\n");
  }
}
