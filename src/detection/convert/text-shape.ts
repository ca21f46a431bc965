import { plainText, type Pattern } from "../sigma/pattern.js";

/** The patterns that languages have an operator for; null for the others. */
export interface TextShape {
  readonly place: "equals" | "startswith" | "endswith" | "contains";
  readonly text: string;
}

/** What a pattern asks for when its wildcards stand at its edges only; null when they stand elsewhere too. */
export function shapeOf(pattern: Pattern): TextShape | null {
  const before = pattern[0]?.type === "run";
  const after = pattern.length > 1 && pattern.at(-1)?.type === "run";
  const text = plainText(pattern.slice(before ? 1 : 0, after ? -1 : undefined));
  if (text === null) return null;
  if (before) return { place: after || text === "" ? "contains" : "endswith", text };
  return { place: after ? "startswith" : "equals", text };
}

/**
 * Whether a text can be written into any query as it is: no control characters but tab and line breaks, and no half of a pair of
 * surrogates.
 */
export function isCarried(text: string): boolean {
  return !/(?![\t\n\r])\p{Cc}|\p{Cs}/u.test(text);
}

/** Whether a text has no half of a pair of surrogates, which no text of UTF-8 has. */
export function isPaired(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}

/** The literal parts of a pattern, as one text. */
export function literalsOf(pattern: Pattern): string {
  return pattern.map((token) => (token.type === "literal" ? token.text : "")).join("");
}

/** Whether letters of the pattern are compared without regard to case: a pattern without letters has no case. */
export function foldsCase(pattern: Pattern, cased: boolean): boolean {
  const literals = literalsOf(pattern);
  return !cased && literals.toLowerCase() !== literals.toUpperCase();
}
