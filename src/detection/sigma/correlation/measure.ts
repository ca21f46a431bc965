import type { Condition } from "../condition.js";
import type { Correlation } from "./correlation.js";
import { ExactSum, Percentile } from "./numbers.js";
import { OrderedMeasure } from "./ordered.js";
import type { Entry } from "./window.js";
import { isWithin } from "./bounds.js";

/** A number over the entries of a window that slides: entries are added and removed in the order of their times. */
export interface Measure {
  /** Takes the entries of one time, after those that left the window were removed. */
  add(entries: readonly Entry[], time: number): void;
  remove(entry: Entry): void;
  /** The number that the condition speaks of, for the window that ends at the time of the last entries. */
  value(): number;
  /** Whether the window meets the condition. */
  holds(): boolean;
}

/** How often each key is in the window. */
export class Bag<Key> {
  readonly #counts = new Map<Key, number>();

  add(keys: Iterable<Key>): void {
    for (const key of keys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  remove(keys: Iterable<Key>): void {
    for (const key of keys) {
      const count = this.#counts.get(key) ?? 0;
      if (count > 1) this.#counts.set(key, count - 1);
      else this.#counts.delete(key);
    }
  }

  has(key: Key): boolean {
    return this.#counts.has(key);
  }

  count(key: Key): number {
    return this.#counts.get(key) ?? 0;
  }

  get size(): number {
    return this.#counts.size;
  }

  keys(): Iterable<Key> {
    return this.#counts.keys();
  }
}

abstract class Bounded implements Measure {
  constructor(protected readonly correlation: Correlation) {}
  abstract add(entries: readonly Entry[], time: number): void;
  abstract remove(entry: Entry): void;
  abstract value(): number;

  holds(): boolean {
    const { condition } = this.correlation.tree;
    return condition.type === "bounds" && isWithin(condition.bounds, this.value());
  }
}

class EventCount extends Bounded {
  #count = 0;

  add(entries: readonly Entry[]): void {
    this.#count += entries.length;
  }

  remove(): void {
    this.#count--;
  }

  value(): number {
    return this.#count;
  }
}

class ValueCount extends Bounded {
  readonly #values = new Bag<string>();

  add(entries: readonly Entry[]): void {
    for (const { values } of entries) this.#values.add(values);
  }

  remove({ values }: Entry): void {
    this.#values.remove(values);
  }

  value(): number {
    return this.#values.size;
  }
}

class Total extends Bounded {
  readonly #sum = new ExactSum();
  #count = 0;

  add(entries: readonly Entry[]): void {
    for (const { numbers } of entries) this.#change(numbers, 1);
  }

  remove({ numbers }: Entry): void {
    this.#change(numbers, -1);
  }

  value(): number {
    const sum = this.#sum.value();
    return this.correlation.tree.type === "value_avg" ? sum / this.#count : sum;
  }

  #change(numbers: readonly number[], sign: 1 | -1): void {
    for (const number of numbers) this.#sum.add(sign * number);
    this.#count += sign * numbers.length;
  }
}

class PercentileValue extends Bounded {
  readonly #numbers = new Percentile();

  add(entries: readonly Entry[]): void {
    for (const { numbers } of entries) for (const number of numbers) this.#numbers.add(number);
  }

  remove({ numbers }: Entry): void {
    for (const number of numbers) this.#numbers.remove(number);
  }

  value(): number {
    return this.#numbers.at(this.correlation.tree.percentile ?? 50);
  }
}

/** How many of the rules matched. */
class RulesSeen extends Bounded {
  readonly #rules = new Bag<number>();

  add(entries: readonly Entry[]): void {
    for (const { rules } of entries) this.#rules.add(rules);
  }

  remove({ rules }: Entry): void {
    this.#rules.remove(rules);
  }

  value(): number {
    return this.#rules.size;
  }

  override holds(): boolean {
    const { condition } = this.correlation.tree;
    return condition.type === "bounds" ? super.holds() : this.#satisfy(condition.expression);
  }

  #satisfy(condition: Condition): boolean {
    switch (condition.type) {
      case "and":
        return condition.operands.every((operand) => this.#satisfy(operand));
      case "or":
        return condition.operands.some((operand) => this.#satisfy(operand));
      case "identifier":
        return this.#rules.has(
          this.correlation.counted.findIndex(({ reference }) => reference === condition.name),
        );
      case "not":
      case "of":
        // The reader has refused both.
        throw new Error(`a correlation's condition with "${condition.type}"`);
    }
  }
}

/** The measure of a correlation's type, over an empty window. */
export function makeMeasure(correlation: Correlation): Measure {
  switch (correlation.tree.type) {
    case "event_count":
      return new EventCount(correlation);
    case "value_count":
      return new ValueCount(correlation);
    case "temporal":
      return new RulesSeen(correlation);
    case "temporal_ordered":
      return new OrderedMeasure(correlation);
    case "value_sum":
    case "value_avg":
      return new Total(correlation);
    case "value_percentile":
    case "value_median":
      return new PercentileValue(correlation);
  }
}
