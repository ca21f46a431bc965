import { LineCounter } from "yaml";
import type { Diagnostic } from "../../errors.js";
import { Findings } from "../sigma/findings.js";
import { parseSigma, type ParseOptions } from "../sigma/parse.js";
import type { SigmaRule } from "../sigma/rule-tree.js";
import type { ConvertContext, Language } from "./language.js";
import { eql } from "./eql/index.js";
import { esql } from "./esql/index.js";
import { kql } from "./kql/index.js";
import { logql } from "./logql/index.js";
import { logsql } from "./logsql/index.js";
import { lucene } from "./lucene/index.js";
import { ppl } from "./ppl/index.js";
import { leavesOf, queryOf, type Query } from "./query-tree.js";
import { spl } from "./spl/index.js";
import { isCarried, literalsOf } from "./text-shape.js";
import { udmSearch, yaraL } from "./yara-l/index.js";

/** The query languages that rules are converted to, by name. */
export const converters = {
  spl,
  kql,
  lucene,
  esql,
  eql,
  ppl,
  logsql,
  logql,
  "yara-l": yaraL,
  "udm-search": udmSearch,
} as const satisfies Readonly<Record<string, Language>>;

export type QueryLanguage = keyof typeof converters;

export interface Conversion {
  readonly query: string;
  readonly language: QueryLanguage;
  /** What has to be true in the SIEM for the query to find what the rule finds; one sentence each. */
  readonly assumptions: readonly string[];
}

export interface ConvertResult {
  /** Null when a diagnostic is an error: never a query that finds something else than the rule. */
  readonly conversion: Conversion | null;
  readonly diagnostics: readonly Diagnostic[];
}

export interface ConvertOptions extends ParseOptions {
  /** The index, table or index pattern that the query reads. KQL and ES|QL need one; Lucene has no place for it. */
  readonly source?: string;
}

/** The place of every line of a text. */
function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1);
  return lines;
}

function logsourceText({ logsource: { product, category, service } }: SigmaRule): string {
  const parts = [
    ["product", product],
    ["category", category],
    ["service", service],
  ].filter(([, name]) => name !== null);
  return parts.map((part) => part.join(" ")).join(", ");
}

/** Refuses texts that no query can carry, whatever its language. */
function refuseControls(query: Query, { refuse }: ConvertContext): void {
  for (const { value, at } of leavesOf(query)) {
    if (value.type !== "text" || isCarried(literalsOf(value.pattern))) continue;
    refuse(
      at,
      "the value holds control characters, which no query can carry",
      String.raw`leave them out, or write the value as a regular expression with escapes such as \x01`,
    );
  }
}

/**
 * Converts a rule that was read from a text. Refuses with `convert-unsupported` at its place what the language cannot
 * express.
 */
export function convertRule(
  rule: SigmaRule,
  text: string,
  file: string,
  language: QueryLanguage,
  options: { readonly source?: string } = {},
): ConvertResult {
  const findings = new Findings(file, linesOf(text));
  const assumptions = new Set<string>();
  const context: ConvertContext = {
    rule,
    source: options.source ?? null,
    refuse: (at, message, hint) => {
      findings.error(at, "convert-unsupported", message, hint);
      return "";
    },
    assume: (sentence) => assumptions.add(sentence),
  };
  const logsource = logsourceText(rule);
  context.assume(
    `The query's data are those of the rule's log source (${logsource}); the query does not test it`,
  );
  const tests = queryOf(rule);
  refuseControls(tests, context);
  const query = converters[language](tests, context);
  const conversion = findings.failed ? null : { query, language, assumptions: [...assumptions] };
  return { conversion, diagnostics: findings.list() };
}

/**
 * Reads a Sigma rule and converts it to a query language. Never throws on a text. Field names are taken as the rule has
 * them: a pipeline renames them before.
 */
export function convertSigma(
  text: string,
  file: string,
  language: QueryLanguage,
  options: ConvertOptions = {},
): ConvertResult {
  const { rule, diagnostics } = parseSigma(text, file, options);
  if (rule === null) return { conversion: null, diagnostics };
  const result = convertRule(rule, text, file, language, options);
  return { ...result, diagnostics: [...diagnostics, ...result.diagnostics] };
}
