import type { MatchedClause, UnmetClause } from "../../../model/verdict.js";

/** How near an event came to a part of a query. */
export interface Outcome {
  readonly met: number;
  readonly needed: number;
  readonly unmet: readonly UnmetClause[];
  readonly matched: readonly MatchedClause[];
}

export const nothing: Outcome = { met: 0, needed: 0, unmet: [], matched: [] };

/** All of the parts are needed. */
export function all(outcomes: readonly Outcome[]): Outcome {
  return {
    met: outcomes.reduce((sum, { met }) => sum + met, 0),
    needed: outcomes.reduce((sum, { needed }) => sum + needed, 0),
    unmet: outcomes.flatMap(({ unmet }) => unmet),
    matched: outcomes.flatMap(({ matched }) => matched),
  };
}

/** One of the parts is enough: the one with the fewest clauses unmet, then the greatest share met; the first of equals. */
export function nearest(outcomes: readonly Outcome[]): Outcome {
  const share = ({ met, needed }: Outcome): number => (needed === 0 ? 1 : met / needed);
  const isNearer = (left: Outcome, right: Outcome): boolean => {
    if (left.unmet.length === 0 || right.unmet.length === 0) return left.unmet.length < right.unmet.length;
    if (share(left) !== share(right)) return share(left) > share(right);
    return left.unmet.length < right.unmet.length;
  };
  const [first = nothing, ...others] = outcomes;
  return others.reduce((best, outcome) => (isNearer(outcome, best) ? outcome : best), first);
}

const longestShown = 300;

export function cut(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}
