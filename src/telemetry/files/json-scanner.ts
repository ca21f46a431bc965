import { decimal } from "../../detection/sigma/evaluate.js";
import { ANY_KEY, hashed, UNREAD_KEY, type ValueKeys } from "../../detection/match/value-keys.js";
import { isElementText, isRenamed } from "./document-keys.js";
import { BOUND, foldedAscii, KELVIN, OTHER, type FoldedText } from "../../detection/match/folded-text.js";
import { escapes, hexAt, isWordByte, numeric, plain, shown } from "./json-bytes.js";
import { isMakingNumber, isMakingText, mayBeMakingText, shapeKeyIn } from "./shape-marks.js";

/** Objects and lists inside one another; deeper events are refused. */
export const DEEPEST = 64;

/** Why bytes are no JSON object. */
export interface JsonProblem {
  readonly code: "event-not-json" | "event-too-deep";
  readonly message: string;
  /** Where in the bytes. What follows it there is shown in the message. */
  readonly at: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const K = 0x6b;
const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
/** A number that prints as it is written. */
const ownSpelling = /^(?:0|-?[1-9]\d{0,14})$/;

const enum Want {
  Value,
  ValueOrEnd,
  Key,
  KeyOrEnd,
  Colon,
  CommaOrEnd,
}

/**
 * Checks that bytes are a JSON object, as strictly as JSON.parse does, and on the way folds each of its values for the
 * prefilter: an event that no rule can match is never parsed. It holds what `foldEvent` would hold of the parsed event, in
 * whatever shape the values are put into fields. Keys are left out.
 */
export class JsonScanner {
  /** After `complete`: the place after the object. */
  end = 0;
  /** Line feeds in what was scanned. */
  lines = 0;
  /** The place after the last of them; that from which was scanned when there are none. */
  lineStart = 0;
  /** Whether the folded text surely has every value. False where a number stands in white space beyond ASCII. */
  exact = true;
  problem: JsonProblem | null = null;
  /** Whether the object itself has a key, or something in it a value, that says that fields are made (see event-shape.ts). */
  making = false;
  /** Whether a key of it says so: then the values that are not made may not be as they are in it, either. */
  makingByKey = false;
  /** Whether it has a key by which its shape may be told. */
  shaped = false;
  readonly #stack = new Uint8Array(DEEPEST + 1);
  /** By depth: the number of the key that the object or list is under. */
  readonly #outerKeys = new Int32Array(DEEPEST + 1);
  readonly #keys: ValueKeys | null;
  /** Whether the last key has escapes. */
  #escaped = false;
  /** The number of the last key. */
  #keyNumber = UNREAD_KEY;

  /** @param keys by which values are told apart for the prefilter */
  constructor(keys: ValueKeys | null) {
    this.#keys = keys;
  }

  /** @param from the place of the brace that opens the object. @param to the place after the last byte that there is */
  scan(bytes: Buffer, from: number, to: number, text: FoldedText): "complete" | "incomplete" | "invalid" {
    this.lines = 0;
    this.lineStart = from;
    this.exact = true;
    this.problem = null;
    this.making = false;
    this.makingByKey = false;
    this.shaped = false;
    text.clear();
    text.numbering = this.#keys;
    const stack = this.#stack;
    const outerKeys = this.#outerKeys;
    stack[0] = 1;
    outerKeys[0] = ANY_KEY;
    let depth = 1;
    let want = Want.KeyOrEnd;
    let at = from + 1;
    while (at < to) {
      const byte = bytes[at] as number;
      switch (byte) {
        case 0x0a:
          this.lines++;
          this.lineStart = at + 1;
          at++;
          continue;
        case 0x20:
        case 0x09:
        case 0x0d:
          at++;
          continue;
        case QUOTE:
          if (want === Want.Key || want === Want.KeyOrEnd) {
            const start = at + 1;
            at = this.#key(bytes, start, to, outerKeys[depth - 1] as number);
            if (depth === 1 && at !== -1) this.#noteKey(bytes, start, at - 1);
            want = Want.Colon;
          } else if (want === Want.Value || want === Want.ValueOrEnd) {
            if (stack[depth - 1] === 2) this.#keyNumber = outerKeys[depth - 1] as number;
            at = this.#string(bytes, at + 1, to, text);
            want = Want.CommaOrEnd;
          } else return this.#unexpected(bytes, at, want);
          if (at === -1) return this.problem === null ? "incomplete" : "invalid";
          continue;
        case COLON:
          if (want !== Want.Colon) return this.#unexpected(bytes, at, want);
          want = Want.Value;
          at++;
          continue;
        case COMMA:
          if (want !== Want.CommaOrEnd) return this.#unexpected(bytes, at, want);
          want = stack[depth - 1] === 1 ? Want.Key : Want.Value;
          at++;
          continue;
        case 0x7b:
        case 0x5b:
          if (want !== Want.Value && want !== Want.ValueOrEnd) return this.#unexpected(bytes, at, want);
          if (depth > DEEPEST - 1) {
            return this.#fail("event-too-deep", `the event nests more than ${DEEPEST} deep`, at);
          }
          outerKeys[depth] = stack[depth - 1] === 2 ? (outerKeys[depth - 1] as number) : this.#keyNumber;
          stack[depth++] = byte === 0x7b ? 1 : 2;
          want = byte === 0x7b ? Want.KeyOrEnd : Want.ValueOrEnd;
          at++;
          continue;
        case 0x7d:
        case 0x5d: {
          const emptyEnd = byte === 0x7d ? Want.KeyOrEnd : Want.ValueOrEnd;
          if (
            (want !== Want.CommaOrEnd && want !== emptyEnd) ||
            stack[depth - 1] !== (byte === 0x7d ? 1 : 2)
          ) {
            return this.#unexpected(bytes, at, want);
          }
          depth--;
          at++;
          if (depth === 0) {
            this.end = at;
            return "complete";
          }
          want = Want.CommaOrEnd;
          continue;
        }
        default:
          if (want !== Want.Value && want !== Want.ValueOrEnd) return this.#unexpected(bytes, at, want);
          if (stack[depth - 1] === 2) this.#keyNumber = outerKeys[depth - 1] as number;
          at = this.#word(bytes, at, to, text);
          if (at === -1) return this.problem === null ? "incomplete" : "invalid";
          want = Want.CommaOrEnd;
      }
    }
    return "incomplete";
  }

  #fail(code: JsonProblem["code"], message: string, at: number): "invalid" {
    this.problem = { code, message, at };
    return "invalid";
  }

  #unexpected(bytes: Buffer, at: number, want: Want): "invalid" {
    const wanted = {
      [Want.Value]: "a value",
      [Want.ValueOrEnd]: "a value or the end of the list",
      [Want.Key]: "a key",
      [Want.KeyOrEnd]: "a key or the end of the object",
      [Want.Colon]: 'a ":"',
      [Want.CommaOrEnd]: 'a "," or the end',
    }[want];
    return this.#fail("event-not-json", `expected ${wanted}, found ${shown(bytes, at)}`, at);
  }

  /** A key in escapes may be any key. */
  #noteKey(bytes: Buffer, from: number, to: number): void {
    if (this.#escaped) this.making = this.makingByKey = this.shaped = true;
    const key = shapeKeyIn(bytes, from, to);
    if (key === null) return;
    this.shaped = true;
    if (key.making) this.making = this.makingByKey = true;
  }

  /**
   * The place after a key; -1 when it does not end or is invalid.
   * @param outer the number of the key that the object is under
   */
  #key(bytes: Buffer, from: number, to: number, outer: number): number {
    let at = from;
    let hash = 0;
    this.#escaped = false;
    while (at < to) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        if (this.#keys !== null) this.#keyNumber = this.#numberOf(this.#keys, bytes, from, at, hash, outer);
        return at + 1;
      }
      hash = hashed(hash, byte);
      if (byte < 0x20) return this.#controlInText(bytes, at);
      if (byte === BACKSLASH) {
        this.#escaped = true;
        if (at + 1 >= to) return -1;
        if (bytes[at + 1] === 0x75) {
          if (at + 5 >= to) return -1;
          if (hexAt(bytes, at + 2) === -1) return this.#badEscape(bytes, at);
          at += 6;
        } else if (escapes[bytes[at + 1] as number] === 0) return this.#badEscape(bytes, at);
        else at += 2;
      } else at++;
    }
    return -1;
  }

  #numberOf(keys: ValueKeys, bytes: Buffer, from: number, to: number, hash: number, outer: number): number {
    if (this.#escaped) return ANY_KEY;
    if (isElementText(bytes, from, to)) return outer;
    const number = keys.numberOf(bytes, from, to, hash);
    return number === UNREAD_KEY && isRenamed(bytes, from, to) ? ANY_KEY : number;
  }

  #string(bytes: Buffer, from: number, to: number, text: FoldedText): number {
    // A string's folded bytes are no more than its own.
    text.reserve(to - from + 1);
    const out = text.bytes;
    const start = text.length;
    let length = start;
    let at = from;
    while (at < to) {
      const byte = bytes[at] as number;
      const folded = plain[byte] as number;
      if (folded !== 0) {
        out[length++] = folded;
        at++;
        continue;
      }
      if (byte === QUOTE) {
        const size = length - start;
        out[length++] = BOUND;
        text.length = length;
        text.endValue(this.#keyNumber);
        if (mayBeMakingText(size) && isMakingText(out, start, size)) this.making = true;
        if (numeric[out[start] as number] === 1) this.#numberInText(text, start);
        return at + 1;
      }
      if (byte < 0x20) return this.#controlInText(bytes, at);
      let code = 0x80;
      if (byte === BACKSLASH) {
        if (at + 1 >= to) return -1;
        if (bytes[at + 1] === 0x75) {
          if (at + 5 >= to) return -1;
          code = hexAt(bytes, at + 2);
          if (code === -1) return this.#badEscape(bytes, at);
          at += 6;
        } else {
          code = escapes[bytes[at + 1] as number] as number;
          if (code === 0) return this.#badEscape(bytes, at);
          at += 2;
        }
      } else if (byte === 0xe2 && bytes[at + 1] === 0x84 && bytes[at + 2] === 0xaa && at + 2 < to) {
        code = KELVIN;
        at += 3;
      } else at++;
      if (code === KELVIN) out[length++] = K;
      else {
        const letter = code < 128 ? (foldedAscii[code] as number) : OTHER;
        if (letter === OTHER) text.other = true;
        if (letter !== OTHER || out[length - 1] !== OTHER) out[length++] = letter;
      }
    }
    return -1;
  }

  /** Adds the number that the last text is, in the spelling of numbers, as `foldEvent` does. */
  #numberInText(text: FoldedText, start: number): void {
    const { bytes, length } = text;
    let other = false;
    for (let at = start; at < length - 1; at++) {
      const byte = bytes[at] as number;
      if (numeric[byte] === 0) return;
      other ||= byte === OTHER;
    }
    if (other) {
      this.exact = false;
      return;
    }
    const written = Buffer.from(bytes.buffer, bytes.byteOffset + start, length - 1 - start).toString(
      "latin1",
    );
    if (!decimal.test(written)) return;
    const own = String(Number(written));
    if (own !== written) text.addUnder(this.#keyNumber, own);
    if (isMakingNumber(own)) this.making = true;
  }

  /** The place after a number, true, false or null. */
  #word(bytes: Buffer, from: number, to: number, text: FoldedText): number {
    let at = from;
    while (at < to && isWordByte(bytes[at] as number)) at++;
    // Nothing has ended it yet.
    if (at === to) return -1;
    const word = bytes.toString("latin1", from, at);
    if (ownSpelling.test(word) || word === "true" || word === "false") {
      text.addUnder(this.#keyNumber, word);
      if (isMakingNumber(word)) this.making = true;
    } else if (word !== "null") {
      numberToken.lastIndex = 0;
      if (!numberToken.test(word) || numberToken.lastIndex !== word.length) {
        this.#fail("event-not-json", `expected a value, found ${shown(bytes, from)}`, from);
        return -1;
      }
      const own = String(Number(word));
      text.addUnder(this.#keyNumber, own);
      if (isMakingNumber(own)) this.making = true;
    }
    return at;
  }

  #controlInText(bytes: Buffer, at: number): -1 {
    const what =
      bytes[at] === 0x0a || bytes[at] === 0x0d
        ? "the line ends inside a text"
        : "a control character stands in a text";
    this.#fail("event-not-json", what, at);
    return -1;
  }

  #badEscape(bytes: Buffer, at: number): -1 {
    this.#fail("event-not-json", `${shown(bytes, at)} starts no escape of JSON`, at);
    return -1;
  }
}
