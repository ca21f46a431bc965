import type { Diagnostic } from "../../errors.js";
import type { Refusals } from "./collection-refusals.js";
import type { DocumentIndex, Entered } from "./collection-index.js";
import type { RuleReference } from "./correlation/tree.js";
import type { FilterTree } from "./filter.js";
import { applyFilter, coversLogsource } from "./filter-apply.js";
import type { SigmaRule } from "./rule-tree.js";

/** A filter of a collection, and the ids of the rules that it was added to. */
export interface FilterUse {
  readonly filter: FilterTree;
  readonly file: string;
  readonly rules: readonly string[];
}

export interface AppliedFilters {
  readonly uses: readonly FilterUse[];
  /** A rule with its filters. */
  ruleOf(entered: Entered & { readonly document: { readonly rule: SigmaRule } }): SigmaRule;
}

/**
 * Adds filters to the rules that they name and whose log source they cover, in the order of the filters. Filters are for
 * rules over events; a correlation is filtered through its rules.
 */
export function applyFilters(index: DocumentIndex, refusals: Refusals): AppliedFilters {
  const rules = new Map(index.rules().map((entered) => [entered as Entered, entered.document.rule]));
  const uses = index.filters().map((entered): FilterUse => {
    const { filter } = entered.document;
    const targets = targetsOf(filter, index, (diagnostic) => refusals.note(entered, diagnostic));
    for (const target of targets) {
      const rule = rules.get(target);
      if (rule !== undefined) rules.set(target, applyFilter(rule, filter));
    }
    return { filter, file: entered.file, rules: targets.map(({ id }) => id) };
  });
  return { uses, ruleOf: (entered) => rules.get(entered) ?? entered.document.rule };
}

function targetsOf(
  filter: FilterTree,
  index: DocumentIndex,
  warn: (diagnostic: Diagnostic) => void,
): Entered[] {
  const covered = index
    .rules()
    .filter(({ document }) => coversLogsource(filter.logsource, document.rule.logsource));
  const named = filter.rules?.flatMap((reference) => namedBy(reference, covered, index, warn)) ?? covered;
  const targets = [...new Set<Entered>(named)];
  if (targets.length === 0) {
    const message = "this filter changes no rule";
    const hint = "see that the rules are loaded, and that its logsource names no more than theirs";
    warn({ ...filter.position, severity: "warning", code: "filter-unused", message, hint });
  }
  return targets;
}

function namedBy(
  reference: RuleReference,
  covered: readonly Entered[],
  index: DocumentIndex,
  warn: (diagnostic: Diagnostic) => void,
): Entered[] {
  const found = index.find(reference);
  if (found.length === 0) warn(index.missing(reference, "warning"));
  return found.filter((entered) => {
    if (covered.includes(entered)) return true;
    const isCorrelation = entered.document.type === "correlation";
    const message = isCorrelation
      ? `"${reference.text}" is a correlation: filters are added to rules over events`
      : `"${reference.text}" reads another log source: this filter is not added to it`;
    const hint = isCorrelation ? "name the rules of the correlation" : "correct the logsource of the filter";
    const code = isCorrelation ? "filter-correlation" : "filter-logsource";
    warn({ ...reference.position, severity: "warning", code, message, hint });
    return false;
  });
}
