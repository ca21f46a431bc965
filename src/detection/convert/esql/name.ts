const words =
  /^(?:and|or|not|in|is|null|like|rlike|true|false|as|asc|desc|by|on|with|from|where|eval|stats|nulls|first|last|limit|sort|keep|drop|rename)$/i;

/** A field's name; null when no quotes of ours carry it. */
export function esqlName(name: string): string | null {
  const isBare = name.split(".").every((part) => /^[A-Za-z_@]\w*$/.test(part) && !words.test(part));
  if (isBare) return name;
  return /^[\p{L}\p{N}_@.{}: -]+$/u.test(name) ? `\`${name}\`` : null;
}
