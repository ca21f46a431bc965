import type { Evaluation } from "../../model/observation.js";

/** Evaluations of one rule that are remembered. */
const MOST = 1_000;

/** Evaluations that a ruler told of, by rule; it forgets all but the last ones. */
export class RememberedEvaluations<T extends Evaluation = Evaluation> {
  readonly #known = new Map<string, readonly T[]>();

  /** In the order in which they began. */
  of(rule: string): readonly T[] {
    return this.#known.get(rule) ?? [];
  }

  /** One that is known already stays as it was told first. */
  add(rule: string, told: readonly T[]): void {
    const byStart = new Map([...told, ...this.of(rule)].map((one) => [one.startedAt, one]));
    const all = [...byStart.values()].toSorted((one, other) => one.startedAt - other.startedAt);
    this.#known.set(rule, all.slice(-MOST));
  }
}
