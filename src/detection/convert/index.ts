import { LineCounter } from "yaml";
import type { Diagnostic, Position } from "../../errors.js";
import type { Correlation } from "../sigma/correlation/correlation.js";
import { isNumeric } from "../sigma/correlation/tree.js";
import type { SigmaRule } from "../sigma/rule-tree.js";
import { correlationQuery, growingSum, type Refuse } from "./correlation-query.js";
import type { ConvertContext, Language } from "./language.js";
import { eql } from "./eql/index.js";
import { esql } from "./esql/index.js";
import { kql } from "./kql/index.js";
import { logql } from "./logql/index.js";
import { logsql } from "./logsql/index.js";
import { lucene } from "./lucene/index.js";
import { ppl } from "./ppl/index.js";
import { leavesOf, queryOf, type Query } from "./query-tree.js";
import { sequenceQuery } from "./sequence-query.js";
import { spl } from "./spl/index.js";
import { isCarried, isPaired, literalsOf } from "./text-shape.js";
import { windowQuery } from "./window-query.js";
import { udmSearch, yaraL } from "./yara-l/index.js";

const languages = {
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

export type QueryLanguage = keyof typeof languages;

/** The query languages that rules are converted to, by name. */
export const queryLanguages = Object.keys(languages) as readonly QueryLanguage[];

const counting = queryLanguages.filter((name) => typeof languages[name].correlation !== "string");

const windowing = queryLanguages.filter((name) => "windows" in languages[name]);

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

export interface ConvertOptions {
  /** The index, table or index pattern that the query reads. KQL, ES|QL and PPL need one; Lucene has no place for it. */
  readonly source?: string;
}

/** Where an offset into a rule's text is. */
export type Place = (offset: number) => Position;

/** The places of a text, of which a rule was read. */
export function placesOf(text: string, file: string): Place {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1);
  return (offset) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
}

/** What is said while a rule is converted. */
class Conversation {
  readonly diagnostics: Diagnostic[] = [];
  readonly #assumptions = new Set<string>();

  constructor(private readonly language: QueryLanguage) {}

  /** Each reason is told once at its place: a line of many values has it for each of them. */
  refuse(position: Position, message: string, hint: string): null {
    const { line, column } = position;
    const isTold = this.diagnostics.some(
      (told) => told.message === message && told.line === line && told.column === column,
    );
    if (!isTold)
      this.diagnostics.push({ ...position, severity: "error", code: "convert-unsupported", message, hint });
    return null;
  }

  assume(sentence: string): void {
    this.#assumptions.add(sentence);
  }

  context(title: string, place: Place, { source }: ConvertOptions): ConvertContext {
    return {
      title,
      source: source ?? null,
      refuse: (at, message, hint) => this.refuse(place(at), message, hint) ?? "",
      assume: (sentence) => this.assume(sentence),
    };
  }

  result(query: string): ConvertResult {
    const { language } = this;
    const diagnostics = this.diagnostics.toSorted(
      (one, other) => one.line - other.line || one.column - other.column,
    );
    if (diagnostics.length > 0) return { conversion: null, diagnostics };
    return { conversion: { query, language, assumptions: [...this.#assumptions] }, diagnostics };
  }
}

function logsourceText({ logsource: { product, category, service } }: SigmaRule): string {
  const parts = [
    ["product", product],
    ["category", category],
    ["service", service],
  ].filter(([, name]) => name !== null);
  return parts.map((part) => part.join(" ")).join(", ");
}

function assumeLogsource(rule: SigmaRule, conversation: Conversation): void {
  conversation.assume(
    `The query's data are those of the rule's log source (${logsourceText(rule)}); the query does not test it`,
  );
}

/** Refuses texts that no query of a language can carry. */
function refuseControls(query: Query, { escapesControls }: Language, { refuse }: ConvertContext): void {
  const isWritable = escapesControls === true ? isPaired : isCarried;
  for (const { value, at } of leavesOf(query)) {
    if (value.type !== "text" || isWritable(literalsOf(value.pattern))) continue;
    refuse(
      at,
      "the value holds control characters, which no query of this language can carry",
      String.raw`leave them out, or write the value as a regular expression with escapes such as \x01`,
    );
  }
}

/** Converts a rule that was read. Refuses with `convert-unsupported` at its place what the language cannot express. */
export function convertRule(
  rule: SigmaRule,
  place: Place,
  language: QueryLanguage,
  options: ConvertOptions = {},
): ConvertResult {
  const conversation = new Conversation(language);
  const context = conversation.context(rule.title, place, options);
  assumeLogsource(rule, conversation);
  const query = queryOf(rule);
  refuseControls(query, languages[language], context);
  return conversation.result(languages[language].rule(query, context));
}

/** A rule that a correlation counts, as it was read. */
export interface CountedRule {
  readonly rule: SigmaRule;
  readonly place: Place;
}

/**
 * Converts a correlation to a query that counts over the correlation's timespan, or over the range of time that it is run
 * over: run over the timespan, it finds the groups that the correlation finds there.
 * @param rules those that the correlation counts, in its order; null for one that is a correlation itself
 */
export function convertCorrelation(
  correlation: Correlation,
  rules: readonly (CountedRule | null)[],
  language: QueryLanguage,
  options: ConvertOptions = {},
): ConvertResult {
  const { position, timespanText, type } = correlation.tree;
  const conversation = new Conversation(language);
  const counted = rules.filter((each) => each !== null);
  const { correlation: write, sequence, windows, holdsTimespan }: Language = languages[language];
  if (typeof write === "string" && sequence === undefined) {
    conversation.refuse(position, write, `${counting.join(", ")} have queries that count`);
    return conversation.result("");
  }
  if (counted.length < rules.length) {
    conversation.refuse(
      position,
      "a correlation of correlations is no one query",
      "convert the inner ones, and correlate their alerts in the SIEM",
    );
    return conversation.result("");
  }
  // What a rule cannot say is told at its own place.
  const refused = counted.flatMap(
    ({ rule, place }) => convertRule(rule, place, language, options).diagnostics,
  );
  conversation.diagnostics.push(...refused);
  const trees = counted.map(({ rule }) => rule);
  const refuse: Refuse = (at, message, hint) => conversation.refuse(at, message, hint);
  const context = conversation.context(correlation.title, () => position, options);
  for (const rule of trees) assumeLogsource(rule, conversation);
  const isWritable = refused.length === 0;
  if (sequence !== undefined && (typeof write === "string" || type === "temporal_ordered")) {
    const query = sequenceQuery(correlation, trees, refuse);
    return conversation.result(query !== null && isWritable ? sequence(query, context) : "");
  }
  if (windows !== undefined && isNumeric(type)) {
    conversation.assume(
      `The query's range covers whole windows: one that ends in its first ${timespanText} lacks what came before`,
    );
    const query = windowQuery(correlation, trees, refuse);
    return conversation.result(query !== null && isWritable ? windows(query, context) : "");
  }
  if (isNumeric(type)) {
    if (growingSum(correlation) === null) {
      refuse(
        position,
        `${type} is not converted: each event ends a window, and where a query computes over one range or at set times, a part may meet the condition and the whole not`,
        `convert it to ${windowing.join(" or ")}, or evaluate it with Tyrian; value_sum with gte or gt is converted`,
      );
      return conversation.result("");
    }
    conversation.assume(
      `${correlation.tree.fields.join(", ")} is never negative: a sum over more events is no smaller`,
    );
  }
  const query = correlationQuery(correlation, trees, refuse);
  if (query === null || typeof write === "string" || !isWritable) return conversation.result("");
  if (holdsTimespan !== true) {
    conversation.assume(
      `The query is run over ${timespanText} at a time, such as the last ${timespanText}: it counts over the whole range`,
    );
  }
  return conversation.result(write(query, context));
}
