import { BOUND_TEXT, type FoldedText } from "./folded-text.js";
import type { Group } from "./group.js";
import { ANY_KEY, FIRST_KEY, TELLING_KEY, ValueKeys } from "./value-keys.js";

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

/** Says which values of an event's document a rule reads, by what the event tells of its log source. */
export class ReadValues {
  readonly keys: ValueKeys;
  readonly #rules: readonly {
    readonly keys: readonly number[] | null;
    readonly logsource: readonly Group[];
  }[];
  /** By the values that tell the log source: by number of a key, whether a rule reads it. */
  readonly #known = new Map<string, Uint8Array>();

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
    const told = toldBy(text);
    if (told.length > longestTold) return null;
    const known = this.#known.get(told);
    if (known !== undefined) return known;
    if (this.#known.size >= mostTold) return null;
    const read = this.#readOf(told);
    this.#known.set(told, read);
    return read;
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

/** The values that tell an event's log source, each between bounds. */
function toldBy({ bytes, values, ends, keys }: FoldedText): string {
  let told = BOUND_TEXT;
  for (let value = 0; value < values; value++) {
    if (keys[value] !== TELLING_KEY) continue;
    const start = value === 0 ? 1 : (ends[value - 1] as number);
    for (let at = start; at < (ends[value] as number) && told.length <= longestTold; at++) {
      told += String.fromCharCode(bytes[at] as number);
    }
  }
  return told;
}
