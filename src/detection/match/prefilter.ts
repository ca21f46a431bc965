import type { FoldedText } from "./folded-text.js";
import { GramCounts, GramIndex } from "./gram-index.js";
import { strengthOf, type Group } from "./group.js";
import { Ranges } from "./ranges.js";

/** Texts after which the prefilter arranges itself anew by what it has seen. The answers stay the same. */
const lessons = [256, 4096];
const lastLesson = 4096;
/** Larger groups are only asked first, not also: asking takes as long as trying the rule. */
const mostAsked = 64;

/** One of a rule's groups, as numbers of literals. */
type NumberedGroup = Int32Array;

/**
 * Says which rules an event may satisfy, by literals that it must hold. A rule is filed under one of its groups, that
 * with the rarest literals; when an event holds one of these, the rule's other groups are asked.
 */
export class Prefilter {
  readonly #literals: string[] = [];
  readonly #groups: readonly (readonly NumberedGroup[])[];
  /** By literal: rules that are filed under it. */
  #filed: Int32Array[] = [];
  /** By rule: the groups that are asked besides. */
  #asked: (readonly NumberedGroup[])[] = [];
  #index: GramIndex;
  /** By literal: texts that held it. */
  readonly #frequency: Float64Array;
  /** Null when there is nothing more to learn. */
  #grams: GramCounts | null = null;
  #texts = 0;
  /** By rule: the last text for which it was found. */
  readonly #found: Int32Array;
  readonly #ranges = new Ranges();

  /** @param rules the groups of each rule; a rule without any must not be given: it is always a candidate */
  constructor(rules: readonly (readonly Group[])[]) {
    const numbers = new Map<string, number>();
    this.#groups = rules.map((groups) =>
      groups.map((group) =>
        Int32Array.from(group, (literal) => {
          const known = numbers.get(literal);
          if (known !== undefined) return known;
          numbers.set(literal, this.#literals.length);
          return this.#literals.push(literal) - 1;
        }),
      ),
    );
    this.#frequency = new Float64Array(this.#literals.length);
    this.#found = new Int32Array(rules.length);
    this.#index = new GramIndex(this.#literals);
    this.#file();
  }

  /**
   * The rules that an event may satisfy, in no order: the numbers of the groups that were given.
   * @param read by number of a key: 1 when its values are looked through; null for all values
   */
  candidates(text: FoldedText, read: Uint8Array | null): number[] {
    const index = this.#index;
    this.#ranges.select(text, read);
    index.scan(text, this.#ranges);
    const { hits, hitCount, found } = index;
    const candidates: number[] = [];
    for (let hit = 0; hit < hitCount; hit++) {
      const literal = hits[hit] as number;
      for (const rule of this.#filed[literal] as Int32Array) {
        if (this.#found[rule] === index.text) continue;
        this.#found[rule] = index.text;
        if (holdsEach(this.#asked[rule] as readonly NumberedGroup[], found, index.text))
          candidates.push(rule);
      }
    }
    if (this.#texts < lastLesson) this.#learn(text);
    return candidates;
  }

  #learn(text: FoldedText): void {
    const { hits, hitCount } = this.#index;
    for (let hit = 0; hit < hitCount; hit++) (this.#frequency[hits[hit] as number] as number)++;
    this.#grams ??= new GramCounts(this.#literals.length);
    this.#grams.add(text, this.#ranges);
    this.#texts++;
    if (!lessons.includes(this.#texts)) return;
    this.#index = new GramIndex(this.#literals, this.#grams);
    this.#found.fill(0);
    this.#file();
    if (this.#texts === lastLesson) this.#grams = null;
  }

  /** How many texts in a thousand would make a group's rules candidates, as far as is known. */
  #costOf(group: NumberedGroup): number {
    const seen = group.reduce((sum, literal) => sum + (this.#frequency[literal] as number), 0);
    const strength = strengthOf(Array.from(group, (literal) => this.#literals[literal] as string));
    return seen * 100 - strength;
  }

  #file(): void {
    const filed = this.#literals.map((): number[] => []);
    this.#asked = this.#groups.map((groups, rule) => {
      const ordered = groups
        .map((group) => ({ group, cost: this.#costOf(group) }))
        .toSorted((left, right) => left.cost - right.cost)
        .map(({ group }) => group);
      for (const literal of ordered[0] ?? []) filed[literal]?.push(rule);
      return ordered.slice(1).filter((group) => group.length <= mostAsked);
    });
    this.#filed = filed.map((rules) => Int32Array.from(rules));
  }
}

function holdsEach(groups: readonly NumberedGroup[], found: Int32Array, text: number): boolean {
  for (const group of groups) {
    let holds = false;
    for (let index = 0; index < group.length && !holds; index++) {
      holds = found[group[index] as number] === text;
    }
    if (!holds) return false;
  }
  return true;
}
