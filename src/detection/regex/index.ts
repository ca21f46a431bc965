import { Automaton } from "./automaton.js";
import { parseRegex } from "./parse.js";
import { buildProgram } from "./program.js";

export { RegexProblem } from "./syntax.js";

/**
 * Compiles a regular expression, for whether it matches. Throws `RegexProblem`: `regex-invalid` for what is no expression,
 * `regex-unsafe` for look-around, back-references, atomic groups and expressions that are too large. Everything else is
 * searched for in time linear in the text.
 */
export function compileRegex(source: string, flags: ReadonlySet<string>): { test(text: string): boolean } {
  return new Automaton(buildProgram(parseRegex(source, flags)));
}
