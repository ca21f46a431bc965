import type { QuestionBudget } from "./budget.js";
import type { Answer } from "./siem.js";

/** Milliseconds that questions gather, so that those of one moment are put together. */
const GATHER_MS = 20;

/** Questions that wait to be put as one. */
interface Line {
  readonly kind: string;
  readonly key: string;
  readonly questions: unknown[];
  readonly resolve: ((answer: Answer<unknown>) => void)[];
  readonly reject: ((reason: unknown) => void)[];
  readonly put: (questions: readonly unknown[]) => Promise<readonly Answer<unknown>[]>;
}

/**
 * Where questions wait for their turn. Each waits in a line with those that can be put together with it; lines are served
 * as the budget allows, kind by kind in rotation and within a kind in the order of coming, so that none starves. The
 * longer a line waits, the more it answers at once.
 */
export class QuestionLines {
  readonly #budget: QuestionBudget;
  readonly #bounded: boolean;
  /** By kind, in the order of their rotation; lines by key, in the order of coming. */
  readonly #kinds = new Map<string, Map<string, Line>>();
  #serving = false;

  /** @param bounded whether questions wait at all */
  constructor(budget: QuestionBudget, bounded: boolean) {
    this.#budget = budget;
    this.#bounded = bounded;
  }

  /**
   * @param key of those that are put together
   * @param put puts the questions of a line as one and gives each its answer, in order
   */
  ask<Q, A>(
    kind: string,
    key: string,
    question: Q,
    put: (questions: readonly Q[]) => Promise<readonly Answer<A>[]>,
  ): Promise<Answer<A>> {
    return new Promise((resolve, reject) => {
      const lines = this.#kinds.get(kind) ?? new Map<string, Line>();
      this.#kinds.set(kind, lines);
      const line = (this.#bounded ? lines.get(key) : undefined) ?? {
        ...{ kind, key, questions: [], resolve: [], reject: [] },
        put: put as Line["put"],
      };
      line.questions.push(question);
      line.resolve.push(resolve as Line["resolve"][number]);
      line.reject.push(reject);
      if (!this.#bounded) {
        void this.#budget.take().then(() => this.#put(line));
        return;
      }
      lines.set(key, line);
      void this.#serve();
    });
  }

  async #serve(): Promise<void> {
    if (this.#serving) return;
    this.#serving = true;
    try {
      await this.#budget.time.sleep(GATHER_MS);
      while ([...this.#kinds.values()].some((lines) => lines.size > 0)) {
        await this.#budget.take();
        const line = this.#next();
        if (line !== null) void this.#put(line);
      }
    } catch (error) {
      // The clock of the pacing itself has failed: nobody would be served any more.
      for (let line = this.#next(); line !== null; line = this.#next())
        for (const reject of line.reject) reject(error);
    } finally {
      this.#serving = false;
    }
  }

  /** The line whose turn it is, taken out; its kind goes to the end of the rotation. */
  #next(): Line | null {
    for (const [kind, lines] of this.#kinds) {
      const first = lines.values().next().value;
      if (first === undefined) continue;
      lines.delete(first.key);
      this.#kinds.delete(kind);
      this.#kinds.set(kind, lines);
      return first;
    }
    return null;
  }

  async #put(line: Line): Promise<void> {
    const putAt = this.#budget.time.now();
    try {
      const answers = await line.put(line.questions);
      const [first] = answers;
      if (first !== undefined) this.#budget.answered(first.state, putAt);
      line.resolve.forEach((resolve, index) => {
        const answer = answers[index];
        if (answer === undefined) line.reject[index]?.(new Error("a question was left without an answer"));
        else resolve(answer);
      });
    } catch (error) {
      for (const reject of line.reject) reject(error);
    }
  }
}
