import type { CharacterSet } from "./character-set.js";

/**
 * A place in the text that an expression can ask for without reading a character. `text-end` is the end or, as PCRE's
 * `$`, the place before a line break that ends the text.
 */
export type Assertion =
  "start" | "end" | "text-end" | "line-start" | "line-end" | "word-edge" | "no-word-edge";

/** A regular expression, as far as it can be matched in linear time. */
export type Expression =
  | { readonly type: "set"; readonly set: CharacterSet }
  | { readonly type: "assertion"; readonly assertion: Assertion }
  | { readonly type: "sequence"; readonly parts: readonly Expression[] }
  | { readonly type: "choice"; readonly options: readonly Expression[] }
  /** A group that captures. Groups count from 1; `name` is null for one without a name. */
  | {
      readonly type: "group";
      readonly index: number;
      readonly name: string | null;
      readonly part: Expression;
    }
  | {
      readonly type: "repeat";
      readonly part: Expression;
      readonly least: number;
      readonly most: number | null;
      /** Whether it takes as little as it can: decides what groups capture, not whether the expression matches. */
      readonly lazy: boolean;
    };

/**
 * Why an expression is refused: `regex-invalid` for what is no expression, `regex-unsafe` for what cannot be matched in
 * time that is linear in the text (look-around, back-references) or is too large. Does not leave `detection/`.
 */
export class RegexProblem extends Error {
  constructor(
    readonly code: "regex-invalid" | "regex-unsafe",
    message: string,
    readonly hint = "",
  ) {
    super(message);
    this.name = "RegexProblem";
  }
}
