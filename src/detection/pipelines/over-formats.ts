import type { Diagnostic } from "../../errors.js";
import type { CompiledRule } from "../rule.js";
import { compileRule } from "../sigma/compile.js";
import { parseSigma } from "../sigma/parse.js";
import { itemsOf, type Item, type SigmaRule } from "../sigma/rule-tree.js";
import { applyPipelines, type ApplyOptions, type ApplyResult } from "./apply.js";
import type { EventFormat } from "./formats.js";
import type { PipelineOptions } from "./piped-rule.js";
import type { Pipeline } from "./pipeline.js";
import { placeholdersOf } from "./placeholders.js";
import { positionOf, type RuleSource } from "./problem.js";

/** Whether a line is true of every event that lacks its field: the answer would be made up. */
function holdsWithoutField({ values, negated }: Item): boolean {
  const isAbsence = values.some(({ meanings }) =>
    meanings.some((meaning) => meaning.type === "null" || (meaning.type === "presence" && !meaning.wanted)),
  );
  return isAbsence !== negated;
}

/**
 * What a rule asks of events that do not have it under any name. A line that such events never satisfy is warned about;
 * one that they always satisfy because the field is not there (null, exists: false, neq) is an error.
 */
function lackingFields(rule: SigmaRule, source: RuleSource, format: EventFormat): readonly Diagnostic[] {
  const { category, service } = rule.logsource;
  const lacks = new Set(format.lacks[category ?? service ?? ""] ?? []);
  const items = [...rule.searches.values()].flatMap(itemsOf);
  return items.flatMap((item): Diagnostic[] => {
    if (item.field === null || !lacks.has(item.field)) return [];
    const holds = holdsWithoutField(item);
    return [
      {
        ...positionOf(item, source),
        severity: holds ? "error" : "warning",
        code: "field-not-in-format",
        message: `events of ${format.title} have no ${item.field}: this line ${holds ? "says nothing about them" : "never matches them"}`,
        hint: holds ? "test a field that they have" : "",
      },
    ];
  });
}

/** A format and its pipeline, as read from the format's file. */
export interface LoadedFormat {
  readonly format: EventFormat;
  readonly pipeline: Pipeline;
}

/** A rule for the events of one format. */
export interface RuleForFormat {
  readonly format: EventFormat;
  /** Null when the format cannot carry the rule; a diagnostic says why. */
  readonly rule: CompiledRule | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** The rule as events of a format see it: one that names no product reads that of the format too. */
function forProduct(rule: SigmaRule, { logsource }: EventFormat): SigmaRule {
  return rule.logsource.product === null
    ? { ...rule, logsource: { ...rule.logsource, product: logsource.product } }
    : rule;
}

/**
 * Fits a rule that was read to the events of a format; `further` pipelines are applied beside the format's, all by their
 * priority. The rule is null when a pipeline refuses it, or when the format cannot carry it.
 */
export function fitToFormat(
  rule: SigmaRule,
  source: RuleSource,
  { format, pipeline }: LoadedFormat,
  further: readonly Pipeline[] = [],
  options: ApplyOptions = {},
): ApplyResult {
  const wanted = forProduct(rule, format);
  const applied = applyPipelines(wanted, source, [pipeline, ...further], options);
  // Where the pipeline refuses the rule, what the events lack besides does not matter.
  if (applied.rule === null) return applied;
  const lacking = lackingFields(wanted, source, format);
  const refused = lacking.some(({ severity }) => severity === "error");
  return {
    ...applied,
    rule: refused ? null : applied.rule,
    diagnostics: [...applied.diagnostics, ...lacking],
  };
}

/** Fits a rule that was read to the events of a format, as {@link fitToFormat}, and compiles it. */
export function compileForFormat(
  rule: SigmaRule,
  source: RuleSource,
  format: LoadedFormat,
  further: readonly Pipeline[] = [],
  options: ApplyOptions = {},
): RuleForFormat {
  const { rule: fitted, diagnostics } = fitToFormat(rule, source, format, further, options);
  return {
    format: format.format,
    rule: fitted === null ? null : compileRule(fitted, source.file),
    diagnostics,
  };
}

/** A rule over formats: what was found in reading it, and what became of it for each format. */
export interface RuleOverFormats {
  readonly diagnostics: readonly Diagnostic[];
  /** None when the rule could not be read. */
  readonly formats: readonly RuleForFormat[];
}

/**
 * Reads one Sigma rule and compiles it for the events of each format. The compiled rules have one id and read different
 * log sources, so that no event matches two of them; a rule that no format can carry has null everywhere. Placeholders
 * are answered by the caller, then by the `further` pipelines.
 */
export function compileOverFormats(
  text: string,
  file: string,
  formats: readonly LoadedFormat[],
  further: readonly Pipeline[] = [],
  options: PipelineOptions = {},
): RuleOverFormats {
  const source = { text, file };
  const placeholders = placeholdersOf(source, further, options.placeholders, options);
  const { rule, diagnostics } = parseSigma(text, file, { placeholders });
  if (rule === null) return { diagnostics, formats: [] };
  return {
    diagnostics,
    formats: formats.map((format) => compileForFormat(rule, source, format, further, options)),
  };
}
