import type { Correlation } from "./correlation.js";
import { completingEvents } from "./sources.js";
import type { Entry } from "./window.js";

/**
 * How many of the rules matched in their order, from the first on. For each number of rules it keeps the latest start of
 * such a sequence, so no event is looked at twice.
 *
 * Events of the same time stand in whichever order fits: clocks of whole seconds do not tell. But no event serves twice,
 * and an event that a correlation counts does not follow that correlation.
 */
export class OrderedMeasure {
  readonly #starts: number[];
  #time = -Infinity;

  constructor(private readonly correlation: Correlation) {
    this.#starts = correlation.counted.map(() => -Infinity);
  }

  add(entries: readonly Entry[], time: number): void {
    this.#time = time;
    const before = [...this.#starts];
    const count = this.#starts.length;
    for (let first = 0; first < count; first++) {
      const start = first === 0 ? time : (before[first - 1] ?? -Infinity);
      if (start === -Infinity) continue;
      for (let last = first; last < Math.min(count, first + entries.length); last++) {
        if (start <= (this.#starts[last] ?? -Infinity)) continue;
        if (!this.#canServe(first, last, entries)) break;
        this.#starts[last] = start;
      }
    }
  }

  /** Nothing to do: a start that is too old is seen by its time. */
  remove(): void {}

  value(): number {
    const oldest = this.#time - this.correlation.tree.timespan;
    return this.#starts.filter((start) => start >= oldest).length;
  }

  holds(): boolean {
    return this.value() === this.#starts.length;
  }

  /** Whether entries of one time can serve the rules from one index to another, each an entry of its own. */
  #canServe(first: number, last: number, entries: readonly Entry[]): boolean {
    const { counted } = this.correlation;
    const correlations: number[] = [];
    for (let index = first; index <= last; index++) {
      if (!entries.some(({ rules }) => rules.includes(index))) return false;
      if (counted[index]?.type === "correlation") correlations.push(index);
    }
    // Which match stands for a correlation decides which events may follow it: each choice is tried.
    const chosen = new Map<number, Entry>();
    const choose = (next: number): boolean => {
      const index = correlations[next];
      if (index === undefined) return serveWithEvents(first, last, entries, chosen);
      return entries.some((entry) => {
        if (!entry.rules.includes(index)) return false;
        chosen.set(index, entry);
        return choose(next + 1);
      });
    };
    return choose(0);
  }
}

/** Whether the rules that are no correlations can be given an event each, beside the chosen matches (Kuhn's algorithm). */
function serveWithEvents(
  first: number,
  last: number,
  entries: readonly Entry[],
  chosen: ReadonlyMap<number, Entry>,
): boolean {
  const taken = new Map<Entry, number>();
  const followed = new Set<string>();
  const barred = new Map<number, ReadonlySet<string>>();
  for (let index = first; index <= last; index++) {
    const match = chosen.get(index)?.match;
    if (match !== undefined && match !== null) for (const id of completingEvents(match)) followed.add(id);
    else barred.set(index, new Set(followed));
  }
  const serve = (index: number, tried: Set<Entry>): boolean => {
    for (const entry of entries) {
      if (tried.has(entry) || !entry.rules.includes(index)) continue;
      if (barred.get(index)?.has(entry.id) === true) continue;
      tried.add(entry);
      const other = taken.get(entry);
      if (other === undefined || serve(other, tried)) {
        taken.set(entry, index);
        return true;
      }
    }
    return false;
  };
  return [...barred.keys()].every((index) => serve(index, new Set()));
}
