import type { Diagnostic } from "../errors.js";
import type { Playbook } from "../model/playbook.js";
import { sourceOf, type Positions } from "./sources.js";
import type { Path } from "./yaml-source.js";

/** Collects a playbook's diagnostics, each once. */
export class LintReport {
  readonly #positions: Positions;
  readonly #found = new Map<string, Diagnostic>();

  constructor(playbook: Playbook) {
    this.#positions = sourceOf(playbook);
  }

  /** Reports a problem with the value at a path; `offset` is a place inside that text. */
  add(
    severity: "error" | "warning",
    code: string,
    path: Path,
    message: string,
    options: { readonly hint?: string; readonly offset?: number | null; readonly key?: boolean } = {},
  ): void {
    const { offset } = options;
    const position =
      offset !== undefined && offset !== null
        ? this.#positions.inside(path, offset)
        : options.key === true
          ? this.#positions.key(path)
          : this.#positions.value(path);
    const { file, line, column } = position;
    const diagnostic: Diagnostic = { file, line, column, severity, code, message, hint: options.hint ?? "" };
    this.#found.set(JSON.stringify(diagnostic), diagnostic);
  }

  /** In the order of the file. */
  diagnostics(): Diagnostic[] {
    return [...this.#found.values()].sort((a, b) => a.line - b.line || a.column - b.column);
  }
}
