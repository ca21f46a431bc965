/**
 * Whether a regular expression of Sigma (PCRE's dialect) says the same in RE2 and in Rust's dialect, as far as it can be
 * told from the text: named escapes that all know, no operators inside classes, groups that all have. It may be stricter
 * than it has to be.
 */
export function isPortable(source: string): boolean {
  const escapes = source.match(/\\(?:x\{[0-9a-fA-F]{1,6}\}|x[0-9a-fA-F]{2}|[\s\S]?)/g) ?? [];
  const known = /^\\(?:[dDwWsSbBAztnrf]|x.+|[^A-Za-z0-9<>])$/su;
  if (!escapes.every((escape) => known.test(escape))) return false;
  const rest = source.replaceAll(/\\[\s\S]/g, "_");
  const groups = /\(\?(?![ims]*(?:-[ims]+)?[:)]|P?<[A-Za-z_]\w*>)/;
  const classes = /\[(?:\^?\]|[^\]]*(?:&&|--|~~|\[))/;
  const bounds = /\{,|\{\d{4,}|,\d{4,}\}/;
  return !groups.test(rest) && !classes.test(rest) && !bounds.test(rest);
}
