import { join } from "node:path";
import { stateFolder } from "../../config.js";
import { StreamingMatcher } from "../../detection/matcher.js";
import type { CompiledRule } from "../../detection/rule.js";
import type { CorrelationRule } from "../../detection/sigma/correlation/rule.js";
import type { SigmaCollection } from "../../detection/sigma/collection.js";
import type { SigmaFile } from "../../detection/sigma/collection-file.js";
import type { Diagnostic } from "../../errors.js";
import { documentKeys } from "../../telemetry/files/document-keys.js";
import type { Logsource } from "../../telemetry/files/event-shape.js";
import { valuesOfLogsource } from "../../telemetry/windows/channels.js";
import { ScannedRules } from "./counting.js";
import { compileQueries } from "./query-rules.js";
import { RuleCache } from "./rule-cache.js";
import { type QueryText, readRuleTexts } from "./rule-files.js";
import { type PipelineText, RulePipelines } from "../../detection/pipelines/index.js";

/** A rule that is not matched, and why. */
export interface UnsupportedRule {
  readonly rule: string | null;
  readonly title: string | null;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly reasons: readonly Diagnostic[];
}

/** What rules were read from: plain data, for threads that compile them on their own. */
export interface RuleSources {
  readonly files: readonly SigmaFile[];
  readonly pipelines: readonly PipelineText[];
  readonly queries: readonly QueryText[];
}

export interface LoadedRules extends RuleSources {
  /** Those that alert on single events: of Sigma, then of SPL, each in the order of the files. */
  readonly rules: readonly CompiledRule[];
  /** Those that alert, over several events. */
  readonly correlations: readonly CorrelationRule[];
  readonly unsupported: readonly UnsupportedRule[];
  /** Everything that was found, refusals among it. */
  readonly diagnostics: readonly Diagnostic[];
  /** YAML files beside the rules that are none. */
  readonly others: readonly string[];
}

/** The rules of what was read, as {@link loadRules} gives them. */
export function rulesOf({ files, pipelines, queries }: RuleSources): ScannedRules {
  // Whatever is refused was told of where they were loaded.
  const collection = new RulePipelines(pipelines).compile(files, () => "");
  const queried = compileQueries(queries, compiledOf(collection)).rules;
  return new ScannedRules([...alerting(collection.rules), ...queried], alerting(collection.correlations));
}

function alerting<Rule>(rules: readonly { readonly rule: Rule; readonly alone: boolean }[]): Rule[] {
  return rules.flatMap(({ rule, alone }) => (alone ? [rule] : []));
}

function compiledOf({ rules, correlations }: SigmaCollection): CompiledRule[] {
  return [...rules, ...correlations].map(({ rule }) => rule);
}

/** @param logsource of every event; null: told by its shape */
export function matcherOf(rules: readonly CompiledRule[], logsource: Logsource | null): StreamingMatcher {
  return new StreamingMatcher(rules, {
    documentKeys,
    ...(logsource === null ? { valuesOfLogsource } : {}),
  });
}

export interface LoadOptions {
  readonly cache: boolean;
  readonly pipelines: readonly PipelineText[];
}

/**
 * Loads the rules that paths name. Never throws for what is in their files.
 * @throws TyrianError `pipeline-invalid`.
 */
export function loadRules(paths: readonly string[], { cache, pipelines: named }: LoadOptions): LoadedRules {
  const pipelines = new RulePipelines(named);
  const { texts, queries, others, diagnostics } = readRuleTexts(paths);
  const parse = (text: string, file: string): SigmaFile => pipelines.parse(text, file);
  // A pipeline answers for placeholders while a rule is read: what was read without it is another rule.
  const files =
    cache && pipelines.isEmpty
      ? new RuleCache(join(stateFolder(), "rules")).read(texts, parse)
      : texts.map(({ file, text }) => parse(text, file));
  const textOf = new Map(texts.map(({ file, text }) => [file, text]));
  const collection = pipelines.compile(files, (file) => textOf.get(file) ?? "");
  const queried = compileQueries(queries, compiledOf(collection));
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
    pipelines: named,
    queries,
    rules: [...alerting(collection.rules), ...queried.rules],
    correlations: alerting(collection.correlations),
    unsupported: [...unreadable, ...refused, ...queried.unsupported],
    diagnostics: [...pipelines.warnings, ...diagnostics, ...collection.diagnostics, ...queried.diagnostics],
    others,
  };
}
