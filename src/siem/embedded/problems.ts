/** Different problems that are kept. */
const MAXIMUM = 100;

/** What went wrong, each kind once and with its count, for reports. */
export class ProblemBook {
  readonly #counts = new Map<string, number>();

  add(problem: string): void {
    const count = this.#counts.get(problem);
    if (count !== undefined) this.#counts.set(problem, count + 1);
    else if (this.#counts.size < MAXIMUM) this.#counts.set(problem, 1);
  }

  list(): string[] {
    return [...this.#counts].map(([problem, count]) =>
      count === 1 ? problem : `${problem} (${count} times)`,
    );
  }
}
