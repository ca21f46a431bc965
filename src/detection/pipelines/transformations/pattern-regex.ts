import type { Pattern } from "../../sigma/pattern.js";
import type { RegexFlag, RuleValue } from "../../sigma/values.js";

export const regexMethods = ["plain", "ignore_case_flag", "ignore_case_brackets"] as const;

function escaped(character: string): string {
  return /[\p{L}\p{N}_\s]/u.test(character) ? character : `\\${character}`;
}

function bracketed(character: string): string {
  const cases = [...new Set([character.toLowerCase(), character.toUpperCase()])].filter(
    // A letter whose other case is two letters (ß) stands for itself.
    (each) => [...each].length === 1,
  );
  return cases.length === 2 ? `[${cases.join("")}]` : escaped(character);
}

/**
 * The expression that a text with wildcards is. It is anchored where the text is, because an expression is searched for
 * anywhere in a value, and its dot is any character, as a wildcard is.
 */
export function regexOf(
  pattern: Pattern,
  method: (typeof regexMethods)[number],
): RuleValue & { readonly type: "regex" } {
  const body = pattern.map((token) => {
    if (token.type === "run") return ".*";
    if (token.type !== "literal") return ".";
    return [...token.text].map(method === "ignore_case_brackets" ? bracketed : escaped).join("");
  });
  const flags = new Set<RegexFlag>(method === "ignore_case_flag" ? ["i", "s"] : ["s"]);
  return { type: "regex", source: `\\A${body.join("")}\\z`, flags };
}
