import type { RuleEvent } from "../rule.js";
import { foldCase } from "./text.js";

/** What an event has under a field name, made ready for comparison. */
export class FieldView {
  #texts: readonly string[] | null = null;
  #folded: readonly string[] | null = null;

  constructor(
    /** The event has the key, whatever its value. */
    readonly present: boolean,
    /** Texts, numbers and booleans; those of an array one by one. */
    readonly scalars: readonly (string | number | boolean | bigint)[],
    /** There is a value other than null: a scalar or an object. */
    readonly filled: boolean,
  ) {}

  get texts(): readonly string[] {
    this.#texts ??= this.scalars.map(String);
    return this.#texts;
  }

  get folded(): readonly string[] {
    this.#folded ??= this.texts.map(foldCase);
    return this.#folded;
  }
}

const absent = new FieldView(false, [], false);
const deepest = 64;

function collect(
  value: unknown,
  into: (string | number | boolean | bigint)[],
  objects: boolean,
  depth: number,
): boolean {
  if (value === null || value === undefined || depth > deepest) return false;
  if (typeof value === "object") {
    if (!Array.isArray(value) && !objects) return true;
    let filled = false;
    for (const inner of Array.isArray(value) ? value : Object.values(value)) {
      filled = collect(inner, into, objects, depth + 1) || filled;
    }
    return filled;
  }
  if (
    typeof value === "string" ||
    typeof value === "number" ||
    typeof value === "boolean" ||
    typeof value === "bigint"
  ) {
    into.push(value);
    return true;
  }
  return false;
}

function viewOfValues(values: readonly unknown[]): FieldView {
  const scalars: (string | number | boolean | bigint)[] = [];
  let filled = false;
  for (const value of values) filled = collect(value, scalars, false, 0) || filled;
  return new FieldView(true, scalars, filled);
}

/** Values under the rest of a dotted path. Keys may hold dots themselves; each element of an array is looked into. */
function valuesAt(container: unknown, path: string, depth: number): unknown[] {
  if (depth > deepest || typeof container !== "object" || container === null) return [];
  if (Array.isArray(container)) return container.flatMap((element) => valuesAt(element, path, depth + 1));
  const record = container as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(record, path)) return [record[path]];
  for (let dot = path.indexOf("."); dot !== -1; dot = path.indexOf(".", dot + 1)) {
    const head = path.slice(0, dot);
    if (!Object.hasOwn(record, head)) continue;
    const values = valuesAt(record[head], path.slice(dot + 1), depth + 1);
    if (values.length > 0) return values;
  }
  return [];
}

let views = 0;

/** An event as rules see it: values by field, folded once however many rules read them. */
export class EventView {
  /** No other view has it. */
  readonly number = views++;
  readonly #fields = new Map<string, FieldView>();
  #everything: FieldView | null = null;

  constructor(readonly event: RuleEvent) {}

  field(name: string): FieldView {
    let view = this.#fields.get(name);
    if (view === undefined) {
      const { fields } = this.event;
      const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (value !== undefined) view = viewOfValues([value]);
      else {
        const values = name.includes(".") ? valuesAt(fields, name, 0) : [];
        view = values.length === 0 ? absent : viewOfValues(values);
      }
      this.#fields.set(name, view);
    }
    return view;
  }

  /** Every scalar of the event, for keywords. */
  everything(): FieldView {
    if (this.#everything === null) {
      const scalars: (string | number | boolean | bigint)[] = [];
      collect(this.event.fields, scalars, true, 0);
      this.#everything = new FieldView(true, scalars, scalars.length > 0);
    }
    return this.#everything;
  }
}

let last: EventView | null = null;

/** The view of an event. The last is kept: rules are tried one after the other on the same event. Events do not change. */
export function viewOf(event: RuleEvent): EventView {
  if (last?.event !== event) last = new EventView(event);
  return last;
}
