import { foldCase } from "../../sigma/text.js";
import { compilePattern, RUN, type PatternToken } from "../../sigma/pattern.js";

/** Text in which `*` is any text, as tokens. Nothing escapes the star. */
function patternOf(text: string, fold: (part: string) => string): PatternToken[] {
  const tokens: PatternToken[] = [];
  for (const [index, part] of text.split("*").entries()) {
    if (index > 0 && tokens.at(-1) !== RUN) tokens.push(RUN);
    if (part !== "") tokens.push({ type: "literal", text: fold(part) });
  }
  return tokens;
}

/** Whether a whole text is the wanted one, in which `*` is any text; without regard to case unless told. */
export function compileWildcard(wanted: string, cased: boolean): (text: string) => boolean {
  if (cased) return compilePattern(patternOf(wanted, (part) => part));
  const matches = compilePattern(patternOf(wanted, foldCase));
  return (text) => matches(foldCase(text));
}

/** The pattern of like(): `%` is any text and `_` any one character. Case counts. */
export function compileLike(pattern: string): (text: string) => boolean {
  const tokens: PatternToken[] = [];
  for (const part of pattern.split(/([%_])/)) {
    if (part === "%") {
      if (tokens.at(-1) !== RUN) tokens.push(RUN);
    } else if (part === "_") tokens.push({ type: "one" });
    else if (part !== "") tokens.push({ type: "literal", text: part });
  }
  return compilePattern(tokens);
}

/** The names of a list that a name with wildcards stands for. Case counts in names. */
export function namesLike(wanted: string, names: readonly string[]): string[] {
  return names.filter(compileWildcard(wanted, true));
}
