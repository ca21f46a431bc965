import type { Answer } from "./siem.js";

/** The clock that pacing goes by. */
export interface Time {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** Milliseconds that questions gather, so that those of one moment are put together. */
const GATHER_MS = 20;
/** The part of a minute's questions that may be put at once; the rest is spread, so that no minute has more than all. */
const BURST_PART = 0.25;
/** Milliseconds that nothing is asked after the SIEM has said that it was asked too much: at first, and at most. */
const FIRST_REST_MS = 2_000;
const LONGEST_REST_MS = 60_000;

/**
 * How many questions a SIEM may still be asked: a bucket that fills so that no minute has more than `questionsPerMinute`. A SIEM that says it was asked
 * too much is left alone for a while, twice as long each time.
 */
export class QuestionBudget {
  /** Questions that were put so far. */
  spent = 0;
  readonly #perMs: number;
  readonly #capacity: number;
  readonly #time: Time;
  #tokens: number;
  #filledAt: number;
  #restUntil = 0;
  #restMs = FIRST_REST_MS;
  /** The one that was asked for last. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param questionsPerMinute null for no bound */
  constructor(questionsPerMinute: number | null, time: Time) {
    this.#perMs = questionsPerMinute === null ? Infinity : (questionsPerMinute * (1 - BURST_PART)) / 60_000;
    this.#capacity = questionsPerMinute === null ? Infinity : Math.max(1, questionsPerMinute * BURST_PART);
    this.#tokens = this.#capacity;
    this.#time = time;
    this.#filledAt = time.now();
  }

  /** Resolves after a short gathering, so that questions of one moment can be put together. */
  async gathered(): Promise<void> {
    if (this.#perMs !== Infinity) await this.#time.sleep(GATHER_MS);
  }

  /** Puts a question when the budget allows one more, first come first served. */
  async put<A>(question: () => Promise<Answer<A>>): Promise<Answer<A>> {
    const before = this.#last;
    const taken = before.then(() => this.#take());
    this.#last = taken.catch(() => undefined);
    await taken;
    this.spent += 1;
    const answer = await question();
    if (answer.state === "rate-limited") {
      this.#restUntil = this.#time.now() + this.#restMs;
      this.#restMs = Math.min(this.#restMs * 2, LONGEST_REST_MS);
    } else if (answer.state === "complete") this.#restMs = FIRST_REST_MS;
    return answer;
  }

  async #take(): Promise<void> {
    if (this.#perMs === Infinity) return;
    for (;;) {
      this.#fill();
      const short = this.#tokens >= 1 ? 0 : (1 - this.#tokens) / this.#perMs;
      const wait = Math.max(short, this.#restUntil - this.#time.now());
      if (wait <= 0) break;
      await this.#time.sleep(Math.ceil(wait));
    }
    this.#tokens -= 1;
  }

  #fill(): void {
    const now = this.#time.now();
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
  }
}
