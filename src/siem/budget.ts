import type { AnswerState } from "../model/observation.js";

/** The clock that pacing goes by. */
export interface Time {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** The part of a minute's questions that may be put at once; the rest is spread, so that no minute has more than all. */
const BURST_PART = 0.25;
/** Milliseconds that nothing is asked after the SIEM has said that it was asked too much: at first, and at most. */
const FIRST_REST_MS = 2_000;
const LONGEST_REST_MS = 60_000;

/**
 * How many questions a SIEM may still be asked: a bucket that fills so that no minute has more than `questionsPerMinute`.
 * A SIEM that says it was asked too much is left alone for a while, twice as long each time.
 */
export class QuestionBudget {
  /** Questions that were put so far. */
  spent = 0;
  readonly time: Time;
  readonly #perMs: number;
  readonly #capacity: number;
  #tokens: number;
  #filledAt: number;
  #restBegan = 0;
  #restUntil = 0;
  #restMs = FIRST_REST_MS;

  /** @param questionsPerMinute null for no bound */
  constructor(questionsPerMinute: number | null, time: Time) {
    this.#perMs = questionsPerMinute === null ? Infinity : (questionsPerMinute * (1 - BURST_PART)) / 60_000;
    this.#capacity = questionsPerMinute === null ? Infinity : Math.max(1, questionsPerMinute * BURST_PART);
    this.#tokens = this.#capacity;
    this.time = time;
    this.#filledAt = time.now();
  }

  /** Waits until one more question may be put, and counts it. One at a time waits. */
  async take(): Promise<void> {
    while (this.#perMs !== Infinity) {
      this.#fill();
      const short = this.#tokens >= 1 ? 0 : (1 - this.#tokens) / this.#perMs;
      const wait = Math.max(short, this.#restUntil - this.time.now());
      if (wait <= 0) break;
      await this.time.sleep(Math.ceil(wait));
    }
    this.#tokens -= 1;
    this.spent += 1;
  }

  /** @param putAt when the question that was answered so had been put, milliseconds since 1970 */
  answered(state: AnswerState, putAt: number): void {
    if (state === "complete") this.#restMs = FIRST_REST_MS;
    // Those that were under way when the rest began tell nothing new.
    if (state !== "rate-limited" || putAt < this.#restBegan) return;
    this.#restBegan = this.time.now();
    this.#restUntil = this.#restBegan + this.#restMs;
    this.#restMs = Math.min(this.#restMs * 2, LONGEST_REST_MS);
  }

  #fill(): void {
    const now = this.time.now();
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
  }
}
