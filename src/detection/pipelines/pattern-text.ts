import {
  expandDashes,
  literalPattern,
  mapLiterals,
  parsePattern,
  surround,
  type Pattern,
  type PatternToken,
} from "../sigma/pattern.js";
import { foldCase } from "../sigma/text.js";
import type { RuleValue } from "../sigma/values.js";
import { PipelineProblem } from "./problem.js";

const mostTexts = 625;

/** The patterns that a text is once `windash` is written out: a pipeline works on what is looked for. */
export function writtenOut(pattern: Pattern): readonly Pattern[] {
  const patterns = expandDashes(pattern, mostTexts);
  if (patterns === null) {
    throw new PipelineProblem(
      "value-too-many",
      `"windash" gives more than ${mostTexts} texts, too many for a pipeline to change`,
      "use a value with fewer dashes",
    );
  }
  return patterns;
}

/**
 * A pattern as pySigma prints it: wildcards as themselves, plain `*` and `?` with a backslash, and backslashes as they are.
 * Conditions are asked of this text.
 */
export function printedPattern(pattern: Pattern): string {
  return pattern
    .map((token) => {
      if (token.type === "literal") return token.text.replaceAll(/[*?]/g, String.raw`\$&`);
      if (token.type === "run") return "*";
      return token.type === "one" ? "?" : "-";
    })
    .join("");
}

/** A pattern of which no two differ in their text but in nothing else: for comparison. */
export function patternKey(pattern: Pattern): string {
  return JSON.stringify(pattern.map((token) => (token.type === "literal" ? token.text : [token.type])));
}

/** Literals that touch made one, and runs that touch made one. */
export function mergedPattern(pattern: Pattern): Pattern {
  const merged: PatternToken[] = [];
  for (const token of pattern) {
    const last = merged.at(-1);
    if (token.type === "literal") {
      if (token.text === "") continue;
      if (last?.type === "literal")
        merged[merged.length - 1] = { type: "literal", text: last.text + token.text };
      else merged.push(token);
    } else if (token.type !== "run" || last?.type !== "run") merged.push(token);
  }
  return merged;
}

function foldedKey(pattern: Pattern): string {
  return patternKey(mapLiterals(pattern, (text) => [{ type: "literal", text: foldCase(text) }]));
}

/** A plain value of a pipeline's file: what a condition compares with, and what a state holds. */
export type PlainValue = string | number | boolean;

/** Whether a value of a rule is a plain value. As in matching, neither case nor quotes around a number count. */
export function isPlainValue(meaning: RuleValue, wanted: PlainValue): boolean {
  switch (meaning.type) {
    case "text":
      return foldedKey(meaning.pattern) === foldedKey(parsePattern(String(wanted)));
    case "number":
      return meaning.text === String(wanted) || meaning.value === wanted;
    case "boolean":
      return String(meaning.value) === String(wanted).toLowerCase();
    case "null":
    case "regex":
    case "network":
    case "presence":
    case "reference":
    case "comparison":
    case "date-part":
      return false;
  }
}

/**
 * A value of keywords as the rule gives it: the tree has it with the wildcards that make it a text anywhere in a value.
 * Values of fields are themselves.
 */
export function bareKeyword(field: string | null, meaning: RuleValue): RuleValue {
  if (field !== null || meaning.type !== "text") return meaning;
  const start = meaning.pattern[0]?.type === "run" ? 1 : 0;
  const end = meaning.pattern.length > start && meaning.pattern.at(-1)?.type === "run" ? -1 : undefined;
  return { ...meaning, pattern: meaning.pattern.slice(start, end) };
}

/** A value as a keyword, which is looked for anywhere; null for one that cannot be. Values of fields are themselves. */
export function asKeyword(field: string | null, meaning: RuleValue): RuleValue | null {
  if (field !== null || meaning.type === "regex") return meaning;
  const pattern = keywordPattern(meaning);
  if (pattern === null) return null;
  const binary = meaning.type === "text" && meaning.binary;
  return { type: "text", pattern: surround(pattern, true, true), binary };
}

function keywordPattern(meaning: RuleValue): Pattern | null {
  switch (meaning.type) {
    case "text":
      return meaning.pattern;
    case "number":
      return literalPattern(meaning.text);
    case "boolean":
      return literalPattern(String(meaning.value));
    case "null":
    case "regex":
    case "network":
    case "presence":
    case "reference":
    case "comparison":
    case "date-part":
      return null;
  }
}
