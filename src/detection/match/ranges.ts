import type { FoldedText } from "./folded-text.js";

/** Parts of a folded text: whole values, each with the bounds before and after it. Used again for each text. */
export class Ranges {
  /** Where a part begins and the place after it, one after the other. */
  places = new Int32Array(64);
  /** How many parts there are. */
  count = 0;

  /** @param read by number of a key: 1 when its values are wanted; null for all values */
  select({ length, numbering, values, ends, keys }: FoldedText, read: Uint8Array | null): void {
    this.count = 0;
    if (numbering === null || read === null) {
      this.#add(0, length);
      return;
    }
    let start = 1;
    for (let value = 0; value < values; value++) {
      const end = ends[value] as number;
      if (read[keys[value] as number] === 1) this.#add(start - 1, end);
      start = end;
    }
  }

  /** Values that follow one another are one part: the bound between them is that of both. */
  #add(from: number, to: number): void {
    const last = this.count * 2 - 1;
    if (this.count > 0 && this.places[last] === from + 1) {
      this.places[last] = to;
      return;
    }
    if (last + 2 >= this.places.length) {
      const grown = new Int32Array(this.places.length * 2);
      grown.set(this.places);
      this.places = grown;
    }
    this.places[last + 1] = from;
    this.places[last + 2] = to;
    this.count++;
  }
}
