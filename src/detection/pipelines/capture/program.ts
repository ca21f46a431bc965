import type { CharacterSet } from "../../sigma/regex/character-set.js";
import { RegexProblem, type Assertion, type Expression } from "../../sigma/regex/syntax.js";
import type { CaptureExpression, CaptureSyntax } from "./parse.js";

/** One step. Of a split, the first way is tried first. */
export type Step =
  | { readonly type: "set"; readonly set: CharacterSet; readonly next: number }
  | { readonly type: "assertion"; readonly assertion: Assertion; readonly next: number }
  | { readonly type: "split"; readonly first: number; readonly second: number }
  | { readonly type: "save"; readonly slot: number; readonly next: number }
  | { readonly type: "accept" };

const mostSteps = 2000;

class Builder {
  readonly steps: Step[] = [];

  add(step: Step): number {
    if (this.steps.length >= mostSteps) {
      throw new RegexProblem(
        "regex-unsafe",
        `the expression needs more than ${mostSteps} steps`,
        "lower the numbers in {…}",
      );
    }
    this.steps.push(step);
    return this.steps.length - 1;
  }

  build(expression: CaptureExpression, next: number): number {
    switch (expression.type) {
      case "atom":
        return this.#atom(expression.expression, next);
      case "sequence":
        return expression.parts.reduceRight((after, part) => this.build(part, after), next);
      case "choice":
        return expression.options
          .map((option) => this.build(option, next))
          .reduceRight((second, first) => this.add({ type: "split", first, second }));
      case "group": {
        const end = this.add({ type: "save", slot: expression.index * 2 + 1, next });
        return this.add({ type: "save", slot: expression.index * 2, next: this.build(expression.part, end) });
      }
      case "repeat":
        return this.#repeat(expression, next);
    }
  }

  #atom(expression: Expression, next: number): number {
    switch (expression.type) {
      case "set":
        return this.add({ type: "set", set: expression.set, next });
      case "assertion":
        return this.add({ type: "assertion", assertion: expression.assertion, next });
      case "sequence":
        return expression.parts.reduceRight((after, part) => this.#atom(part, after), next);
      case "choice":
      case "repeat":
        // An atom is one character or one place: the parser has taken everything else apart.
        throw new RegexProblem("regex-invalid", "the expression cannot be divided into its parts");
    }
  }

  #split(part: number, next: number, lazy: boolean): Step {
    return { type: "split", first: lazy ? next : part, second: lazy ? part : next };
  }

  #repeat({ part, least, most, lazy }: CaptureExpression & { type: "repeat" }, next: number): number {
    let start = next;
    if (most === null) {
      start = this.add({ type: "accept" });
      this.steps[start] = this.#split(this.build(part, start), next, lazy);
    } else {
      for (let count = least; count < most; count++)
        start = this.add(this.#split(this.build(part, start), next, lazy));
    }
    for (let count = 0; count < least; count++) start = this.build(part, start);
    return start;
  }
}

/** The steps of an expression and the one to start at. Throws {@link RegexProblem} when they are too many. */
export function buildSteps({ expression }: CaptureSyntax): { steps: readonly Step[]; start: number } {
  const builder = new Builder();
  const accept = builder.add({ type: "accept" });
  const start = builder.build({ type: "group", index: 0, part: expression }, accept);
  return { steps: builder.steps, start };
}
