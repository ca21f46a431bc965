import { SplProblem } from "../problem.js";

/** Characters of a text that expressions make. Events may bring longer ones. */
const longestText = 4_000_000;
/** Values of a field that expressions make. */
const mostValues = 100_000;

/** Throws {@link SplProblem} when a text of so many characters would be made: doubled often enough, any text is too large. */
export function checkLength(characters: number, at: number): void {
  if (characters <= longestText) return;
  throw new SplProblem(
    "value-limit",
    at,
    `the expression makes a text of more than ${longestText} characters`,
  );
}

/** Throws {@link SplProblem} when a field of so many values would be made. */
export function checkCount(values: number, at: number): void {
  if (values <= mostValues) return;
  throw new SplProblem("value-limit", at, `the expression makes a field of more than ${mostValues} values`);
}

/** Joins texts. Throws {@link SplProblem} when the result would be too long. */
export function joinTexts(texts: readonly string[], between: string, at: number): string {
  const length = texts.reduce((sum, text) => sum + text.length + between.length, 0);
  checkLength(length, at);
  return texts.join(between);
}
