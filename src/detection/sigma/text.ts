/** Letters whose plain `toLowerCase` changes the length of a text (İ) or depends on the neighbours (Σ). */
const awkward = /[İΣς]/;

/**
 * A text in the one case in which texts are compared without regard to case. Works letter by letter, so that a part of a
 * text folds to the part of its fold: `toLowerCase` alone writes Σ at the end of a word as ς, and İ as two letters.
 */
export function foldCase(text: string): string {
  if (!awkward.test(text)) return text.toLowerCase();
  return text
    .split("İ")
    .map((part) => part.toLowerCase().replaceAll("ς", "σ"))
    .join("İ");
}

/** Number of single-letter insertions, deletions, replacements and swaps of neighbours that turn one word into another. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}

/** The known word that an unknown one was probably meant to be; null when none is near. Compares without regard to case. */
export function nearestWord(word: string, known: Iterable<string>): string | null {
  const wanted = foldCase(word).slice(0, 80);
  if (wanted === "") return null;
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | null = null;
  let bestDistance = allowed + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) >= bestDistance || candidate.length > 80) continue;
    const distance = editDistance(wanted, foldCase(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean "x"?`, or the fallback when nothing is near. */
export function didYouMean(word: string, known: Iterable<string>, fallback: string): string {
  const nearest = nearestWord(word, known);
  return nearest === null ? fallback : `did you mean "${nearest}"?`;
}
