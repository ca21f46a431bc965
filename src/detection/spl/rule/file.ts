import { compileSpl, type CompileSplOptions, type CompileSplResult } from "./compile.js";
import { readSplHeader } from "./header.js";

/** Reads a file with a query and makes a rule of it, with the facts of its header. The rule is null when a diagnostic is an error. */
export function compileSplFile(
  text: string,
  file: string,
  options: CompileSplOptions = {},
): CompileSplResult {
  const { facts, logsource, diagnostics } = readSplHeader(text, file);
  const compiled = compileSpl(text, file, {
    ...options,
    ...facts,
    ...(logsource === null ? {} : { logsource }),
  });
  const refused = diagnostics.some(({ severity }) => severity === "error");
  return {
    rule: refused ? null : compiled.rule,
    diagnostics: [...diagnostics, ...compiled.diagnostics],
    corrected: compiled.corrected,
  };
}
