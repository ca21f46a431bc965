/**
 * Texts as the prefilter sees them: bytes in lower case. What it looks for is folded in the same way, letter by letter, so
 * that a text which holds another still does after both are folded. Several texts may fold to one: the prefilter may
 * let through what does not match, and never holds back what does.
 */

import type { ValueKeys } from "./value-keys.js";

/** Stands before and after each value of an event. No text folds to it. */
export const BOUND = 1;
/** Any letters beyond ASCII, however many follow one another, and the characters that BOUND and OTHER would be. */
export const OTHER = 2;

/** The one letter beyond ASCII that has an ASCII letter as its lower case: the Kelvin sign. */
export const KELVIN = 0x212a;
const K = 0x6b;

/** By ASCII character: the byte that it folds to. */
export const foldedAscii: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code <= OTHER) return OTHER;
  return code >= 0x41 && code <= 0x5a ? code + 32 : code;
});

/** Bytes that grow as they are needed, filled value by value. Used again for each event. */
export class FoldedText {
  bytes = new Uint8Array(16_384);
  length = 0;
  /** What numbered the keys of its values; null when they are not known. */
  numbering: ValueKeys | null = null;
  /** How many values there are whose keys are numbered. */
  values = 0;
  /** By value: the place after its bound, and the number of its key. */
  ends = new Int32Array(256);
  keys = new Int32Array(256);
  /** Whether there is OTHER among the bytes. */
  other = false;

  /** Forgets what was added. */
  clear(): void {
    this.bytes[0] = BOUND;
    this.length = 1;
    this.other = false;
    this.numbering = null;
    this.values = 0;
  }

  /** Ends a value whose bytes were written, its bound among them. */
  endValue(key: number): void {
    const value = this.values++;
    if (value === this.ends.length) {
      this.ends = doubled(this.ends);
      this.keys = doubled(this.keys);
    }
    this.ends[value] = this.length;
    this.keys[value] = key;
  }

  /** Makes room for so many more bytes. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** Adds a value of a key, and the bound after it. */
  addUnder(key: number, text: string): void {
    this.#append(text);
    this.endValue(key);
  }

  /** Adds a value of which no key is known, and the bound after it. */
  add(text: string): void {
    this.numbering = null;
    this.#append(text);
  }

  #append(text: string): void {
    this.reserve(text.length + 1);
    const { bytes } = this;
    let at = this.length;
    let other = false;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code < 128) {
        const byte = foldedAscii[code] as number;
        if (byte !== OTHER) bytes[at++] = byte;
        else other = true;
        if (byte === OTHER && bytes[at - 1] !== OTHER) bytes[at++] = OTHER;
      } else if (code === KELVIN) bytes[at++] = K;
      else {
        other = true;
        if (bytes[at - 1] !== OTHER) bytes[at++] = OTHER;
      }
    }
    bytes[at++] = BOUND;
    this.length = at;
    this.other ||= other;
  }
}

function doubled(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(numbers.length * 2);
  grown.set(numbers);
  return grown;
}

const folded = new FoldedText();

/** A text of a rule, folded as the texts of events are. Its characters are the bytes. */
export function foldedLiteral(text: string): string {
  folded.clear();
  folded.add(text);
  return Buffer.from(folded.bytes.subarray(1, folded.length - 1)).toString("latin1");
}

export const BOUND_TEXT = String.fromCharCode(BOUND);
export const OTHER_TEXT = String.fromCharCode(OTHER);
