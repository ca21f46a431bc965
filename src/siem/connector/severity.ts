import type { AlertSeverity, Level } from "../../model/alert.js";

/** The words that SIEMs use for a severity as Sigma's levels have them; a number of its own scale is the connector's to read. */
const words: Readonly<Record<string, readonly Level[]>> = {
  info: ["informational"],
  informational: ["informational"],
  low: ["low"],
  medium: ["medium"],
  high: ["high"],
  critical: ["critical"],
};

/**
 * The severity of an alert, by the SIEM's own word or number.
 * @param scale what the words of this SIEM stand for, in lower case, where it has fewer or others than Sigma
 * @returns null when the alert has none
 */
export function severityOf(
  text: string | undefined,
  scale: Readonly<Record<string, readonly Level[]>> = words,
): AlertSeverity | null {
  if (text === undefined || text === "") return null;
  return { text, levels: [...(scale[text.toLowerCase()] ?? [])] };
}

/** The ATT&CK ids among an alert's texts, such as `T1059.004`, `attack.t1059.004` or `T1059-command-and-scripting-interpreter`. */
export function techniqueIds(texts: readonly string[]): string[] {
  const ids = texts.flatMap((text) => /^(?:attack\.)?(T\d{4}(?:\.\d{3})?)(?![\d.])/i.exec(text)?.[1] ?? []);
  return [...new Set(ids.map((id) => id.toUpperCase()))];
}

/** The texts at a place of a document, which may hold one or a list. */
export function textsOf(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((one): one is string => typeof one === "string" && one !== "");
}
