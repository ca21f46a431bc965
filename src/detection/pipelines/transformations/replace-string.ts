import { parsePattern, type Pattern, type PatternToken } from "../../sigma/pattern.js";
import { RegexProblem } from "../../regex/syntax.js";
import { CaptureRegex, type Captures } from "../../regex/captures.js";
import type { Parameters } from "../parameters.js";
import { mergedPattern, printedPattern } from "../pattern-text.js";
import type { Transformation } from "../pipeline.js";
import { PipelineProblem } from "../problem.js";
import { Replacement } from "../replacement.js";
import type { Leaf } from "../work-rule.js";
import { changeValues, changeTexts, textValue } from "./values.js";

interface Replace {
  readonly regex: CaptureRegex;
  readonly replacement: Replacement;
}

function matchesIn({ regex }: Replace, text: string, leaf: Leaf): readonly Captures[] {
  try {
    return regex.findAll(text, Infinity);
  } catch (thrown) {
    if (!(thrown instanceof RegexProblem)) throw thrown;
    throw new PipelineProblem(
      "value-too-many",
      "the value is too long for the expression of replace_string",
      "use a shorter expression",
      leaf.position,
    );
  }
}

/** A text that came out of a replacement: a backslash is itself unless it makes a wildcard plain. */
function parseReplaced(text: string): Pattern {
  return parsePattern(text.replaceAll(/\\(?![*?])/g, "\\\\"));
}

/** The value as a text in which plain `*` and `?` have a backslash, and where each of its characters came from. */
function spansOf(pattern: Pattern): {
  plain: string;
  spans: { start: number; token: PatternToken; text: string }[];
} {
  const spans: { start: number; token: PatternToken; text: string }[] = [];
  let plain = "";
  for (const token of pattern) {
    const pieces = token.type === "literal" ? [...token.text] : [printedPattern([token])];
    for (const piece of pieces) {
      const isPlainWildcard = token.type === "literal" && (piece === "*" || piece === "?");
      const text = isPlainWildcard ? `\\${piece}` : piece;
      spans.push({
        start: plain.length,
        token: token.type === "literal" ? { type: "literal", text: piece } : token,
        text,
      });
      plain += text;
    }
  }
  return { plain, spans };
}

/**
 * Replaces in the value as a whole, wildcards included. What no match touches stays as it is: printed, a backslash before
 * a wildcard could not be told from a plain star.
 */
function replaceWhole(pattern: Pattern, replace: Replace, leaf: Leaf): Pattern | null {
  const { plain, spans } = spansOf(pattern);
  const matches = matchesIn(replace, plain, leaf);
  if (matches.length === 0) return null;
  const result: PatternToken[] = [];
  let pending = "";
  const flush = (): void => {
    result.push(...parseReplaced(pending));
    pending = "";
  };
  let next = 0;
  const keepUntil = (from: number, to: number): void => {
    for (; next < spans.length; next++) {
      const span = spans[next] as (typeof spans)[number];
      if (span.start >= to) return;
      const end = span.start + span.text.length;
      if (end <= from) continue;
      if (span.start >= from && end <= to) {
        flush();
        result.push(span.token);
      } else {
        // Part of an escaped character was matched: the rest is read together with the replacement.
        pending += plain.slice(Math.max(span.start, from), Math.min(end, to));
        if (end > to) return;
      }
    }
  };
  let from = 0;
  for (const match of matches) {
    const [start = from, end = from] = match;
    keepUntil(from, start);
    pending += replace.replacement.textFor(match, plain);
    from = end;
  }
  keepUntil(from, plain.length);
  flush();
  return mergedPattern(result);
}

function replaceLiterals(pattern: Pattern, replace: Replace, interpret: boolean, leaf: Leaf): Pattern | null {
  let changed = false;
  const tokens = pattern.flatMap((token): readonly PatternToken[] => {
    if (token.type !== "literal") return [token];
    const matches = matchesIn(replace, token.text, leaf);
    if (matches.length === 0) return [token];
    changed = true;
    let text = "";
    let from = 0;
    for (const match of matches) {
      const [start = from, end = from] = match;
      text += token.text.slice(from, start) + replace.replacement.textFor(match, token.text);
      from = end;
    }
    text += token.text.slice(from);
    return interpret ? parseReplaced(text) : [{ type: "literal", text }];
  });
  return changed ? mergedPattern(tokens) : null;
}

function readReplace(from: Parameters): Replace | null {
  const source = from.text("regex");
  const template = from.text("replacement");
  let key = "regex";
  try {
    const regex = new CaptureRegex(source);
    key = "replacement";
    return { regex, replacement: new Replacement(template, regex) };
  } catch (thrown) {
    if (!(thrown instanceof RegexProblem)) throw thrown;
    from.error(key, thrown.code, thrown.message, thrown.hint);
    return null;
  }
}

/** `replace_string`. Numbers are replaced in as the text that they are. */
export function readReplaceString(from: Parameters): Transformation {
  const replace = readReplace(from);
  const skipSpecial = from.flag("skip_special");
  const interpret = from.flag("interpret_special");
  if (replace === null) return () => undefined;
  const change = (pattern: Pattern, leaf: Leaf): Pattern | null =>
    skipSpecial ? replaceLiterals(pattern, replace, interpret, leaf) : replaceWhole(pattern, replace, leaf);
  const texts = changeTexts((pattern, leaf) => {
    const changed = change(pattern, leaf);
    return changed === null ? null : [textValue(changed)];
  });
  const numbers = changeValues((meaning, leaf) => {
    if (meaning.type !== "number") return null;
    const changed = change([{ type: "literal", text: meaning.text }], leaf);
    return changed === null ? null : [textValue(changed)];
  });
  return (run, item) => {
    // Texts first: what a number becomes must not be replaced in twice.
    texts(run, item);
    numbers(run, item);
  };
}
