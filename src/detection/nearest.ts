import type { NearestEvent } from "../model/verdict.js";

/**
 * Of two misses the nearer one: the one with the larger part of its clauses met; of equals the one in which more of what
 * was found holds something that was wanted, such as a path that ends in the wanted name; then the first.
 */
export function nearer(known: NearestEvent | null, other: NearestEvent): NearestEvent {
  if (known === null) return other;
  const difference = shareOf(other) - shareOf(known);
  if (difference !== 0) return difference > 0 ? other : known;
  return likenessOf(other) > likenessOf(known) ? other : known;
}

function shareOf({ met, needed }: NearestEvent): number {
  return needed === 0 ? 1 : met / needed;
}

/** How many of the unmet clauses found something that they name: a path that ends in the wanted name, what an exclusion excludes. */
export function likenessOf({ unmet }: NearestEvent): number {
  return unmet.filter(({ wanted, found }) => {
    if (found === null) return false;
    const text = found.toLowerCase();
    return quoted(wanted).some((value) => holdsWord(text, value.toLowerCase()));
  }).length;
}

/** Whether a text holds a value that no letter or digit goes on: `sh` is not in `sshd`. */
function holdsWord(text: string, value: string): boolean {
  const isPart = (character: string | undefined): boolean => /[\p{L}\p{N}]/u.test(character ?? "");
  for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + 1)) {
    const before = isPart(text[at - 1]) && isPart(value[0]);
    const after = isPart(text[at + value.length]) && isPart(value.at(-1));
    if (!before && !after) return true;
  }
  return false;
}

/** The values that a sentence quotes, without wildcards at their ends. */
function quoted(wanted: string): string[] {
  return [...wanted.matchAll(/'([^']*)'|"([^"]*)"/g)]
    .map(([, single, double]) => (single ?? double ?? "").replace(/^\*+|\*+$/g, ""))
    .filter((value) => value !== "");
}
