import { mapLiterals, type PatternToken } from "../pattern.js";
import { kindOf, ModifierProblem, type Modifier } from "../values.js";

/** A dash that starts a word and does not stand in one: `\B[-/]\b` with the letters of all languages. */
const dash = /(?<![\p{L}\p{N}_])[-/–—―](?=[\p{L}\p{N}_])/gu;

function splitAtDashes(text: string): PatternToken[] {
  const tokens: PatternToken[] = [];
  let end = 0;
  for (const match of text.matchAll(dash)) {
    if (match.index > end) tokens.push({ type: "literal", text: text.slice(end, match.index) });
    tokens.push({ type: "dash" });
    end = match.index + 1;
  }
  if (end < text.length) tokens.push({ type: "literal", text: text.slice(end) });
  return tokens;
}

/** Makes the characters that Windows programs take for the dash of an option interchangeable. */
export const windashModifiers: Readonly<Record<string, Modifier>> = {
  windash: (value) => {
    if (value.type !== "text" || value.binary) {
      throw new ModifierProblem(
        "modifier-type",
        `"windash" needs a text, not ${kindOf(value)}`,
        "put it before encodings",
      );
    }
    return [{ ...value, pattern: mapLiterals(value.pattern, splitAtDashes) }];
  },
};
