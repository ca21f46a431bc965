/** The ATT&CK ids in a rule's tags, such as T1059.004; each once. */
export function techniquesOf(tags: readonly string[]): string[] {
  const ids = tags.flatMap((tag) => {
    const match = /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag);
    return match?.[1] === undefined ? [] : [match[1].toUpperCase()];
  });
  return [...new Set(ids)];
}
