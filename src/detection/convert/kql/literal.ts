const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** A text as a literal of Kusto (Microsoft Learn, "The string data type"). The text must be one that a query can carry. */
export function kqlText(text: string): string {
  return `"${text.replaceAll(/[\\"\n\r\t]/g, (character) => escapes[character] ?? character)}"`;
}

const words =
  /^(?:and|or|not|in|has|has_all|has_any|contains|startswith|endswith|matches|between|by|on|of|where|search|let|set|true|false|null|dynamic|datetime|timespan|int|long|real|bool|string|guid|typeof|kind|with|to|from|step|nulls|asc|desc)$/i;

/** A name of a column or table; null when no quotes of ours carry it. A name with dots is one name. */
export function kqlName(name: string): string | null {
  if (/^[A-Za-z_]\w*$/.test(name) && !words.test(name)) return name;
  return /^[\p{L}\p{N}_@.{}: -]+$/u.test(name) ? `['${name}']` : null;
}
