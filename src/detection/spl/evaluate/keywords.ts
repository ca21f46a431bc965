import { foldCase } from "../../sigma/text.js";
import { compileMatch } from "../functions/patterns.js";

/** What divides the text of an event into terms (segmenters.conf: major and minor breakers of the default segmenter). */
const majorBreakers = String.raw`\s\[\]<>(){}|!;,'"*&?+`;
const minorBreakers = String.raw`\/:=@.$#%\\_\-`;

function escapeCharacter(character: string): string {
  return /^[A-Za-z0-9]$/.test(character) ? character : `\\x{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** The expression for a term, over texts of one case. A wildcard stays within its term: no major breaker is in it. */
function expressionOf(wanted: string, divides: string): string {
  const parts = wanted.split(/\*+/).map((part) => [...part].map(escapeCharacter).join(""));
  const breaker = new RegExp(`[${divides}]`, "u");
  // Where the term has a wildcard or a breaker at its edge, whatever stands beside it divides.
  const isOpen = (edge: string): boolean => edge === "*" || breaker.test(edge);
  const characters = [...wanted];
  const before = isOpen(characters[0] ?? "") ? "" : `(?:^|[${divides}])`;
  const after = isOpen(characters.at(-1) ?? "") ? "" : `(?:\\z|[${divides}])`;
  return `${before}${parts.join(`[^${majorBreakers}]*`)}${after}`;
}

/**
 * Whether an event's text has a term or phrase: `fail` is not in `failure`, `fail*` is. A `TERM(…)` must stand between
 * major breakers, other terms between any. Without regard to case unless told. Throws `SplProblem` for a term that is too
 * long.
 */
export function compileKeyword(
  text: string,
  form: "plain" | "term" | "case",
  at: number,
): (raw: string) => boolean {
  if (/^\**$/.test(text)) return () => true;
  const fold = form === "case" ? (each: string): string => each : foldCase;
  const divides = form === "term" ? majorBreakers : `${majorBreakers}${minorBreakers}`;
  const matches = compileMatch(expressionOf(fold(text), divides), at);
  return (raw) => matches(fold(raw));
}
