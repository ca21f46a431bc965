import { basename, extname } from "node:path";
import type { CompiledRule, CompileResult, RuleEvent } from "../rule.js";
import { rememberTree } from "../match/rule-trees.js";
import { viewOf } from "./event-view.js";
import { makeExplainer } from "./explain.js";
import { fieldsOfRule } from "./fields.js";
import { parseSigma, type ParseOptions } from "./parse.js";
import { techniquesOf } from "./tags.js";
import { compileItem, type Test } from "./item.js";
import { ruleTest } from "./rule-test.js";
import type { SigmaRule } from "./rule-tree.js";

/** Whether an event's name of its log source is the rule's; a rule without one takes any. */
function sameName(wanted: string | null, found: string | undefined): boolean {
  // Names are in lower case nearly always: comparing first saves the conversion.
  return wanted === null || wanted === found || wanted === found?.toLowerCase();
}

/** Whether an event is of a log source as Sigma names it. */
export function readsLogsource(logsource: SigmaRule["logsource"]): (event: RuleEvent) => boolean {
  const product = logsource.product?.toLowerCase() ?? null;
  const category = logsource.category?.toLowerCase() ?? null;
  const service = logsource.service?.toLowerCase() ?? null;
  return (event) =>
    sameName(product, event.logsource.product) &&
    sameName(category, event.logsource.category) &&
    sameName(service, event.logsource.service);
}

/** Makes a rule that can be matched out of one that was read. */
export function compileRule(rule: SigmaRule, file: string): CompiledRule {
  // Made when the first event asks: of thousands of loaded rules most are never asked.
  let test: Test | null = null;
  const reads = readsLogsource(rule.logsource);
  const matches = (event: RuleEvent): boolean => {
    if (!reads(event)) return false;
    test ??= ruleTest(rule, compileItem);
    return test(viewOf(event));
  };
  const compiled: CompiledRule = {
    id: rule.id ?? basename(file, extname(file)),
    title: rule.title,
    file,
    language: "sigma",
    level: rule.level,
    tier: rule.level === "informational" ? "signal" : "alert",
    techniques: techniquesOf(rule.tags),
    fields: fieldsOfRule(rule),
    reads,
    matches,
    satisfiedBy: (events) => events.some(matches),
    explain: makeExplainer(rule),
  };
  rememberTree(compiled, rule);
  return compiled;
}

/**
 * Reads and compiles one Sigma rule. The rule is null when a diagnostic is an error. Correlations, filters and files of
 * several documents are refused with codes that end in `-unsupported`.
 */
export function compileSigma(text: string, file: string, options: ParseOptions = {}): CompileResult {
  const { rule, diagnostics } = parseSigma(text, file, options);
  return { rule: rule === null ? null : compileRule(rule, file), diagnostics };
}
