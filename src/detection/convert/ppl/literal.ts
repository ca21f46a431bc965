/** A text as a literal of PPL, whose reader takes the escapes of a backslash and a quote and no others. */
export function pplText(text: string): string {
  return `'${text.replaceAll(/[\\'"]/g, "\\$&")}'`;
}

/** A field's name; null when no quotes of ours carry it: the reader takes the backticks off and unescapes nothing. */
export function pplName(name: string): string | null {
  const parts = name.split(".").map((part) => (/^[\p{L}\p{N}_@{}: -]+$/u.test(part) ? `\`${part}\`` : null));
  return parts.includes(null) ? null : parts.join(".");
}
