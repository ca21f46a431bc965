import { makeSet, newline, wordCharacters, has, type CharacterSet } from "./character-set.js";
import { RegexProblem, type Assertion, type Expression } from "./syntax.js";

/** One step of the automaton. Numbers are indexes of steps. */
export type Step =
  | { readonly type: "set"; readonly set: number; readonly next: number }
  | { readonly type: "assertion"; readonly assertion: Assertion; readonly next: number }
  /** The first way is the preferred one. */
  | { readonly type: "split"; readonly nexts: readonly number[] }
  /** Remembers the place: the start of group n in slot 2n, its end in 2n+1. */
  | { readonly type: "save"; readonly slot: number; readonly next: number }
  | { readonly type: "accept" };

/** What stands beside a place in the text, as far as assertions care. */
export const BESIDE = { edge: 0, newline: 1, word: 2, other: 3, lastNewline: 4 } as const;

/** Whether an assertion holds between what stands {@link BESIDE} a place. */
export function holds(assertion: Assertion, before: number, after: number): boolean {
  switch (assertion) {
    case "start":
      return before === BESIDE.edge;
    case "end":
      return after === BESIDE.edge;
    case "text-end":
      return after === BESIDE.edge || after === BESIDE.lastNewline;
    case "line-start":
      return isLineEdge(before);
    case "line-end":
      return isLineEdge(after);
    case "word-edge":
      return (before === BESIDE.word) !== (after === BESIDE.word);
    case "no-word-edge":
      return (before === BESIDE.word) === (after === BESIDE.word);
  }
}

function isLineEdge(beside: number): boolean {
  return beside === BESIDE.edge || beside === BESIDE.newline || beside === BESIDE.lastNewline;
}

/** A non-deterministic automaton over classes of characters that no part of the expression tells apart. */
export interface Program {
  readonly steps: readonly Step[];
  readonly start: number;
  /** By set and class: whether the set holds the class. */
  readonly members: readonly Uint8Array[];
  readonly classCount: number;
  /** The class of a line break that ends the text. */
  readonly lastNewline: number;
  /** By class: one of {@link BESIDE}. */
  readonly beside: Uint8Array;
  classOf(codePoint: number): number;
}

/** The class of the character at an index of a text. */
export function classAt(program: Program, text: string, index: number, codePoint: number): number {
  const last = codePoint === 10 && index === text.length - 1;
  return last ? program.lastNewline : program.classOf(codePoint);
}

/** Larger expressions are refused: each step may be looked at for each character of an event. */
const mostSteps = 3000;

class Builder {
  readonly steps: Step[] = [];
  readonly sets: CharacterSet[] = [];

  constructor(private readonly captures: boolean) {}

  add(step: Step): number {
    if (this.steps.length >= mostSteps) {
      throw new RegexProblem(
        "regex-unsafe",
        `the expression needs more than ${mostSteps} steps`,
        "lower the numbers in {…}, above all of one quantifier inside another",
      );
    }
    this.steps.push(step);
    return this.steps.length - 1;
  }

  /** Adds an expression that goes on at a step, from its end to its start. */
  build(expression: Expression, next: number): number {
    switch (expression.type) {
      case "set":
        this.sets.push(expression.set);
        return this.add({ type: "set", set: this.sets.length - 1, next });
      case "assertion":
        return this.add({ type: "assertion", assertion: expression.assertion, next });
      case "sequence":
        return expression.parts.reduceRight((after, part) => this.build(part, after), next);
      case "choice":
        return this.add({
          type: "split",
          nexts: expression.options.map((option) => this.build(option, next)),
        });
      case "group": {
        const { index, part } = expression;
        if (!this.captures) return this.build(part, next);
        const close = this.add({ type: "save", slot: index * 2 + 1, next });
        return this.add({ type: "save", slot: index * 2, next: this.build(part, close) });
      }
      case "repeat":
        return this.#repeat(expression, next);
    }
  }

  #repeat({ part, least, most, lazy }: Expression & { type: "repeat" }, next: number): number {
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

/** Divides all characters into the fewest classes that every set holds as a whole or not at all. */
function classify(sets: readonly CharacterSet[]): Omit<Program, "steps" | "start"> {
  const all = [...sets, newline, wordCharacters];
  const starts = [...new Set([0, ...all.flatMap((set) => set.flatMap(([from, to]) => [from, to + 1]))])]
    .filter((codePoint) => codePoint <= 0x10ffff)
    .toSorted((left, right) => left - right);
  const numbers = new Map<string, number>();
  const examples: number[] = [];
  const classAt = starts.map((codePoint) => {
    const signature = all.map((set) => (has(set, codePoint) ? "1" : "0")).join("");
    const known = numbers.get(signature);
    if (known !== undefined) return known;
    examples.push(codePoint);
    numbers.set(signature, examples.length - 1);
    return examples.length - 1;
  });
  const search = (codePoint: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= codePoint) low = middle;
      else high = middle - 1;
    }
    return classAt[low] ?? 0;
  };
  const ascii = Uint16Array.from({ length: 128 }, (_, codePoint) => search(codePoint));
  // The line break that ends the text is a class of its own, in the same sets as any other.
  examples.push(10);
  const lastNewline = examples.length - 1;
  return {
    members: sets.map((set) => Uint8Array.from(examples, (codePoint) => (has(set, codePoint) ? 1 : 0))),
    classCount: examples.length,
    lastNewline,
    beside: Uint8Array.from(examples, (codePoint, index) => {
      if (index === lastNewline) return BESIDE.lastNewline;
      if (codePoint === 10) return BESIDE.newline;
      return has(wordCharacters, codePoint) ? BESIDE.word : BESIDE.other;
    }),
    classOf: (codePoint) => (codePoint < 128 ? (ascii[codePoint] ?? 0) : search(codePoint)),
  };
}

/**
 * The automaton of an expression; with steps for its groups when told. Throws {@link RegexProblem} when it would be too
 * large.
 */
export function buildProgram(expression: Expression, captures = false): Program {
  const builder = new Builder(captures);
  const accept = builder.add({ type: "accept" });
  const start = builder.build(expression, accept);
  // Expressions repeat the same sets; each is told apart once.
  const numbers = new Map<string, number>();
  const unique: CharacterSet[] = [];
  const renumbered = builder.sets.map((set) => {
    const key = makeSet(set).join(";");
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, unique.length);
    return unique.push(set) - 1;
  });
  const steps = builder.steps.map((step) =>
    step.type === "set" ? { ...step, set: renumbered[step.set] ?? 0 } : step,
  );
  return { steps, start, ...classify(unique) };
}
