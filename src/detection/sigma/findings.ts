import type { LineCounter } from "yaml";
import type { Diagnostic, Position } from "../../errors.js";
import { hintFor } from "../hints.js";

/** Collects the findings about one rule file, in the order of the file. */
export class Findings {
  readonly #found: (Diagnostic & { readonly offset: number })[] = [];

  constructor(
    readonly file: string,
    private readonly lines: LineCounter,
  ) {}

  /** An error at an offset into the text: the rule is refused. */
  error(offset: number, code: string, message: string, hint = ""): void {
    this.#add("error", offset, code, message, hint);
  }

  /** Something that is probably not meant, beside a rule that works. */
  warn(offset: number, code: string, message: string, hint = ""): void {
    this.#add("warning", offset, code, message, hint);
  }

  get failed(): boolean {
    return this.#found.some(({ severity }) => severity === "error");
  }

  /** Where an offset into the text is. */
  position(offset: number): Position {
    const { line, col } = this.lines.linePos(offset);
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  list(): Diagnostic[] {
    return this.#found
      .toSorted((left, right) => left.offset - right.offset)
      .map(({ offset: _, ...diagnostic }) => diagnostic);
  }

  #add(severity: Diagnostic["severity"], offset: number, code: string, message: string, hint: string): void {
    this.#found.push({
      ...this.position(offset),
      severity,
      code,
      message,
      hint: severity === "error" ? hintFor(code, hint) : hint,
      offset,
    });
  }
}
