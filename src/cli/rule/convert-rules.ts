import {
  convertCorrelation,
  convertRule,
  placesOf,
  type ConvertOptions,
  type ConvertResult,
  type Place,
  type QueryLanguage,
} from "../../detection/convert/index.js";
import {
  applyPipelines,
  placeholdersOf,
  type ApplyResult,
  type Pipeline,
} from "../../detection/pipelines/index.js";
import { compileCollection, type CollectedRule } from "../../detection/sigma/collection.js";
import type { ResolvedCorrelation } from "../../detection/sigma/collection-correlations.js";
import { parseSigmaFile } from "../../detection/sigma/collection-file.js";
import type { SigmaRule } from "../../detection/sigma/rule-tree.js";
import type { Diagnostic, Position } from "../../errors.js";
import type { RuleTexts } from "../detect/rule-files.js";

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
  /** Everything that was found; the rules behind its errors have no query. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Converts the rules and correlations that alert by themselves. Filters are a part of the rules that they name, and
 * pipelines are applied before. Never throws for what is in the files.
 */
export function convertRules(
  { texts, diagnostics: unreadable }: RuleTexts,
  language: QueryLanguage,
  pipelines: readonly Pipeline[],
  options: ConvertOptions,
): ConvertedRules {
  const places = new Map(texts.map(({ file, text }) => [file, placesOf(text, file)]));
  const sources = new Map(texts.map((source) => [source.file, source]));
  const files = texts.map((source) =>
    parseSigmaFile(source.text, source.file, { placeholders: placeholdersOf(source, pipelines) }),
  );
  const applied = new Map<SigmaRule, ApplyResult>();
  const collection = compileCollection(files, {
    prepare: (rule, file) => {
      const result = applyPipelines(rule, sources.get(file) ?? { file, text: "" }, pipelines);
      if (result.rule !== null) applied.set(result.rule, result);
      return { ...result, fieldNamed: (name) => result.mapField(name)[0] ?? name };
    },
  });

  /** Offsets of lines that a filter added are into the filter's file: they are told where the rule starts. */
  const placeOf = ({ rule, filters, position }: CollectedRule): Place =>
    (filters.length === 0 ? places.get(rule.file) : undefined) ?? (() => position);
  const resultOf = ({ correlation }: ResolvedCorrelation): ConvertResult => {
    const counted = correlation.counted.map((each) =>
      each.type === "rule" ? collection.rules.find(({ rule }) => rule === each.rule) : undefined,
    );
    const names = [...correlation.tree.groupBy, ...correlation.tree.fields];
    const several = names.find((name) =>
      counted.some((each) => each !== undefined && (applied.get(each.tree)?.mapField(name).length ?? 1) > 1),
    );
    if (several !== undefined) return refusedField(correlation.tree.position, several);
    const rules = counted.map((each) =>
      each === undefined ? null : { rule: each.tree, place: placeOf(each) },
    );
    return convertCorrelation(correlation, rules, language, options);
  };

  const results = [
    ...collection.rules.map((each) => ({
      ...each,
      convert: () => convertRule(each.tree, placeOf(each), language, options),
    })),
    ...collection.correlations.map((each) => ({ ...each, convert: () => resultOf(each) })),
  ].flatMap(({ rule, alone, convert }) => (alone ? [{ rule, result: convert() }] : []));
  return {
    queries: results.flatMap(({ rule: { id, title, file }, result: { conversion } }) =>
      conversion === null
        ? []
        : [{ rule: id, title, file, query: conversion.query, assumptions: conversion.assumptions }],
    ),
    diagnostics: [
      ...unreadable,
      ...collection.diagnostics,
      ...results.flatMap(({ result }) => result.diagnostics),
    ],
  };
}

function refusedField(position: Position, field: string): ConvertResult {
  const message = `a pipeline maps "${field}" to several fields, and a query groups by one`;
  const hint = "map it to one field";
  const code = "convert-unsupported";
  return { conversion: null, diagnostics: [{ ...position, severity: "error", code, message, hint }] };
}
