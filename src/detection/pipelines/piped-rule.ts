import type { Diagnostic } from "../../errors.js";
import type { CompileResult } from "../rule.js";
import { compileRule } from "../sigma/compile.js";
import { parseSigma } from "../sigma/parse.js";
import type { SigmaRule } from "../sigma/rule-tree.js";
import { applyPipelines, type ApplyOptions, type ApplyResult } from "./apply.js";
import type { Pipeline } from "./pipeline.js";
import { placeholdersOf } from "./placeholders.js";

export interface PipelineOptions extends ApplyOptions {
  /** Values of placeholders that the caller knows; they come before those of the pipelines. */
  readonly placeholders?: Readonly<Record<string, readonly string[]>>;
}

/** A rule that was read and given to pipelines. */
export interface PipedRule {
  /** The rule as it was read; null when it could not be. */
  readonly original: SigmaRule | null;
  /** What the pipelines made of it; null when it could not be read. */
  readonly result: ApplyResult | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads one Sigma rule and applies pipelines to it; the pipelines also answer for its placeholders. */
export function parseWithPipelines(
  text: string,
  file: string,
  pipelines: readonly Pipeline[],
  options: PipelineOptions = {},
): PipedRule {
  const source = { text, file };
  const placeholders = placeholdersOf(source, pipelines, options.placeholders, options);
  const { rule, diagnostics } = parseSigma(text, file, { placeholders });
  if (rule === null) return { original: null, result: null, diagnostics };
  const result = applyPipelines(rule, source, pipelines, options);
  return { original: rule, result, diagnostics: [...diagnostics, ...result.diagnostics] };
}

/** Reads one Sigma rule, applies pipelines to it and compiles it for the events that the pipelines are about. */
export function compileWithPipelines(
  text: string,
  file: string,
  pipelines: readonly Pipeline[],
  options: PipelineOptions = {},
): CompileResult {
  const { result, diagnostics } = parseWithPipelines(text, file, pipelines, options);
  const rule = result?.rule ?? null;
  return { rule: rule === null ? null : compileRule(rule, file), diagnostics };
}
