import { DASHES, type Pattern } from "../sigma/pattern.js";

/** A text as a regular expression that is the text itself, in PCRE, RE2 and Rust's dialect alike. */
export function escapeExpression(text: string): string {
  return text.replaceAll(/[.+*?()|[\]{}^$\\`\t\n\r]/g, (character) =>
    // A backtick calls a macro in Splunk, wherever it stands.
    /[`\t\n\r]/.test(character)
      ? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`
      : `\\${character}`,
  );
}

/** A regular expression that a whole text must be for the pattern to match it. */
export function expressionOf(pattern: Pattern, cased: boolean): string {
  const parts = pattern.map((token) => {
    switch (token.type) {
      case "literal":
        return escapeExpression(token.text);
      case "run":
        return ".*";
      case "one":
        return ".";
      case "dash":
        // The hyphen stands first, where it is no range.
        return `[${DASHES.join("")}]`;
    }
  });
  return `(?${cased ? "" : "i"}s)^${parts.join("")}\\z`;
}

/** A regular expression of Sigma with its flags before it. */
export function withFlags(source: string, flags: ReadonlySet<string>): string {
  return flags.size === 0 ? source : `(?${[...flags].toSorted().join("")})${source}`;
}
