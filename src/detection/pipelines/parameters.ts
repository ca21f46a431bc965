import { isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import { offsetOf } from "../sigma/detection.js";
import type { Findings } from "../sigma/findings.js";
import { didYouMean } from "../sigma/text.js";
import type { PlainValue } from "./pattern-text.js";

/**
 * The keys of a map of a pipeline's file, read one by one. What is missing, of a wrong type or not known is a finding,
 * and the value is then one that goes on being read: a file with an error gives no pipeline.
 */
export class Parameters {
  readonly #asked: string[] = [];

  constructor(
    readonly map: YAMLMap,
    readonly findings: Findings,
    /** How messages call the map, such as `the transformation set_state`. */
    readonly what: string,
  ) {}

  get at(): number {
    return offsetOf(this.map, 0);
  }

  /** Where the value of a key stands; where the map does when the key is absent. */
  atOf(key: string): number {
    const pair = this.#pair(key);
    return pair === undefined ? this.at : offsetOf(pair.value, offsetOf(pair.key, this.at));
  }

  has(key: string): boolean {
    return this.node(key) !== undefined;
  }

  /** The node under a key; undefined when the key is absent. */
  node(key: string): unknown {
    if (!this.#asked.includes(key)) this.#asked.push(key);
    return this.#pair(key)?.value;
  }

  error(key: string, code: string, message: string, hint = ""): void {
    this.findings.error(this.atOf(key), code, message, hint);
  }

  text(key: string): string {
    const text = this.optionalText(key);
    if (text === null && !this.has(key)) this.#missing(key, "a text");
    return text ?? "";
  }

  optionalText(key: string): string | null {
    const node = this.node(key);
    if (node === undefined || (isScalar(node) && node.value === null)) return null;
    if (isScalar(node) && typeof node.value === "string") return node.value;
    this.error(key, "wrong-type", `"${key}" must be a text`);
    return null;
  }

  flag(key: string): boolean {
    const node = this.node(key);
    if (node === undefined) return false;
    if (isScalar(node) && typeof node.value === "boolean") return node.value;
    this.error(key, "wrong-type", `"${key}" must be true or false`);
    return false;
  }

  /** One of some words; the fallback when the key is absent. */
  choice<Word extends string>(key: string, words: readonly Word[], fallback: Word | null): Word {
    const [first] = words as readonly [Word, ...Word[]];
    const node = this.node(key);
    if (node === undefined) {
      if (fallback === null) this.#missing(key, `one of ${words.join(", ")}`);
      return fallback ?? first;
    }
    const found = isScalar(node) ? String(node.value) : "";
    const word = words.find((each) => each === found);
    if (word === undefined) {
      const hint = didYouMean(found, words, `one of ${words.join(", ")}`);
      this.error(key, "unknown-word", `"${key}" cannot be "${found}"`, hint);
    }
    return word ?? first;
  }

  /** A text, a number, or true or false. */
  plainValue(key: string): PlainValue {
    const node = this.node(key);
    if (node === undefined) this.#missing(key, "a value");
    else {
      const value = isScalar(node) ? node.value : null;
      if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
      this.error(key, "wrong-type", `"${key}" must be a text, a number, true or false`);
    }
    return "";
  }

  /** A list of texts; with `single`, one text stands for a list of one. Null when the key is absent. */
  optionalTexts(key: string, single = false): readonly string[] | null {
    const node = this.node(key);
    return node === undefined ? null : this.#textsOf(key, node, single);
  }

  texts(key: string, single = false): readonly string[] {
    const texts = this.optionalTexts(key, single);
    if (texts === null) this.#missing(key, "a list of texts");
    return texts ?? [];
  }

  /**
   * A map of texts to a text or a list of texts. With `keywords` its keys may be null, which stands for keywords. A list
   * must not be empty: what it maps would be lost without a word.
   */
  mapping(key: string, keywords: boolean): ReadonlyMap<string | null, readonly string[]> {
    const node = this.node(key);
    const mapping = new Map<string | null, readonly string[]>();
    if (node === undefined) {
      this.#missing(key, "a map");
      return mapping;
    }
    if (!isMap(node)) {
      this.error(key, "wrong-type", `"${key}" must be a map`);
      return mapping;
    }
    for (const pair of node.items) {
      const at = offsetOf(pair.key, this.atOf(key));
      const name = isScalar(pair.key) ? pair.key.value : undefined;
      if (name === null && keywords) mapping.set(null, this.#textsOf(key, pair.value, true, at));
      else if (typeof name === "string" || typeof name === "number")
        mapping.set(String(name), this.#textsOf(key, pair.value, true, at));
      else this.findings.error(at, "wrong-type", `expected a text as a key of "${key}"`, "");
    }
    return mapping;
  }

  /** Refuses the keys that nobody asked for. Call it when all are read. */
  finish(): void {
    for (const { key } of this.map.items) {
      const at = offsetOf(key, this.at);
      const name = isScalar(key) ? String(key.value) : "";
      if (this.#asked.includes(name)) continue;
      const hint = didYouMean(name, this.#asked, `known are ${this.#asked.join(", ")}`);
      this.findings.error(at, "unknown-key", `${this.what} has no "${name}"`, hint);
    }
  }

  #pair(key: string): YAMLMap["items"][number] | undefined {
    return this.map.items.find((item) => isScalar(item.key) && item.key.value === key);
  }

  #missing(key: string, kind: string): void {
    this.findings.error(this.at, "missing-key", `${this.what} needs "${key}"`, `${key}: ${kind}`);
  }

  #textsOf(key: string, node: unknown, single: boolean, parent = this.atOf(key)): readonly string[] {
    const nodes: readonly unknown[] = isSeq(node) ? node.items : single ? [node] : [];
    const texts = nodes.flatMap((each) =>
      isScalar(each) && (typeof each.value === "string" || typeof each.value === "number")
        ? [typeof each.value === "number" ? (each.source ?? String(each.value)) : each.value]
        : [],
    );
    if (nodes.length === 0 || texts.length !== nodes.length) {
      const kind = single ? "a text or a list of texts" : "a list of texts";
      const empty = isSeq(node) && nodes.length === 0;
      this.findings.error(
        offsetOf(node, parent),
        "wrong-type",
        empty ? `a list in "${key}" is empty` : `"${key}" must hold ${kind}`,
        empty ? "to leave a line out, use drop_detection_item" : "",
      );
    }
    return texts;
  }
}
