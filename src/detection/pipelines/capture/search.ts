import { has, wordCharacters } from "../../sigma/regex/character-set.js";
import type { Assertion } from "../../sigma/regex/syntax.js";
import { parseCaptures } from "./parse.js";
import { buildSteps, type Step } from "./program.js";

/** A match: where the whole and each group begin and end; null for a group that took no part. */
export type Match = readonly ({ readonly start: number; readonly end: number } | null)[];

/** Steps times characters. Texts and expressions with more are not searched: no rule has such a value. */
const mostPlaces = 4_000_000;
/** Looks at a step at a place, over all matches: each match begins anew. */
const mostWork = 20_000_000;

/** An expression whose matches are looked for, leftmost first, as Perl and Python do. */
export class CaptureRegex {
  readonly #steps: readonly Step[];
  readonly #start: number;
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;

  /** Throws `RegexProblem`. */
  constructor(source: string) {
    const syntax = parseCaptures(source);
    this.groups = syntax.groups;
    this.names = syntax.names;
    ({ steps: this.#steps, start: this.#start } = buildSteps(syntax));
  }

  /** Every match that does not overlap the one before; null when text and expression are too large together. */
  matches(text: string): readonly Match[] | null {
    const places = this.#steps.length * (text.length + 1);
    if (places > mostPlaces) return null;
    const seen = new Uint8Array(places);
    const found: Match[] = [];
    let from = 0;
    let work = 0;
    while (from <= text.length) {
      const touched: number[] = [];
      const match = this.#search(text, from, seen, touched);
      work += touched.length;
      if (work > mostWork) return null;
      const whole = match?.[0];
      if (match === null || whole === null || whole === undefined) break;
      found.push(match);
      from = whole.end > whole.start ? whole.end : whole.end + 1;
    }
    return found;
  }

  #search(text: string, from: number, seen: Uint8Array, touched: number[]): Match | null {
    let match: Match | null = null;
    for (let at = from; at <= text.length && match === null; at++)
      match = this.#matchAt(text, at, seen, touched);
    for (const index of touched) seen[index] = 0;
    return match;
  }

  /**
   * Tries one way after the other. A step at a place that led nowhere once leads nowhere again, whatever the groups: each
   * is tried once, so that the time is bounded by steps times characters.
   */
  #matchAt(text: string, at: number, seen: Uint8Array, touched: number[]): Match | null {
    type Saved = { readonly slot: number; readonly place: number; readonly before: Saved } | null;
    const ways: { step: number; place: number; saved: Saved }[] = [
      { step: this.#start, place: at, saved: null },
    ];
    for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
      const { place, saved } = way;
      const index = way.step * (text.length + 1) + place;
      if (seen[index] === 1) continue;
      seen[index] = 1;
      touched.push(index);
      const step = this.#steps[way.step] as Step;
      switch (step.type) {
        case "set": {
          const code = text.codePointAt(place);
          if (code !== undefined && has(step.set, code))
            ways.push({ step: step.next, place: place + (code > 0xffff ? 2 : 1), saved });
          break;
        }
        case "assertion":
          if (standsAt(text, place, step.assertion)) ways.push({ step: step.next, place, saved });
          break;
        case "split":
          ways.push({ step: step.second, place, saved }, { step: step.first, place, saved });
          break;
        case "save":
          ways.push({ step: step.next, place, saved: { slot: step.slot, place, before: saved } });
          break;
        case "accept": {
          const slots: (number | undefined)[] = [];
          for (let each: Saved = saved; each !== null; each = each.before) slots[each.slot] ??= each.place;
          return Array.from({ length: this.groups + 1 }, (_, group) => {
            const [start, end] = [slots[group * 2], slots[group * 2 + 1]];
            return start === undefined || end === undefined ? null : { start, end };
          });
        }
      }
    }
    return null;
  }
}

function isWord(text: string, at: number): boolean {
  const code = text.codePointAt(at);
  return at >= 0 && code !== undefined && has(wordCharacters, code);
}

function standsAt(text: string, at: number, assertion: Assertion): boolean {
  switch (assertion) {
    case "start":
      return at === 0;
    case "end":
      return at === text.length;
    case "text-end":
      return at === text.length || (at === text.length - 1 && text[at] === "\n");
    case "line-start":
      return at === 0 || text[at - 1] === "\n";
    case "line-end":
      return at === text.length || text[at] === "\n";
    case "word-edge":
      return isWord(text, at - 1) !== isWord(text, at);
    case "no-word-edge":
      return isWord(text, at - 1) === isWord(text, at);
  }
}
