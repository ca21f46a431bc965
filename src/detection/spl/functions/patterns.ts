import { CaptureRegex, textOfGroup, type Captures } from "../../regex/captures.js";
import { compileRegex, RegexProblem } from "../../regex/index.js";
import { checkLength } from "../evaluate/bounds.js";
import { SplProblem } from "../problem.js";

/** Patterns that a row gives instead of the query are made ready as they come; only the last ones are kept. */
const mostKept = 100;

/** Runs what may refuse a regular expression, and refuses the query at an offset instead. */
function refusing<Result>(at: number, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RegexProblem)) throw error;
    throw new SplProblem(error.code, at, error.message, error.hint);
  }
}

/** The test for an expression of PCRE, which matches anywhere in a text. Linear in the text. Throws {@link SplProblem}. */
export function compileMatch(source: string, at: number): (text: string) => boolean {
  const regex = refusing(at, () => compileRegex(source, new Set()));
  return (text) => regex.test(text);
}

/** An expression whose groups are wanted. Linear in the text. Throws {@link SplProblem}. */
export function compileCaptures(source: string, at: number): CaptureRegex {
  return refusing(at, () => new CaptureRegex(source));
}

/** All matches of an expression in a text, at most as many as told. Throws {@link SplProblem} when they take too much work. */
export function findMatches(regex: CaptureRegex, text: string, most: number, at: number): Captures[] {
  return refusing(at, () => regex.findAll(text, most));
}

/**
 * The text with what an expression matches replaced: every match, or only one, counted from 1. `\1` in the replacement is
 * what the first group took. Throws {@link SplProblem}.
 */
export function replaceMatches(
  regex: CaptureRegex,
  text: string,
  replacement: string,
  at: number,
  which: number | null = null,
): string {
  let result = "";
  let from = 0;
  for (const [index, match] of findMatches(regex, text, which ?? text.length + 1, at).entries()) {
    if (which !== null && index + 1 !== which) continue;
    const group = (_: string, digit: string): string => textOfGroup(text, match, Number(digit)) ?? "";
    result += text.slice(from, match[0] ?? 0) + replacement.replaceAll(/\\(\d)/g, group);
    checkLength(result.length, at);
    from = match[1] ?? from;
  }
  return result + text.slice(from);
}

/** Makes patterns ready once, though each row asks. */
export function remembered<Ready>(make: (pattern: string) => Ready): (pattern: string) => Ready {
  const kept = new Map<string, Ready>();
  return (pattern) => {
    let ready = kept.get(pattern);
    if (ready === undefined) {
      ready = make(pattern);
      if (kept.size >= mostKept) kept.clear();
      kept.set(pattern, ready);
    }
    return ready;
  };
}
