import { BOUND, type FoldedText } from "./folded-text.js";
import type { Group } from "./group.js";
import { ANY_KEY, FIRST_KEY, hashed, TELLING_KEY, ValueKeys } from "./value-keys.js";

/** Events tell few log sources; made-up ones must not fill the memory. Of further ones all values are looked through. */
const mostTold = 1000;
const longestTold = 300;

/** How the keys of a document and the fields of rules belong together. */
export interface DocumentKeys {
  /** Keys under which a document may have a value of a field. */
  keysOf(field: string): readonly string[];
  /** Keys whose values may be those of any field. */
  readonly any: readonly string[];
  /** Keys whose values tell the log source of an event: those of `valuesOfLogsource` are under them. */
  readonly telling: readonly string[];
}

/** What a rule reads. */
export interface ReadRule {
  /** Null for the whole event. */
  readonly fields: ReadonlySet<string> | null;
  /** Values of its log source, of each list at least one. */
  readonly logsource: readonly Group[];
}

/** What an event tells of its log source, and by number of a key whether a rule reads its values then. */
interface Told {
  readonly told: Uint8Array;
  readonly read: Uint8Array;
}

/** Says which values of an event's document a rule reads, by what the event tells of its log source. */
export class ReadValues {
  readonly keys: ValueKeys;
  readonly #rules: readonly {
    readonly keys: readonly number[] | null;
    readonly logsource: readonly Group[];
  }[];
  /** What is read by what events tell of their log source, by the hash of that. */
  readonly #known = new Map<number, Told[]>();
  #knownCount = 0;
  /** What the last event tells: values between bounds. */
  readonly #told = new Uint8Array(longestTold);
  #toldLength = 0;

  constructor(rules: readonly ReadRule[], { keysOf, any, telling }: DocumentKeys) {
    const numbers = new Map<string, number>();
    for (const key of any) numbers.set(key, ANY_KEY);
    for (const key of telling) numbers.set(key, TELLING_KEY);
    let next = FIRST_KEY;
    const numberOf = (key: string): number => {
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, next);
      return next++;
    };
    this.#rules = rules.map(({ fields, logsource }) => ({
      keys: fields === null ? null : [...fields].flatMap(keysOf).map(numberOf),
      logsource,
    }));
    this.keys = new ValueKeys(numbers);
  }

  /** By number of a key: 1 when its values are read. Null when all values are, or nothing is known of their keys. */
  of(text: FoldedText): Uint8Array | null {
    if (text.numbering !== this.keys) return null;
    const hash = this.#tell(text);
    if (hash === null) return null;
    const known = this.#known.get(hash) ?? [];
    for (const { told, read } of known) if (this.#tells(told)) return read;
    if (this.#knownCount >= mostTold) return null;
    const told = this.#told.slice(0, this.#toldLength);
    const read = this.#readOf(Buffer.from(told).toString("latin1"));
    this.#known.set(hash, [...known, { told, read }]);
    this.#knownCount++;
    return read;
  }

  /** Takes the values that tell an event's log source, each between bounds. Their hash; null when they are too long. */
  #tell({ bytes, values, ends, keys }: FoldedText): number | null {
    const told = this.#told;
    told[0] = BOUND;
    let length = 1;
    let hash = 0;
    for (let value = 0; value < values; value++) {
      if (keys[value] !== TELLING_KEY) continue;
      const end = ends[value] as number;
      let at = value === 0 ? 1 : (ends[value - 1] as number);
      if (length + end - at > longestTold) return null;
      for (; at < end; at++) {
        const byte = bytes[at] as number;
        told[length++] = byte;
        hash = hashed(hash, byte);
      }
    }
    this.#toldLength = length;
    return hash;
  }

  #tells(known: Uint8Array): boolean {
    if (known.length !== this.#toldLength) return false;
    for (let index = 0; index < known.length; index++) {
      if (known[index] !== this.#told[index]) return false;
    }
    return true;
  }

  #readOf(told: string): Uint8Array {
    const read = new Uint8Array(this.keys.count);
    read[ANY_KEY] = 1;
    read[TELLING_KEY] = 1;
    for (const { keys, logsource } of this.#rules) {
      if (!logsource.every((group) => group.some((value) => told.includes(value)))) continue;
      if (keys === null) return read.fill(1);
      for (const key of keys) read[key] = 1;
    }
    return read;
  }
}
