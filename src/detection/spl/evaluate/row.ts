import { EventView } from "../events/event-view.js";
import type { SplEvent } from "../events/spl-event.js";
import type { FieldValue } from "./values.js";

/** A row of results: an event with what commands wrote over it, or what an aggregation made. */
export class Row {
  /** What commands wrote; null is a field that was taken away. */
  readonly #written: Map<string, FieldValue | null>;

  constructor(
    private readonly event: EventView | null,
    /** Ids of the events that the row stems from. */
    readonly sources: readonly string[],
    written?: ReadonlyMap<string, FieldValue | null>,
  ) {
    this.#written = new Map(written);
  }

  static ofEvent(event: SplEvent): Row {
    return new Row(new EventView(event), [event.id]);
  }

  get(name: string): FieldValue | null {
    const written = this.#written.get(name);
    return written === undefined ? (this.event?.get(name) ?? null) : written;
  }

  set(name: string, value: FieldValue | null): void {
    this.#written.set(name, value);
  }

  /** Other names of the same sourcetype or source; null when there are none, or the query wrote the field itself. */
  alternatives(name: string): readonly string[] | null {
    return this.#written.has(name) ? null : (this.event?.alternatives(name) ?? null);
  }

  /** Sigma's category of the event; null when it is not known, or the row is no event. */
  get category(): string | null {
    return this.event?.event.logsource?.category ?? null;
  }

  /** The names of all fields that have a value, in the order in which they came to be. */
  names(): string[] {
    const names = (this.event?.names() ?? []).filter((name) => this.#written.get(name) !== null);
    for (const [name, value] of this.#written) {
      if (value !== null && !names.includes(name)) names.push(name);
    }
    return names;
  }

  copy(): Row {
    return new Row(this.event, this.sources, this.#written);
  }

  /** A row of the given fields only. */
  pick(names: readonly string[]): Row {
    const row = new Row(null, this.sources);
    for (const name of names) {
      const value = this.get(name);
      if (value !== null) row.set(name, value);
    }
    return row;
  }

  toRecord(): Record<string, FieldValue> {
    return Object.fromEntries(this.names().map((name) => [name, this.get(name) ?? ""]));
  }
}
