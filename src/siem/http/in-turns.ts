/** Requests of one question that are under way at the same time. */
const AT_ONCE = 8;

/** Does something for each item, for a few at the same time, and answers in the order of the items. */
export async function inTurns<T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(each))));
  return results;
}
