import {
  convertCorrelation,
  convertRule,
  placesOf,
  type ConvertOptions,
  type Place,
  type QueryLanguage,
} from "../../detection/convert/index.js";
import type { CompiledRule } from "../../detection/rule.js";
import type { CollectedRule } from "../../detection/sigma/collection.js";
import type { Diagnostic } from "../../errors.js";
import type { RuleTexts } from "../detect/rule-files.js";
import type { RulePipelines } from "../../detection/pipelines/index.js";

/** A rule or correlation as a query. */
export interface ConvertedRule {
  readonly rule: string;
  readonly title: string;
  readonly file: string;
  readonly query: string;
  readonly assumptions: readonly string[];
}

export interface ConvertedRules {
  readonly queries: readonly ConvertedRule[];
  /** What was converted, by id. */
  readonly compiled: ReadonlyMap<string, CompiledRule>;
  /** Everything that was found; the rules behind its errors have no query. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Converts the rules and correlations that alert by themselves. Filters are a part of the rules that they name, and
 * pipelines are applied before. Never throws for what is in the files.
 */
export function convertRules(
  { texts, queries, diagnostics: unreadable }: RuleTexts,
  language: QueryLanguage,
  pipelines: RulePipelines,
  options: ConvertOptions,
): ConvertedRules {
  const textOf = new Map(texts.map(({ file, text }) => [file, text]));
  const collection = pipelines.compile(
    texts.map(({ file, text }) => pipelines.parse(text, file)),
    (file) => textOf.get(file) ?? "",
  );
  const places = new Map(texts.map(({ file, text }) => [file, placesOf(text, file)]));
  /** Offsets of lines that a filter added are into the filter's file: they are told where the rule starts. */
  const placeOf = ({ rule, filters, position }: CollectedRule): Place =>
    (filters.length === 0 ? places.get(rule.file) : undefined) ?? (() => position);

  const results = [
    ...collection.rules
      .filter(({ alone }) => alone)
      .map((each) => ({
        rule: each.rule,
        result: convertRule(each.tree, placeOf(each), language, options),
      })),
    ...collection.correlations
      .filter(({ alone }) => alone)
      .map(({ rule, correlation }) => {
        const counted = correlation.counted.map((each) => {
          const found = collection.rules.find((one) => each.type === "rule" && one.rule === each.rule);
          return found === undefined ? null : { rule: found.tree, place: placeOf(found) };
        });
        return { rule, result: convertCorrelation(correlation, counted, language, options) };
      }),
  ];
  return {
    queries: results.flatMap(({ rule: { id, title, file }, result: { conversion } }) =>
      conversion === null
        ? []
        : [{ rule: id, title, file, query: conversion.query, assumptions: conversion.assumptions }],
    ),
    compiled: new Map(results.map(({ rule }) => [rule.id, rule])),
    diagnostics: [
      ...pipelines.warnings,
      ...unreadable,
      ...queries.map(({ file }) => leftOut(file)),
      ...collection.diagnostics,
      // A rule that several correlations count is refused in each of them.
      ...distinct(results.flatMap(({ result }) => result.diagnostics)),
    ],
  };
}

function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...new Map(diagnostics.map((each) => [JSON.stringify(each), each])).values()];
}

function leftOut(file: string): Diagnostic {
  const message = `${file} is a query of SPL and was left out: only Sigma is converted`;
  const hint = "write the rule as Sigma to have it in other languages";
  return { file, line: 1, column: 1, severity: "warning", code: "convert-query", message, hint };
}
