import type { Diagnostic } from "../../../errors.js";
import { type LookupText, readLookups } from "../lookups/files.js";
import { compileSpl, type CompileSplOptions, type CompileSplResult } from "./compile.js";
import { readSplHeader } from "./header.js";

export interface CompileSplFileOptions extends Omit<CompileSplOptions, "tables"> {
  /** The lookup tables beside the file; those that the query looks up are enough. */
  readonly lookups?: readonly LookupText[];
}

/**
 * Reads a file with a query and makes a rule of it, with the facts of its header and the lookup tables beside it. The rule is
 * null when a diagnostic is an error.
 */
export function compileSplFile(
  text: string,
  file: string,
  { lookups = [], ...options }: CompileSplFileOptions = {},
): CompileSplResult {
  const { facts, logsource, diagnostics: ofHeader } = readSplHeader(text, file);
  const { tables, diagnostics: ofTables } = readLookups(lookups);
  const diagnostics = [...ofHeader, ...ofTables];
  if (ofTables.length > 0) return { rule: null, diagnostics, corrected: null };
  const compiled = compileSpl(text, file, {
    ...options,
    tables,
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
