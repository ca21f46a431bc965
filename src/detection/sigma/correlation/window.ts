import type { Correlation } from "./correlation.js";
import { Bag, makeMeasure, type Measure } from "./measure.js";

/** An event, or a match of another correlation, that counts in a group. */
export interface Entry {
  /** The event's id; made up for a match of a correlation. */
  readonly id: string;
  readonly time: number;
  /** Which of the counted rules it matched. */
  readonly rules: readonly number[];
  readonly values: readonly string[];
  readonly numbers: readonly number[];
  readonly carried: readonly (readonly string[])[];
  /** Null for an event. */
  readonly match: WindowMatch | null;
}

/** A window that met the condition. */
export interface WindowMatch {
  readonly window: GroupWindow;
  /** Time of the last entry. */
  readonly to: number;
  readonly value: number;
  /** The condition was met already in a window that ended at most a timespan before, and was reported as such. */
  readonly repeats: boolean;
  /** Values of the carried fields over the entries of the window. */
  readonly carried: readonly (readonly string[])[];
}

/** The window of one group of a correlation, which slides with the times of the entries. */
export class GroupWindow {
  readonly #measure: Measure;
  readonly #carried: readonly Bag<string>[];
  #entries: Entry[] = [];
  /** Index of the first entry in the window; those before it are kept for correlations that read this one. */
  #first = 0;
  #lastReported = -Infinity;

  constructor(
    readonly correlation: Correlation,
    readonly group: readonly string[],
    carriedCount: number,
  ) {
    this.#measure = makeMeasure(correlation);
    this.#carried = Array.from({ length: carriedCount }, () => new Bag<string>());
  }

  /**
   * Slides the window so that it ends at a time, and takes that time's entries. The window has the entries of the
   * timespan up to its end, both ends included. The match, or null when the condition is not met.
   */
  slide(time: number, entries: readonly Entry[]): WindowMatch | null {
    const oldest = time - this.correlation.tree.timespan;
    this.slideAway(time);
    for (const entry of entries) this.#entries.push(entry);
    this.#measure.add(entries, time);
    for (const [index, bag] of this.#carried.entries())
      for (const entry of entries) bag.add(entry.carried[index] ?? []);
    if (!this.#measure.holds()) return null;
    const repeats = this.#lastReported >= oldest;
    if (!repeats) this.#lastReported = time;
    const carried = this.#carried.map((bag) => [...bag.keys()]);
    return { window: this, to: time, value: this.#measure.value(), repeats, carried };
  }

  /** Slides the window so that it ends at a time at which nothing came. */
  slideAway(time: number): void {
    const oldest = time - this.correlation.tree.timespan;
    for (
      let entry = this.#entries[this.#first];
      entry !== undefined && entry.time < oldest;
      entry = this.#entries[this.#first]
    ) {
      this.#measure.remove(entry);
      for (const [index, bag] of this.#carried.entries()) bag.remove(entry.carried[index] ?? []);
      this.#first++;
    }
  }

  /** The number that the condition speaks of, for the window as it stands. */
  value(): number {
    return this.#measure.value();
  }

  /** Indices of the entries of the window that ends at a time: the first, and the one after the last. */
  rangeUntil(time: number): { from: number; until: number } {
    const from = this.#placeOf((each) => each >= time - this.correlation.tree.timespan);
    return { from, until: this.#placeOf((each) => each > time) };
  }

  /** The entries from one index to before another. */
  entriesIn(from: number, until: number): readonly Entry[] {
    return this.#entries.slice(from, until);
  }

  /** The time of the entry at an index. */
  timeAt(index: number): number {
    return this.#entries[index]?.time ?? NaN;
  }

  /** The entries of the window that ends at a time. */
  entriesUntil(time: number): readonly Entry[] {
    const { from, until } = this.rangeUntil(time);
    return this.entriesIn(from, until);
  }

  /** The entries of one time. */
  entriesAt(time: number): readonly Entry[] {
    return this.entriesIn(
      this.#placeOf((each) => each >= time),
      this.#placeOf((each) => each > time),
    );
  }

  /** Forgets what is older than a time, when that is much; what is in the window stays. */
  forget(time: number): void {
    const count = Math.min(
      this.#placeOf((each) => each >= time),
      this.#first,
    );
    // Cut in halves at least, so that each entry is moved a few times at most.
    if (count === 0 || count * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(count);
    this.#first -= count;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Index of the first entry whose time is reached; the times that are stand behind those that are not. */
  #placeOf(isReached: (time: number) => boolean): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isReached(this.timeAt(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
