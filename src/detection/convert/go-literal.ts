const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/**
 * A text as an interpreted literal of Go, which LogsQL and LogQL have as theirs (Go specification, "String literals"). The
 * text must be one that a query can carry.
 */
export function goText(text: string): string {
  return `"${text.replaceAll(/[\\"\n\r\t]/g, (character) => escapes[character] ?? character)}"`;
}
