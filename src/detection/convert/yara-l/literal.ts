const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t" };

/** A text as a literal of YARA-L (Google SecOps, "String and regular expression literals"); null when none carries it. */
export function yaraText(text: string): string | null {
  if (/(?![\t\n])\p{Cc}|\p{Cs}/u.test(text)) return null;
  return `"${text.replaceAll(/[\\"\n\t]/g, (character) => escapes[character] ?? character)}"`;
}

/** A regular expression between slashes; null when it holds a line break, which ends the literal. */
export function yaraExpression(source: string): string | null {
  if (/[\n\r]/.test(source)) return null;
  return `/${source.replaceAll(/\\[\s\S]|\//g, (part) => (part === "/" ? "\\/" : part))}/`;
}

/** The nouns with which fields of the Unified Data Model begin (Google SecOps, "Unified Data Model field list"). */
const nouns = [
  ...["about", "additional", "extensions", "extracted", "intermediary", "metadata", "network", "observer"],
  ...["principal", "security_result", "src", "target"],
].join("|");
const fieldForm = new RegExp(
  String.raw`^(?:${nouns})(?:\.[a-z][a-z0-9_]*(?:\["[A-Za-z0-9_.: -]{1,200}"\])?)+$`,
);

/** Whether a name is a field of the Unified Data Model, by its form. */
export function isUdmField(name: string): boolean {
  return fieldForm.test(name);
}
