import { join } from "node:path";
import { stateFolder } from "../../config.js";
import { StreamingMatcher } from "../../detection/matcher.js";
import type { CompiledRule } from "../../detection/rule.js";
import { compileCollection } from "../../detection/sigma/collection.js";
import type { CorrelationRule } from "../../detection/sigma/correlation/rule.js";
import { parseSigmaFile, type SigmaFile } from "../../detection/sigma/collection-file.js";
import type { Diagnostic } from "../../errors.js";
import type { Logsource } from "../../telemetry/files/event-shape.js";
import { valuesOfLogsource } from "../../telemetry/windows/channels.js";
import { RuleCache } from "./rule-cache.js";
import { readRuleTexts } from "./rule-files.js";

/** A rule that is not matched, and why. */
export interface UnsupportedRule {
  readonly rule: string | null;
  readonly title: string | null;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly reasons: readonly Diagnostic[];
}

export interface LoadedRules {
  /** As they were read, for threads that compile them on their own. */
  readonly files: readonly SigmaFile[];
  /** Those that alert, in the order of the files. */
  readonly rules: readonly CompiledRule[];
  /** Those that alert, over several events. */
  readonly correlations: readonly CorrelationRule[];
  readonly unsupported: readonly UnsupportedRule[];
  /** Everything that was found, refusals among it. */
  readonly diagnostics: readonly Diagnostic[];
  /** YAML files beside the rules that are none. */
  readonly others: readonly string[];
}

/** The rules that alert on single events, of files that were read. */
export function rulesOf(files: readonly SigmaFile[]): CompiledRule[] {
  return compileCollection(files).rules.flatMap(({ rule, alone }) => (alone ? [rule] : []));
}

/** @param logsource of every event; null: told by its shape */
export function matcherOf(rules: readonly CompiledRule[], logsource: Logsource | null): StreamingMatcher {
  return new StreamingMatcher(rules, logsource === null ? { valuesOfLogsource } : {});
}

/** Loads the rules that paths name. Never throws for what is in the files. */
export function loadRules(paths: readonly string[], options: { readonly cache: boolean }): LoadedRules {
  const { texts, others, diagnostics } = readRuleTexts(paths);
  const files = options.cache
    ? new RuleCache(join(stateFolder(), "rules")).read(texts, parseSigmaFile)
    : texts.map(({ file, text }) => parseSigmaFile(text, file));
  const collection = compileCollection(files);
  const refused = collection.refused.map(
    ({ id, title, file, position, diagnostics: reasons }): UnsupportedRule => ({
      rule: id,
      title,
      file,
      line: position.line,
      column: position.column,
      reasons: reasons.filter(({ severity }) => severity === "error"),
    }),
  );
  const unreadable = diagnostics.map((reason): UnsupportedRule => {
    const { file, line, column } = reason;
    return { rule: null, title: null, file, line, column, reasons: [reason] };
  });
  return {
    files,
    rules: collection.rules.flatMap(({ rule, alone }) => (alone ? [rule] : [])),
    correlations: collection.correlations.flatMap(({ rule, alone }) => (alone ? [rule] : [])),
    unsupported: [...unreadable, ...refused],
    diagnostics: [...diagnostics, ...collection.diagnostics],
    others,
  };
}
