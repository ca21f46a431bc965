import { BOUND, OTHER, OTHER_TEXT, type FoldedText } from "./folded-text.js";
import type { Ranges } from "./ranges.js";

/**
 * Finds which of many literals stand in a text. Each literal is filed under one of its grams (four letters that follow one
 * another), one that few texts and literals have. The text's grams are looked up one after the other in a bit map that
 * stays in the processor's near cache, and only where one is in it the literals filed under it are compared. A literal of
 * three letters is filed under all grams that end with it.
 */

const bitsOfLetter = 6;
const letterCount = 1 << bitsOfLetter;
const gramMask = (1 << (4 * bitsOfLetter)) - 1;
const spread = 0x9e3779b1;

/**
 * Grams are too many for a table of their own: several share a slot, and the comparison tells them apart. The bits of a slot's
 * number: enough for few literals to share one, and for the bit map to stay near.
 */
function slotBitsFor(literalCount: number): number {
  return Math.min(19, Math.max(10, Math.ceil(Math.log2(literalCount + 1)) + 5));
}

function slotOf(gram: number, bits: number): number {
  return Math.imul(gram, spread) >>> (32 - bits);
}

/** By byte: its letter, of 64. Rare characters share one; the comparison tells them apart. */
const letterOf: Uint8Array = (() => {
  const own = "abcdefghijklmnopqrstuvwxyz0123456789 \\/.-_:\"'=(),|$%&+*?<>;@!";
  const letters = new Uint8Array(256).fill(63);
  for (let index = 0; index < own.length; index++) letters[own.charCodeAt(index)] = index;
  letters[BOUND] = 61;
  letters[OTHER] = 62;
  return letters;
})();

/** How often texts have the grams of a slot, for an index of so many literals. */
export class GramCounts {
  readonly bits: number;
  readonly slots: Uint32Array;

  constructor(literalCount: number) {
    this.bits = slotBitsFor(literalCount);
    this.slots = new Uint32Array(1 << this.bits);
  }

  /** Counts the grams of parts of a text, so that an index can be made for texts like it. */
  add({ bytes }: FoldedText, { places, count }: Ranges): void {
    for (let range = 0; range < count; range++) {
      const to = places[range * 2 + 1] as number;
      let gram = 0;
      for (let at = places[range * 2] as number; at < to; at++) {
        gram = ((gram << bitsOfLetter) | letterAt(bytes, at)) & gramMask;
        (this.slots[slotOf(gram, this.bits)] as number)++;
      }
    }
  }
}

function letterAt(bytes: Uint8Array, at: number): number {
  return letterOf[bytes[at] as number] as number;
}

/** The letters of a literal up to a place, four at most, as a number. */
function gramAt(literal: Uint8Array, end: number): number {
  let gram = 0;
  for (let at = Math.max(0, end - 3); at <= end; at++) gram = (gram << bitsOfLetter) | letterAt(literal, at);
  return gram;
}

export class GramIndex {
  readonly #bits: number;
  /** Slots that have entries. */
  readonly #bitmap: Int32Array;
  /** By slot: the first of its entries; the next slot's first is after its last. */
  readonly #first: Int32Array;
  /** Literals, each with how far before the end of its gram it starts, its length, and its first and its last byte. */
  readonly #entries: Int32Array;
  /** By literal: where it stands in the pool. */
  readonly #starts: Int32Array;
  readonly #pool: Uint8Array;
  /** Literals that are OTHER alone. */
  readonly #others: readonly number[];
  /** By literal: the number of the last text that it was found in. */
  readonly found: Int32Array;
  /** Literals found in the last text; the first `hitCount` count. */
  readonly hits: Int32Array;
  hitCount = 0;
  /** The number of the last text. */
  text = 0;

  /** @param literals folded, each of three letters or more, or OTHER. @param seen grams of texts that are like those to come */
  constructor(literals: readonly string[], seen: GramCounts = new GramCounts(literals.length)) {
    const { bits } = seen;
    this.#bits = bits;
    this.#bitmap = new Int32Array((1 << bits) / 32);
    this.#first = new Int32Array((1 << bits) + 1);
    const bytes = literals.map((literal) => Buffer.from(literal, "latin1"));
    this.#pool = Buffer.concat(bytes);
    this.#starts = new Int32Array(literals.length + 1);
    const filed = new Uint32Array(1 << bits);
    for (const [index, each] of bytes.entries()) {
      this.#starts[index + 1] = (this.#starts[index] as number) + each.length;
      for (let end = 3; end < each.length; end++) (filed[slotOf(gramAt(each, end), bits)] as number)++;
    }
    const ends = bytes.map((each) => filingOf(each, seen, filed));
    this.#others = literals.flatMap((literal, index) => (literal === OTHER_TEXT ? [index] : []));
    const slots = bytes.map((each, index) => slotsOf(each, ends[index] as number, bits));
    this.#entries = new Int32Array(slots.reduce((sum, each) => sum + each.length, 0) * 4);
    this.found = new Int32Array(literals.length);
    this.hits = new Int32Array(literals.length);
    this.#fill(slots, ends);
  }

  #fill(slots: readonly (readonly number[])[], ends: readonly number[]): void {
    const first = this.#first;
    for (const each of slots) {
      for (const slot of each) {
        (first[slot + 1] as number)++;
        this.#bitmap[slot >> 5] = (this.#bitmap[slot >> 5] as number) | (1 << (slot & 31));
      }
    }
    for (let slot = 0; slot + 1 < first.length; slot++) {
      first[slot + 1] = (first[slot + 1] as number) + (first[slot] as number);
    }
    const next = first.slice();
    for (const [literal, each] of slots.entries()) {
      const from = this.#starts[literal] as number;
      const to = this.#starts[literal + 1] as number;
      const outer = (this.#pool[from] as number) | ((this.#pool[to - 1] as number) << 8);
      const entry = [literal, ends[literal] as number, to - from, outer];
      for (const slot of each) this.#entries.set(entry, (next[slot] as number)++ * 4);
    }
  }

  /** Looks through parts of a folded text. Afterwards `hits` lists the literals in them, and `found` of each is `text`. */
  scan({ bytes, length, other }: FoldedText, { places, count }: Ranges): void {
    this.text++;
    this.hitCount = 0;
    if (other) for (const literal of this.#others) this.#hit(literal);
    for (let range = 0; range < count; range++) {
      this.#scanRange(bytes, places[range * 2] as number, places[range * 2 + 1] as number, length);
    }
  }

  #scanRange(bytes: Uint8Array, from: number, to: number, length: number): void {
    const bitmap = this.#bitmap;
    const letters = letterOf;
    const shift = 32 - this.#bits;
    let gram = 0;
    for (let at = from; at < to; at++) {
      gram = ((gram << bitsOfLetter) | (letters[bytes[at] as number] as number)) & gramMask;
      const slot = Math.imul(gram, spread) >>> shift;
      if (((bitmap[slot >> 5] as number) & (1 << (slot & 31))) !== 0) this.#compare(slot, bytes, at, length);
    }
  }

  #compare(slot: number, bytes: Uint8Array, at: number, length: number): void {
    const entries = this.#entries;
    const last = (this.#first[slot + 1] as number) * 4;
    for (let entry = (this.#first[slot] as number) * 4; entry < last; entry += 4) {
      let place = at - (entries[entry + 1] as number);
      const end = place + (entries[entry + 2] as number);
      if (place < 0 || end > length) continue;
      // Most others that have the gram differ here already, and nothing far away need be looked at.
      const outer = (bytes[place] as number) | ((bytes[end - 1] as number) << 8);
      if (outer !== entries[entry + 3]) continue;
      const literal = entries[entry] as number;
      if (this.found[literal] === this.text) continue;
      const from = this.#starts[literal] as number;
      const to = this.#starts[literal + 1] as number;
      let index = from;
      while (index < to && bytes[place] === this.#pool[index]) {
        index++;
        place++;
      }
      if (index === to) this.#hit(literal);
    }
  }

  #hit(literal: number): void {
    this.found[literal] = this.text;
    this.hits[this.hitCount++] = literal;
  }
}

/** Where the gram ends under which a literal is filed: the one that texts have least, and then literals. */
function filingOf(literal: Uint8Array, seen: GramCounts, filed: Uint32Array): number {
  let best = Math.min(3, literal.length - 1);
  let bestCost = Infinity;
  for (let end = 3; end < literal.length; end++) {
    const slot = slotOf(gramAt(literal, end), seen.bits);
    const cost = (seen.slots[slot] as number) * 64 + (filed[slot] as number);
    if (cost < bestCost) [best, bestCost] = [end, cost];
  }
  return best;
}

/** The slots under which a literal is filed whose gram ends at a place. */
function slotsOf(literal: Uint8Array, end: number, bits: number): number[] {
  const gram = gramAt(literal, end);
  if (literal.length > 3) return [slotOf(gram, bits)];
  if (literal.length < 3) return [];
  const slots = Array.from({ length: letterCount }, (_, before) =>
    slotOf((before << (3 * bitsOfLetter)) | gram, bits),
  );
  return [...new Set(slots)];
}
