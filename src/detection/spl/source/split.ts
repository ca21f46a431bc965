import { SplProblem } from "../problem.js";
import type { MappedText } from "./mapped-text.js";

/** A part of a text, from an offset up to another, the latter excluded. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Where the string that opens at an offset ends, its closing quote included. Throws {@link SplProblem}. */
export function endOfString(source: MappedText, start: number, end: number): number {
  const { text } = source;
  const quote = text.charAt(start);
  for (let index = start + 1; index < end; index++) {
    const character = text.charAt(index);
    if (character === "\\" && quote === '"') index++;
    else if (character === quote) return index + 1;
  }
  throw new SplProblem(
    "quote-open",
    source.originOf(start),
    `the ${quote} that opens here is not closed`,
    quote === '"' ? 'a quote inside a string is written \\"' : "",
  );
}

/** Where the square bracket that opens at an offset closes. Throws {@link SplProblem}. */
export function endOfBracket(source: MappedText, start: number, end: number): number {
  let depth = 0;
  for (let index = start; index < end; index++) {
    const character = source.text.charAt(index);
    if (character === '"') index = endOfString(source, index, end) - 1;
    else if (character === "[") depth++;
    else if (character === "]" && --depth === 0) return index;
  }
  throw new SplProblem(
    "bracket-open",
    source.originOf(start),
    'the "[" that opens here is not closed',
    "a subsearch ends with ]",
  );
}

/** The commands of a pipeline: the parts between pipes that stand neither in quotes nor in a subsearch. */
export function splitPipeline(source: MappedText, range: Range): Range[] {
  const parts: Range[] = [];
  let start = range.start;
  for (let index = range.start; index < range.end; index++) {
    const character = source.text.charAt(index);
    if (character === '"') index = endOfString(source, index, range.end) - 1;
    else if (character === "[") index = endOfBracket(source, index, range.end);
    else if (character === "|") {
      parts.push({ start, end: index });
      start = index + 1;
    }
  }
  return [...parts, { start, end: range.end }];
}
