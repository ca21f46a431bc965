import { parseRegex } from "./parse.js";
import { BESIDE, buildProgram, classAt, holds, type Program } from "./program.js";
import { RegexProblem, type Expression } from "./syntax.js";

/**
 * Steps of the work for all matches in one text. Finding one match is linear, but each of many may look at the whole rest
 * of the text before it is known.
 */
const mostWork = 10_000_000;

/** The places of groups: the start of group n at 2n, its end at 2n+1; -1 for a group that took no part. 0 is the match. */
export type Captures = readonly number[];

/** What a group took of the text that was searched; null when it took no part. */
export function textOfGroup(text: string, captures: Captures, group: number): string | null {
  const start = captures[group * 2] ?? -1;
  return start === -1 ? null : text.slice(start, captures[group * 2 + 1] ?? start);
}

interface Thread {
  readonly step: number;
  readonly captures: Captures;
}

function namesOf(expression: Expression): (string | null)[] {
  switch (expression.type) {
    case "set":
    case "assertion":
      return [];
    case "sequence":
      return expression.parts.flatMap(namesOf);
    case "choice":
      return expression.options.flatMap(namesOf);
    case "repeat":
      return namesOf(expression.part);
    case "group":
      return [expression.name, ...namesOf(expression.part)];
  }
}

/** What the places of a search share. */
interface Place {
  readonly at: number;
  /** The class of the character that is read; null at the end of the text. */
  readonly characterClass: number | null;
  readonly before: number;
  readonly after: number;
}

/**
 * Finds what the groups of an expression take, in time that is at most the length of the text times the size of the
 * expression: all ways are followed at once, in the order in which a backtracking engine would try them, so that the
 * same groups win (Pike's virtual machine; Cox, "Regular Expression Matching: the Virtual Machine Approach").
 */
export class CaptureRegex {
  /** By group number: its name, or null. The first entry is the whole match. */
  readonly names: readonly (string | null)[];
  readonly #program: Program;
  /** By step: the place in the text, counted over all searches, at which it was reached last. */
  readonly #reached: Float64Array;
  #place = 0;
  #work = 0;

  /** Throws `RegexProblem`, as `compileRegex` does. */
  constructor(source: string) {
    const part = parseRegex(source, new Set());
    this.names = [null, ...namesOf(part)];
    this.#program = buildProgram({ type: "group", index: 0, name: null, part }, true);
    this.#reached = new Float64Array(this.#program.steps.length);
  }

  /** The first match at or after an index; null when there is none. */
  find(text: string, from: number): Captures | null {
    const none = Array.from({ length: this.names.length * 2 }, () => -1);
    const program = this.#program;
    let threads: Thread[] = [];
    let best: Captures | null = null;
    let before = this.#besideBefore(text, from);
    for (let at = from; ;) {
      if (best === null) threads.push({ step: program.start, captures: none });
      if (threads.length === 0 || at > text.length) return best;
      this.#work += threads.length;
      const codePoint = text.codePointAt(at);
      const characterClass = codePoint === undefined ? null : classAt(program, text, at, codePoint);
      const after = characterClass === null ? BESIDE.edge : (program.beside[characterClass] ?? BESIDE.other);
      threads = this.#advance(threads, { at, characterClass, before, after }, (accepted) => {
        best = accepted;
      });
      before = after;
      at += (codePoint ?? 0) > 0xffff ? 2 : 1;
    }
  }

  /** All matches that do not overlap, at most as many as told. Throws `RegexProblem` when that takes too much work. */
  findAll(text: string, most: number): Captures[] {
    const matches: Captures[] = [];
    this.#work = 0;
    for (let from = 0; from <= text.length && matches.length < most;) {
      const match = this.find(text, from);
      if (match === null) break;
      if (this.#work > mostWork) {
        throw new RegexProblem(
          "regex-unsafe",
          "to find every match in the text takes too much work",
          "let the expression begin with what stands at the start of each match",
        );
      }
      matches.push(match);
      const end = match[1] ?? from;
      from = end > (match[0] ?? from) ? end : end + ((text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1);
    }
    return matches;
  }

  #besideBefore(text: string, at: number): number {
    if (at === 0) return BESIDE.edge;
    // The second half of a pair is no letter of a word and no line break, and neither is its whole.
    return this.#program.beside[this.#program.classOf(text.charCodeAt(at - 1))] ?? BESIDE.other;
  }

  /** The threads behind a character. A thread that accepts before it ends those that are less preferred. */
  #advance(threads: readonly Thread[], place: Place, onAccept: (captures: Captures) => void): Thread[] {
    this.#place++;
    const survivors: Thread[] = [];
    for (const thread of threads) {
      const accepted = this.#follow(thread, place, survivors);
      if (accepted === null) continue;
      onAccept(accepted);
      break;
    }
    return survivors;
  }

  /** Follows a thread to the steps that read the character; the captures when it accepts before reading. */
  #follow(from: Thread, { at, characterClass, before, after }: Place, survivors: Thread[]): Captures | null {
    const { steps, members } = this.#program;
    const pending: Thread[] = [from];
    for (let thread = pending.pop(); thread !== undefined; thread = pending.pop()) {
      const { step: number, captures } = thread;
      const step = steps[number];
      // Threads are told apart before the character by their step: the first to come is the preferred one.
      if (step === undefined || this.#reached[number] === this.#place) continue;
      this.#reached[number] = this.#place;
      switch (step.type) {
        case "accept":
          return captures;
        case "set":
          if (characterClass !== null && members[step.set]?.[characterClass] === 1)
            survivors.push({ step: step.next, captures });
          break;
        case "split":
          for (const next of step.nexts.toReversed()) pending.push({ step: next, captures });
          break;
        case "assertion":
          if (holds(step.assertion, before, after)) pending.push({ step: step.next, captures });
          break;
        case "save":
          pending.push({ step: step.next, captures: captures.with(step.slot, at) });
          break;
      }
    }
    return null;
  }
}
