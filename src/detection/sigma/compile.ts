import { basename, extname } from "node:path";
import type { CompiledRule, CompileResult, RuleEvent } from "../rule.js";
import { namesOf, type Condition } from "./condition.js";
import { viewOf } from "./event-view.js";
import { makeExplainer } from "./explain.js";
import { fieldsOfRule } from "./fields.js";
import { parseSigma, type ParseOptions } from "./parse.js";
import { compileItem, every, some, type Test } from "./item.js";
import type { Search, SigmaRule } from "./rule-tree.js";

function compileSearch(search: Search): Test {
  return search.type === "items"
    ? every(search.items.map(compileItem))
    : some(search.alternatives.map(compileSearch));
}

function compileCondition(condition: Condition, searches: ReadonlyMap<string, Test>): Test {
  const named = (name: string): Test => {
    const test = searches.get(name);
    // The reader has refused conditions that name what is not there.
    if (test === undefined) throw new Error(`no selection "${name}"`);
    return test;
  };
  switch (condition.type) {
    case "identifier":
      return named(condition.name);
    case "of": {
      const tests = namesOf(condition.pattern, searches.keys()).map(named);
      return condition.quantifier === "any" ? some(tests) : every(tests);
    }
    case "not": {
      const operand = compileCondition(condition.operand, searches);
      return (event) => !operand(event);
    }
    case "and":
      return every(condition.operands.map((operand) => compileCondition(operand, searches)));
    case "or":
      return some(condition.operands.map((operand) => compileCondition(operand, searches)));
  }
}

/** Whether an event's name of its log source is the rule's; a rule without one takes any. */
function sameName(wanted: string | null, found: string | undefined): boolean {
  // Names are in lower case nearly always: comparing first saves the conversion.
  return wanted === null || wanted === found || wanted === found?.toLowerCase();
}

function readsLogsource({ logsource }: SigmaRule): (event: RuleEvent) => boolean {
  const product = logsource.product?.toLowerCase() ?? null;
  const category = logsource.category?.toLowerCase() ?? null;
  const service = logsource.service?.toLowerCase() ?? null;
  return (event) =>
    sameName(product, event.logsource.product) &&
    sameName(category, event.logsource.category) &&
    sameName(service, event.logsource.service);
}

function techniquesOf(tags: readonly string[]): string[] {
  const ids = tags.flatMap((tag) => {
    const match = /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag);
    return match?.[1] === undefined ? [] : [match[1].toUpperCase()];
  });
  return [...new Set(ids)];
}

/** Makes a rule that can be matched out of one that was read. */
export function compileRule(rule: SigmaRule, file: string): CompiledRule {
  const searches = new Map([...rule.searches].map(([name, search]) => [name, compileSearch(search)]));
  const test = compileCondition(rule.condition, searches);
  const reads = readsLogsource(rule);
  const matches = (event: RuleEvent): boolean => reads(event) && test(viewOf(event));
  return {
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
}

/**
 * Reads and compiles one Sigma rule. The rule is null when a diagnostic is an error. Correlations, filters and files of
 * several documents are refused with codes that end in `-unsupported`.
 */
export function compileSigma(text: string, file: string, options: ParseOptions = {}): CompileResult {
  const { rule, diagnostics } = parseSigma(text, file, options);
  return { rule: rule === null ? null : compileRule(rule, file), diagnostics };
}
