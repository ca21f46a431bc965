import type { Diagnostic } from "../../../errors.js";
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
    diagnostics: [...diagnostics, ...compiled.diagnostics, ...meantBy(compiled, file)],
    corrected: compiled.corrected,
  };
}

/** The whole query as it was evidently meant, beside what refuses it. */
function meantBy({ rule, corrected }: CompileSplResult, file: string): Diagnostic[] {
  if (rule !== null || corrected === null) return [];
  const message = `it was evidently meant as: ${corrected.replaceAll("\n", " ")}`;
  const hint = "correct the file, or see what it finds with `tyrian search --spl QUERY --lenient`";
  return [{ file, line: 1, column: 1, severity: "warning", code: "query-corrected", message, hint }];
}
