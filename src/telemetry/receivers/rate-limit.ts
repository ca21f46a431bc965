/** How many records a sender may send a second, with one second's worth at once. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #now: () => number;
  #tokens: number;
  #at: number;

  /** @param now milliseconds by a clock that never goes back */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#tokens = perSecond;
    this.#at = now();
  }

  /**
   * Counts records that came.
   * @returns the milliseconds after which the next may come; 0 when at once. Records that came are never split.
   */
  take(count: number): number {
    this.#fill();
    this.#tokens -= count;
    return this.wait();
  }

  /** The milliseconds until more may come; 0 when they may now. */
  wait(): number {
    this.#fill();
    return this.#tokens > 0 ? 0 : Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000);
  }

  #fill(): void {
    const now = this.#now();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
  }
}
