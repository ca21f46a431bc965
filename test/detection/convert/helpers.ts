import {
  convertRule,
  placesOf,
  type ConvertOptions,
  type ConvertResult,
  type QueryLanguage,
} from "../../../src/detection/convert/index.js";
import { parseSigma, type ParseOptions } from "../../../src/detection/sigma/parse.js";
import type { Diagnostic } from "../../../src/errors.js";

/** A rule as text over the given selections. */
export function ruleOf(detection: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    title: "converted",
    logsource: { product: "windows", category: "process_creation" },
    detection: { condition: "sel", ...detection },
  });
}

/** A rule's text as a query. */
export function convertSigma(
  text: string,
  file: string,
  language: QueryLanguage,
  options: ConvertOptions & ParseOptions = {},
): ConvertResult {
  const { rule, diagnostics } = parseSigma(text, file, options);
  if (rule === null) return { conversion: null, diagnostics };
  const result = convertRule(rule, placesOf(text, file), language, options);
  return { ...result, diagnostics: [...diagnostics, ...result.diagnostics] };
}

/** The query for a rule over the given selections; throws with the findings when it is refused. */
export function queryFor(
  language: QueryLanguage,
  detection: Readonly<Record<string, unknown>>,
  options: ConvertOptions = {},
): string {
  const { conversion, diagnostics } = convertSigma(ruleOf(detection), "rule.yml", language, options);
  if (conversion === null) throw new Error(JSON.stringify(diagnostics));
  return conversion.query;
}

/** What is found wrong with a rule that the language must refuse. */
export function refusalOf(
  language: QueryLanguage,
  detection: Readonly<Record<string, unknown>>,
  options: ConvertOptions = {},
): Diagnostic {
  const { conversion, diagnostics } = convertSigma(ruleOf(detection), "rule.yml", language, options);
  const error = diagnostics.find(({ severity }) => severity === "error");
  if (conversion !== null || error === undefined) throw new Error("the rule was not refused");
  return error;
}
