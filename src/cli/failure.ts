import { type Diagnostic, type Position, EXIT, type ExitStatus, TyrianError } from "../errors.js";
import { plain } from "../report/text.js";

/** What the user is told of an error, and the exit status. */
export interface Failure {
  readonly text: string;
  readonly exit: ExitStatus;
}

/**
 * `error: CODE: MESSAGE`, then the positions, then the hint. Never a stack, unless TYRIAN_DEBUG=1 asks for it. Anything
 * but a TyrianError is a defect and is reported as `internal`.
 */
export function failureOf(thrown: unknown, debug: boolean): Failure {
  const error = thrown instanceof TyrianError ? thrown : internal(thrown);
  const lines = [`error: ${error.code}: ${plain(error.message)}`];
  for (const { hint, message, ...position } of error.diagnostics) {
    // A file that cannot be read has no lines, and its one finding is the message.
    if (message === error.message) continue;
    lines.push(`  ${positionOf(position)}: ${plain(message)}${hint === "" ? "" : `; ${plain(hint)}`}`);
  }
  if (error.hint !== "") lines.push(`hint: ${plain(error.hint)}`);
  if (debug) lines.push(...stacksOf(thrown));
  return { text: lines.join("\n"), exit: error.exit };
}

/** `file:line:column: severity code: message`, with the hint below it: it may hold a document to copy. */
export function diagnosticText(diagnostic: Diagnostic): string {
  const { severity, code, message, hint } = diagnostic;
  const first = `${positionOf(diagnostic)}: ${severity}: ${code}: ${plain(message)}`;
  return hint === ""
    ? first
    : [
        first,
        ...hint
          .trimEnd()
          .split("\n")
          .map((line) => `    ${plain(line)}`),
      ].join("\n");
}

function positionOf({ file, line, column }: Position): string {
  return `${plain(file)}:${line}:${column}`;
}

function internal(thrown: unknown): TyrianError {
  if (thrown instanceof Error && thrown.name === "AbortError") {
    return new TyrianError("interrupted", "interrupted", { cause: thrown });
  }
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new TyrianError("internal", message, { cause: thrown });
}

function stacksOf(thrown: unknown): string[] {
  const stacks: string[] = [];
  for (let error = thrown; error instanceof Error && stacks.length < 10; error = error.cause) {
    stacks.push(error.stack ?? String(error));
  }
  return stacks;
}

/** The exit status of a thing that lists diagnostics: errors are invalid input, warnings are not. */
export function exitOf(diagnostics: readonly Diagnostic[]): ExitStatus {
  return diagnostics.some(({ severity }) => severity === "error") ? EXIT.invalidInput : EXIT.met;
}
