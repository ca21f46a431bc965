import { BESIDE, classAt, holds, type Program } from "./program.js";

/** Table entries of remembered states, of one expression. When they are used up, states are no longer remembered. */
const mostEntries = 32_768;

const UNKNOWN = -1;
const ACCEPT = -2;

interface State {
  /** Steps before which the automaton stands. */
  readonly steps: readonly number[];
  /** What stands before the place. */
  readonly before: number;
  /** By class of the next character: the next state's number, UNKNOWN or ACCEPT. */
  readonly nexts: Int32Array;
}

/**
 * Searches texts for an expression by following all of its ways at once, as RE2 does: the time is at most the length of
 * the text times the size of the expression, for every expression and every text. Ways that were followed before are
 * remembered as states of a deterministic automaton.
 */
export class Automaton {
  readonly #program: Program;
  readonly #states: State[] = [];
  readonly #numbers = new Map<string, number>();
  /** By step: the number of the visit that saw it last. Float64, for visits outnumber 32 bits. */
  readonly #visited: Float64Array;
  #visit = 0;

  constructor(program: Program) {
    this.#program = program;
    this.#visited = new Float64Array(program.steps.length);
    this.#remember([program.start], BESIDE.edge);
  }

  /** Whether the expression matches anywhere in the text. */
  test(text: string): boolean {
    const program = this.#program;
    let number = 0;
    for (let index = 0; index < text.length; index++) {
      const codePoint = text.codePointAt(index) ?? 0;
      if (codePoint > 0xffff) index++;
      const state = this.#states[number] as State;
      const characterClass = classAt(program, text, index, codePoint);
      let next = state.nexts[characterClass] ?? UNKNOWN;
      if (next === UNKNOWN) {
        const steps = this.#step(state.steps, state.before, characterClass);
        if (steps === null) next = ACCEPT;
        else {
          next = this.#remember(steps, program.beside[characterClass] ?? BESIDE.other);
          if (next === UNKNOWN)
            return this.#follow(text, index + 1, steps, program.beside[characterClass] ?? 0);
        }
        state.nexts[characterClass] = next;
      }
      if (next === ACCEPT) return true;
      number = next;
    }
    const last = this.#states[number] as State;
    return this.#reachable(last.steps, last.before, BESIDE.edge) === null;
  }

  /** The rest of a search, without remembering. */
  #follow(text: string, from: number, start: readonly number[], beside: number): boolean {
    let steps = start;
    let before = beside;
    for (let index = from; index < text.length; index++) {
      const codePoint = text.codePointAt(index) ?? 0;
      if (codePoint > 0xffff) index++;
      const characterClass = classAt(this.#program, text, index, codePoint);
      const next = this.#step(steps, before, characterClass);
      if (next === null) return true;
      steps = next;
      before = this.#program.beside[characterClass] ?? BESIDE.other;
    }
    return this.#reachable(steps, before, BESIDE.edge) === null;
  }

  /** The number of a state; UNKNOWN when there is no room for a new one. */
  #remember(steps: readonly number[], before: number): number {
    const key = `${before}:${steps.join(",")}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const { classCount } = this.#program;
    if (this.#states.length > 0 && (this.#states.length + 1) * (classCount + steps.length) > mostEntries)
      return UNKNOWN;
    const nexts = new Int32Array(classCount).fill(UNKNOWN);
    this.#numbers.set(key, this.#states.length);
    return this.#states.push({ steps, before, nexts }) - 1;
  }

  /** Where the automaton stands after a character; null when it had matched before it. */
  #step(steps: readonly number[], before: number, characterClass: number): number[] | null {
    const program = this.#program;
    const reached = this.#reachable(steps, before, program.beside[characterClass] ?? BESIDE.other);
    if (reached === null) return null;
    const visit = ++this.#visit;
    const nexts: number[] = [];
    for (const at of reached) {
      const step = program.steps[at];
      if (step?.type !== "set" || program.members[step.set]?.[characterClass] !== 1) continue;
      if (this.#visited[step.next] === visit) continue;
      this.#visited[step.next] = visit;
      nexts.push(step.next);
    }
    // A match may begin anywhere.
    if (this.#visited[program.start] !== visit) nexts.push(program.start);
    return nexts.toSorted((left, right) => left - right);
  }

  /** The steps that read a character and can be reached without reading one; null when the end is among them. */
  #reachable(steps: readonly number[], before: number, after: number): number[] | null {
    const visit = ++this.#visit;
    const readers: number[] = [];
    const pending = [...steps];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (this.#visited[at] === visit) continue;
      this.#visited[at] = visit;
      const step = this.#program.steps[at];
      if (step === undefined) continue;
      if (step.type === "accept") return null;
      if (step.type === "set") readers.push(at);
      else if (step.type === "split") pending.push(...step.nexts);
      else if (step.type === "save" || holds(step.assertion, before, after)) pending.push(step.next);
    }
    return readers;
  }
}
