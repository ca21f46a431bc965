const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/**
 * A text in double quotes, as a literal of KQL (Microsoft Learn, "The string data type"), ES|QL (reference, "String
 * literals"), EQL (reference, "Escape characters in a string"), and of LogsQL and LogQL, whose literals are Go's (Go
 * specification, "String literals"). The text must be one that a query can carry.
 */
export function quotedText(text: string): string {
  return `"${text.replaceAll(/[\\"\n\r\t]/g, (character) => escapes[character] ?? character)}"`;
}
