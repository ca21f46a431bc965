/** Keys of an event's document by number, so that values need be looked through only where a rule reads them. */

/** A key whose values only rules that read the whole event (keywords) see. */
export const UNREAD_KEY = 0;
/** A key whose values may be those of any field. */
export const ANY_KEY = 1;
/** A key whose values tell the log source. */
export const TELLING_KEY = 2;
/** The first number of a key of its own. */
export const FIRST_KEY = 3;

/** The hash of a key's bytes is that of the bytes before it and of each byte, one after the other. */
export function hashed(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

/** Keys that have a number. */
export class ValueKeys {
  /** Numbers up to the last. */
  readonly count: number;
  readonly #mask: number;
  /** Filled where the hash says, or at the next free place. */
  readonly #table: (Entry | undefined)[];

  /** @param numbers by key */
  constructor(numbers: ReadonlyMap<string, number>) {
    let size = 64;
    while (size < numbers.size * 4) size *= 2;
    this.#mask = size - 1;
    this.#table = Array.from({ length: size }, () => undefined);
    let count = FIRST_KEY;
    for (const [key, number] of numbers) {
      count = Math.max(count, number + 1);
      const bytes = Buffer.from(key);
      let place = this.#placeOf(bytes.reduce(hashed, 0));
      while (this.#table[place] !== undefined) place = (place + 1) & this.#mask;
      this.#table[place] = { bytes, number };
    }
    this.count = count;
  }

  /** The number of a key that stands in bytes. */
  numberOf(bytes: Uint8Array, from: number, to: number, hash: number): number {
    for (let place = this.#placeOf(hash); ; place = (place + 1) & this.#mask) {
      const entry = this.#table[place];
      if (entry === undefined) return UNREAD_KEY;
      if (isAt(bytes, from, to, entry.bytes)) return entry.number;
    }
  }

  #placeOf(hash: number): number {
    return (hash ^ (hash >>> 15)) & this.#mask;
  }
}

interface Entry {
  readonly bytes: Uint8Array;
  readonly number: number;
}

function isAt(bytes: Uint8Array, from: number, to: number, wanted: Uint8Array): boolean {
  if (to - from !== wanted.length) return false;
  for (let index = 0; index < wanted.length; index++) {
    if (bytes[from + index] !== wanted[index]) return false;
  }
  return true;
}
