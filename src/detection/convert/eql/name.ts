const words =
  /^(?:and|any|by|false|head|in|join|like|maxspan|not|null|of|or|regex|sample|sequence|tail|true|until|where|with)$/i;

/**
 * A field's name (reference, "Escape a field name" and "Optional fields"); null when no quotes of ours carry it. The
 * question mark makes a field that no index has null, and no error.
 */
export function eqlName(name: string): string | null {
  const parts = name.split(".").map((part) => {
    if (/^[A-Za-z_]\w*$/.test(part) && !words.test(part)) return part;
    return /^[\p{L}\p{N}_@{}: -]+$/u.test(part) ? `\`${part}\`` : null;
  });
  return parts.includes(null) ? null : `?${parts.join(".")}`;
}
