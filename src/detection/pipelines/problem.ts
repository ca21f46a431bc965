import type { Position } from "../../errors.js";
import type { Item } from "../sigma/rule-tree.js";

/** A rule's text and its file, to tell where a line of the rule stands. */
export interface RuleSource {
  readonly file: string;
  readonly text: string;
  /** Where the rule begins, when the text holds more than one document. */
  readonly at?: number;
}

/** The position of an offset into a text. */
export function positionIn({ file, text }: RuleSource, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { file, line: before.split("\n").length, column: offset - lineStart + 1 };
}

/**
 * The position of a line of a rule. A line that does not stand in the rule's own text, such as one of a filter that was
 * added to the rule, is told at the rule's beginning.
 */
export function positionOf(item: Item, source: RuleSource): Position {
  const found = source.text.slice(item.at).replace(/^["']/, "");
  return positionIn(source, found.startsWith(item.key) ? item.at : (source.at ?? 0));
}

/** Why a pipeline cannot be applied to a rule. Does not leave `pipelines/`: it becomes a diagnostic of the rule. */
export class PipelineProblem extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint = "",
    /** The line of the rule that it is about; null for the rule as a whole. */
    readonly position: Position | null = null,
  ) {
    super(message);
    this.name = "PipelineProblem";
  }
}
