import { compileSplFile } from "../../detection/spl/rule/file.js";
import { readSplHeader } from "../../detection/spl/rule/header.js";
import type { CompiledRule } from "../../detection/rule.js";
import type { Diagnostic } from "../../errors.js";
import type { QueryText } from "./rule-files.js";
import type { UnsupportedRule } from "./loaded-rules.js";

/** Queries of SPL as rules. */
export interface QueryRules {
  readonly rules: readonly CompiledRule[];
  readonly unsupported: readonly UnsupportedRule[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles queries that decide over events one by one. Others are refused, and so is one with an id that another rule has:
 * matches are told by ids.
 * @param taken rules that were compiled before
 */
export function compileQueries(texts: readonly QueryText[], taken: readonly CompiledRule[]): QueryRules {
  const files = new Map(taken.map(({ id, file }) => [id.toLowerCase(), file]));
  const rules: CompiledRule[] = [];
  const unsupported: UnsupportedRule[] = [];
  const found: Diagnostic[] = [];
  for (const { file, text, lookups } of texts) {
    const { rule, diagnostics } = compileSplFile(text, file, { singleEvents: true, lookups });
    found.push(...diagnostics);
    const place = { file, line: 1, column: 1 };
    const reasons = diagnostics.filter(({ severity }) => severity === "error");
    if (rule === null) {
      const { id = null, title = null } = readSplHeader(text, file).facts;
      unsupported.push({ rule: id, title, ...place, reasons });
      continue;
    }
    const other = files.get(rule.id.toLowerCase());
    if (other === undefined) {
      files.set(rule.id.toLowerCase(), file);
      rules.push(rule);
      continue;
    }
    const message = `the id ${rule.id} is also that of ${other}`;
    const hint = "give each rule an id of its own";
    const reason: Diagnostic = { ...place, severity: "error", code: "duplicate-id", message, hint };
    found.push(reason);
    unsupported.push({ rule: rule.id, title: rule.title, ...place, reasons: [reason] });
  }
  return { rules, unsupported, diagnostics: found };
}
