import { has, wordCharacters } from "../../sigma/regex/character-set.js";
import { RegexProblem, type Assertion } from "../../sigma/regex/syntax.js";
import { parseCaptures, type CaptureNode } from "./parse-captures.js";

type Step =
  | { readonly type: "set"; readonly set: readonly (readonly [number, number])[]; readonly next: number }
  | { readonly type: "assertion"; readonly assertion: Assertion; readonly next: number }
  | { readonly type: "save"; readonly slot: number; readonly next: number }
  /** The first is preferred. */
  | { readonly type: "split"; readonly nexts: readonly number[] }
  | { readonly type: "accept" };

const mostSteps = 3000;
/**
 * Steps of the work for all matches in one text. Finding one match is linear, but each of many may look at the whole rest
 * of the text before it is known.
 */
const mostWork = 10_000_000;

class Builder {
  readonly steps: Step[] = [];

  add(step: Step): number {
    if (this.steps.length >= mostSteps) {
      throw new RegexProblem("regex-unsafe", `the expression needs more than ${mostSteps} steps`);
    }
    return this.steps.push(step) - 1;
  }

  /** Adds a node that goes on at a step, from its end to its start. */
  build(node: CaptureNode, next: number): number {
    switch (node.type) {
      case "set":
        return this.add({ type: "set", set: node.set, next });
      case "assertion":
        return this.add({ type: "assertion", assertion: node.assertion, next });
      case "group": {
        const close = this.add({ type: "save", slot: node.index * 2 + 1, next });
        return this.add({ type: "save", slot: node.index * 2, next: this.build(node.inner, close) });
      }
      case "sequence":
        return node.parts.reduceRight((after, part) => this.build(part, after), next);
      case "choice":
        return this.add({ type: "split", nexts: node.options.map((option) => this.build(option, next)) });
      case "repeat":
        return this.#repeat(node, next);
    }
  }

  #repeat({ part, least, most, lazy }: CaptureNode & { type: "repeat" }, next: number): number {
    const order = (inner: number): readonly number[] => (lazy ? [next, inner] : [inner, next]);
    let start = next;
    if (most === null) {
      const loop = this.add({ type: "split", nexts: [] });
      this.steps[loop] = { type: "split", nexts: order(this.build(part, loop)) };
      start = loop;
    } else {
      for (let count = least; count < most; count++) {
        start = this.add({ type: "split", nexts: order(this.build(part, start)) });
      }
    }
    for (let count = 0; count < least; count++) start = this.build(part, start);
    return start;
  }
}

/** The places of groups: the start of group n at 2n, its end at 2n+1; -1 for a group that took no part. */
export type Captures = readonly number[];

interface Thread {
  readonly step: number;
  readonly captures: Captures;
}

function isWordAt(text: string, at: number): boolean {
  const codePoint = at < 0 ? undefined : text.codePointAt(at);
  return codePoint !== undefined && has(wordCharacters, codePoint);
}

function holds(assertion: Assertion, text: string, at: number): boolean {
  const atLastBreak = at === text.length - 1 && text.charAt(at) === "\n";
  switch (assertion) {
    case "start":
      return at === 0;
    case "end":
      return at === text.length;
    case "text-end":
      return at === text.length || atLastBreak;
    case "line-start":
      return at === 0 || text.charAt(at - 1) === "\n";
    case "line-end":
      return at === text.length || text.charAt(at) === "\n";
    case "word-edge":
      return isWordAt(text, at - 1) !== isWordAt(text, at);
    case "no-word-edge":
      return isWordAt(text, at - 1) === isWordAt(text, at);
  }
}

/**
 * Finds what the groups of an expression take, in time that is at most the length of the text times the size of the
 * expression: all ways are followed at once, in the order in which a backtracking engine would try them, so that the
 * same groups win.
 */
export class CaptureRegex {
  readonly names: readonly (string | null)[];
  readonly #steps: readonly Step[];
  readonly #start: number;
  /** By step: the place in the text, counted over all searches, at which it was reached last. */
  readonly #reached: Float64Array;
  #place = 0;
  #work = 0;

  /** Throws `RegexProblem`, as `compileRegex` does. */
  constructor(source: string) {
    const { root, names } = parseCaptures(source);
    const builder = new Builder();
    const accept = builder.add({ type: "accept" });
    this.#start = builder.build({ type: "group", index: 0, inner: root }, accept);
    this.#steps = builder.steps;
    this.#reached = new Float64Array(builder.steps.length);
    this.names = names;
  }

  /** The first match at or after a place; null when there is none. */
  find(text: string, from: number): Captures | null {
    const none = Array.from({ length: this.names.length * 2 }, () => -1);
    let threads: Thread[] = [];
    let best: Captures | null = null;
    for (let at = from; ;) {
      if (best === null) threads.push({ step: this.#start, captures: none });
      if (threads.length === 0) return best;
      this.#work += threads.length;
      const codePoint = at < text.length ? text.codePointAt(at) : undefined;
      const next = at + ((codePoint ?? 0) > 0xffff ? 2 : 1);
      this.#place++;
      const survivors: Thread[] = [];
      for (const thread of threads) {
        const accepted = this.#follow(thread, text, at, codePoint, survivors);
        if (accepted !== null) {
          best = accepted;
          break;
        }
      }
      if (at >= text.length) return best;
      threads = survivors;
      at = next;
    }
  }

  /** All matches that do not overlap, at most as many as told. */
  findAll(text: string, most: number): Captures[] {
    const matches: Captures[] = [];
    this.#work = 0;
    for (let from = 0; from <= text.length && matches.length < most;) {
      const match = this.find(text, from);
      if (match === null) break;
      if (this.#work > mostWork) {
        throw new RegexProblem("regex-unsafe", "to find every match in the text takes too much work");
      }
      matches.push(match);
      const end = match[1] ?? from;
      from = end > (match[0] ?? from) ? end : end + ((text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1);
    }
    return matches;
  }

  /** Follows a thread to the steps that read the character; the captures when it accepts before reading. */
  #follow(
    from: Thread,
    text: string,
    at: number,
    codePoint: number | undefined,
    survivors: Thread[],
  ): Captures | null {
    const pending: Thread[] = [from];
    for (let thread = pending.pop(); thread !== undefined; thread = pending.pop()) {
      const { step: number, captures } = thread;
      const step = this.#steps[number];
      // Threads are told apart before the character by their step: the first to come is the preferred one.
      if (step === undefined || this.#reached[number] === this.#place) continue;
      this.#reached[number] = this.#place;
      switch (step.type) {
        case "accept":
          return captures;
        case "set":
          if (codePoint !== undefined && has(step.set, codePoint))
            survivors.push({ step: step.next, captures });
          break;
        case "split":
          for (let index = step.nexts.length - 1; index >= 0; index--) {
            pending.push({ step: step.nexts[index] ?? 0, captures });
          }
          break;
        case "assertion":
          if (holds(step.assertion, text, at)) pending.push({ step: step.next, captures });
          break;
        case "save":
          pending.push({ step: step.next, captures: captures.with(step.slot, at) });
          break;
      }
    }
    return null;
  }
}
