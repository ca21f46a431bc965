const words =
  /^(?:and|or|not|in|has|has_all|has_any|contains|startswith|endswith|matches|between|by|on|of|where|search|let|set|true|false|null|dynamic|datetime|timespan|int|long|real|bool|string|guid|typeof|kind|with|to|from|step|nulls|asc|desc)$/i;

/** A name of a column or table; null when no quotes of ours carry it. A name with dots is one name. */
export function kqlName(name: string): string | null {
  if (/^[A-Za-z_]\w*$/.test(name) && !words.test(name)) return name;
  return /^[\p{L}\p{N}_@.{}: -]+$/u.test(name) ? `['${name}']` : null;
}
