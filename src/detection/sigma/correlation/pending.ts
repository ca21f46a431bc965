/** Things that wait for their time, taken out by time. They come nearly in order, so each is put in near the end. */
export class Pending<Item> {
  #times: number[] = [];
  #items: Item[] = [];
  #first = 0;

  add(time: number, item: Item): void {
    let low = this.#first;
    let high = this.#times.length;
    if ((this.#times[high - 1] ?? -Infinity) <= time) low = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] ?? Infinity) <= time) low = middle + 1;
      else high = middle;
    }
    this.#times.splice(low, 0, time);
    this.#items.splice(low, 0, item);
  }

  /** Takes out everything of the earliest time, when that is before a time; null when it is not. */
  takeBefore(end: number): { time: number; items: Item[] } | null {
    const time = this.#times[this.#first];
    if (time === undefined || time >= end) return null;
    const start = this.#first;
    while (this.#times[this.#first] === time) this.#first++;
    const items = this.#items.slice(start, this.#first);
    if (this.#first > 1024 || this.#first === this.#times.length) {
      this.#times = this.#times.slice(this.#first);
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return { time, items };
  }

  get size(): number {
    return this.#times.length - this.#first;
  }
}
