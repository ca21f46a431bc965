/** Rules that were installed in a stand-in through its API, as it keeps them, by its own ids. A test may tamper with them. */
export type Installed = Map<string, Record<string, unknown>>;

/** Merges what a client sends into what is there, as APIs that change parts do. */
export function changed(installed: Installed, id: string, over: object): Record<string, unknown> {
  const rule = { ...installed.get(id), ...over };
  installed.set(id, rule);
  return rule;
}
