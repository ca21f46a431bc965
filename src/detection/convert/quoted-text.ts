const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** How a language writes a control character in a literal. */
type EscapeControl = (codePoint: number) => string;

function quoted(text: string, escapeControl: EscapeControl | null): string {
  const escaped = text.replaceAll(/[\\"\n\r\t]/g, (character) => escapes[character] ?? character);
  if (escapeControl === null) return `"${escaped}"`;
  return `"${escaped.replaceAll(/\p{Cc}/gu, (character) => escapeControl(character.charCodeAt(0)))}"`;
}

/** A text in double quotes, as a literal of ES|QL (reference, "String literals"), which has no escape for control characters. */
export function esqlText(text: string): string {
  return quoted(text, null);
}

/**
 * A text in double quotes, as a literal of KQL (Microsoft Learn, "The string data type"), and of LogsQL and LogQL, whose
 * literals are Go's (Go specification, "String literals").
 */
export function quotedText(text: string): string {
  return quoted(text, (codePoint) => `\\u${codePoint.toString(16).padStart(4, "0")}`);
}

/** A text in double quotes, as a literal of EQL (Elastic, "EQL syntax reference": escape characters in a string). */
export function eqlText(text: string): string {
  return quoted(text, (codePoint) => `\\u{${codePoint.toString(16).padStart(2, "0")}}`);
}
