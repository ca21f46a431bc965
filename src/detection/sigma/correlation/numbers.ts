/**
 * A sum that numbers can be taken out of again: exact, and rounded only when it is read. What is kept are parts that do not
 * overlap (Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997, "Grow-Expansion").
 */
export class ExactSum {
  #parts: number[] = [];

  add(number: number): void {
    let rest = number;
    const parts: number[] = [];
    for (const part of this.#parts) {
      const sum = rest + part;
      const partOfSum = sum - rest;
      const error = rest - (sum - partOfSum) + (part - partOfSum);
      if (error !== 0) parts.push(error);
      rest = sum;
    }
    if (rest !== 0) parts.push(rest);
    this.#parts = parts;
  }

  /** The sum, correctly rounded: the same whatever came and went before. */
  value(): number {
    const parts = this.#parts;
    let next = parts.length - 1;
    let sum = parts[next] ?? 0;
    let error = 0;
    while (error === 0 && next > 0) {
      next--;
      const part = parts[next] ?? 0;
      const before = sum;
      sum = before + part;
      error = part - (sum - before);
    }
    // Halfway between two numbers the smaller parts decide.
    const rest = next > 0 ? (parts[next - 1] ?? 0) : 0;
    if ((error < 0 && rest < 0) || (error > 0 && rest > 0)) {
      const away = sum + error * 2;
      if (away - sum === error * 2) sum = away;
    }
    return sum;
  }
}

/** Numbers in order, of which any percentile can be read. */
export class Percentile {
  readonly #sorted: number[] = [];

  add(number: number): void {
    this.#sorted.splice(this.#placeOf(number), 0, number);
  }

  remove(number: number): void {
    const place = this.#placeOf(number);
    if (this.#sorted[place] === number) this.#sorted.splice(place, 1);
  }

  /** The value at a percentile from 0 to 100, on the straight line between the two nearest numbers; NaN of none. */
  at(percentile: number): number {
    const rank = (percentile / 100) * (this.#sorted.length - 1);
    const below = this.#sorted[Math.floor(rank)] ?? NaN;
    const above = this.#sorted[Math.ceil(rank)] ?? NaN;
    return below === above ? below : below + (above - below) * (rank - Math.floor(rank));
  }

  #placeOf(number: number): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] ?? Infinity) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
