import { reasonOf } from "./abort.js";

/** Milliseconds that somebody waits behind a bound that was learned until it is tried again. */
const TRY_AGAIN_MS = 1_000;

interface Waiter {
  readonly enter: () => void;
}

/**
 * Lets a bounded number of holders in, first come, first served. The bound falls when the other side turns out to
 * allow fewer, and rises again slowly.
 */
export class Gate {
  readonly #maximum: number;
  #limit: number;
  #held = 0;
  #pauses = 0;
  #loweredAt = Number.NEGATIVE_INFINITY;
  #waiters: Waiter[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(maximum: number) {
    this.#maximum = maximum;
    this.#limit = maximum;
  }

  get held(): number {
    return this.#held;
  }

  /** How many wait for a place. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /** Whether whoever comes next has to wait for a place. */
  get isFull(): boolean {
    return this.#held >= this.#limit;
  }

  /**
   * Waits for a place. `first` puts it before all others: for one that had a place and must try again.
   * An aborted signal rejects with its reason, and `end` rejects all who wait.
   */
  async enter(signal: AbortSignal, first = false): Promise<void> {
    if (signal.aborted) throw reasonOf(signal);
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(reasonOf(signal));
      };
      const waiter: Waiter = {
        enter: () => {
          signal.removeEventListener("abort", stop);
          resolve();
        },
      };
      signal.addEventListener("abort", stop, { once: true });
      if (first) this.#waiters.unshift(waiter);
      else this.#waiters.push(waiter);
      this.#admit();
    });
  }

  leave(): void {
    this.#held -= 1;
    // The bound that was learned may have been a passing one: try one more from time to time.
    if (this.#limit < this.#maximum && performance.now() - this.#loweredAt > 5_000) {
      this.#limit += 1;
      this.#loweredAt = performance.now();
    }
    this.#admit();
  }

  /** Lowers the bound to what the other side has just shown to allow, at least one. */
  lower(limit: number): void {
    this.#limit = Math.max(1, Math.min(this.#limit, limit));
    this.#loweredAt = performance.now();
  }

  /** Lets nobody in until the returned function was called. */
  hold(): () => void {
    this.#pauses += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#pauses -= 1;
      this.#admit();
    };
  }

  #admit(): void {
    while (this.#pauses === 0 && this.#held < this.#limit) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) break;
      this.#held += 1;
      waiter.enter();
    }
    this.#tryOneMore();
  }

  /** Nobody may leave for long: who waits behind a bound that was learned tries again whether it still holds. */
  #tryOneMore(): void {
    if (this.#waiters.length === 0 || this.#limit >= this.#maximum || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#waiters.length === 0) return;
      this.#limit = Math.min(this.#maximum, this.#limit + 1);
      this.#admit();
    }, TRY_AGAIN_MS);
    this.#timer.unref();
  }
}
