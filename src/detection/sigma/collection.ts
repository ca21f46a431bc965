import type { Diagnostic, Position } from "../../errors.js";
import type { CompiledRule } from "../rule.js";
import type { SigmaFile } from "./collection-file.js";
import { resolveCorrelations, type ResolvedCorrelation } from "./collection-correlations.js";
import { applyFilters, type FilterUse } from "./collection-filters.js";
import { DocumentIndex, type Entered } from "./collection-index.js";
import { Refusals, type RefusedFromCollection } from "./collection-refusals.js";
import { compileRule } from "./compile.js";
import type { SigmaRule } from "./rule-tree.js";

/** What a processing pipeline makes of a rule. */
export interface PreparedRule {
  /** Null when the pipeline refuses the rule; the diagnostics say why. */
  readonly rule: SigmaRule | null;
  readonly diagnostics: readonly Diagnostic[];
  /** The names that a field has after the pipeline, for the fields of correlations; none: it is not there. Absent: its own. */
  readonly fieldsNamed?: (name: string) => readonly string[];
}

export interface CollectionOptions {
  /** Prepares each rule before it is compiled, filters applied: a processing pipeline. */
  readonly prepare?: (rule: SigmaRule, position: Position) => PreparedRule;
}

/** A rule over events, with its filters applied. */
export interface CollectedRule {
  readonly rule: CompiledRule;
  /** What was compiled. */
  readonly tree: SigmaRule;
  readonly position: Position;
  /** It alerts by itself. False when it is there for correlations that do not `generate`. */
  readonly alone: boolean;
  /** Titles of the filters that were added to it. */
  readonly filters: readonly string[];
}

/** Rules, correlations and filters of many files, made ready together. */
export interface SigmaCollection {
  readonly rules: readonly CollectedRule[];
  readonly correlations: readonly ResolvedCorrelation[];
  readonly filters: readonly FilterUse[];
  readonly refused: readonly RefusedFromCollection[];
  /** Everything that was found, in the order of the files. */
  readonly diagnostics: readonly Diagnostic[];
  readonly counts: {
    readonly documents: number;
    readonly rules: number;
    readonly correlations: number;
    readonly filters: number;
    readonly refused: number;
  };
}

/**
 * Makes a set of files ready to be matched: filters are added to the rules that they name, references are resolved across
 * the files, and whatever cannot be used is listed with the reason. Every document of the files is in exactly one of
 * `rules`, `correlations`, `filters` and `refused`.
 */
export function compileCollection(
  files: readonly SigmaFile[],
  options: CollectionOptions = {},
): SigmaCollection {
  const refusals = new Refusals();
  const index = new DocumentIndex(files, refusals);
  const filters = applyFilters(index, refusals);
  const compiled = new Map<Entered, { rule: CompiledRule; tree: SigmaRule; prepared: PreparedRule }>();
  for (const entered of index.rules()) {
    const filtered = filters.ruleOf(entered);
    const prepared = options.prepare?.(filtered, entered.document.position) ?? {
      rule: filtered,
      diagnostics: [],
    };
    for (const diagnostic of prepared.diagnostics) refusals.note(entered, diagnostic);
    if (prepared.rule === null && !refusals.isRefused(entered))
      throw new Error(`a pipeline refused ${entered.id} without an error`);
    if (prepared.rule !== null && !refusals.isRefused(entered)) {
      const rule = compileRule({ ...prepared.rule, id: entered.id }, entered.file);
      compiled.set(entered, { rule, tree: prepared.rule, prepared });
    }
  }
  const { correlations, hidden } = resolveCorrelations(index, compiled, refusals);
  const rules = [...compiled].map(([entered, { rule, tree }]): CollectedRule => {
    const applied = filters.uses.filter(({ rules: ids }) => ids.includes(entered.id));
    const titles = applied.map(({ filter }) => filter.title);
    const { position } = entered.document;
    return { rule, tree, position, alone: !hidden.has(entered), filters: titles };
  });
  const refused = refusals.list(index);
  return {
    rules,
    correlations,
    filters: filters.uses,
    refused,
    diagnostics: index.diagnostics(refusals),
    counts: {
      documents: rules.length + correlations.length + filters.uses.length + refused.length,
      rules: rules.length,
      correlations: correlations.length,
      filters: filters.uses.length,
      refused: refused.length,
    },
  };
}
