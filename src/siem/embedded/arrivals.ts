/** Tells who waits for a host that something of it has arrived, and misses nothing between an answer and the next wait. */
export class Arrivals {
  readonly #counts = new Map<string, number>();
  /** What the last answer about a host had seen. */
  readonly #answered = new Map<string, number>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #closed = false;

  arrived(host: string): void {
    this.#counts.set(host, this.#countOf(host) + 1);
    const waiting = this.#waiting.get(host);
    if (waiting === undefined) return;
    this.#waiting.delete(host);
    for (const wake of waiting) wake();
  }

  /** An answer about the host is being given: later arrivals are new to whoever asked. */
  answering(host: string): void {
    this.#answered.set(host, this.#countOf(host));
  }

  /**
   * Resolves when something of the host has arrived since the last answer about it, or after `ms`.
   * An aborted signal rejects with its reason.
   */
  async wait(host: string, ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const fresh = this.#countOf(host) > (this.#answered.get(host) ?? 0);
    if (!fresh && !this.#closed) await this.#sleep(host, ms, signal);
    this.answering(host);
  }

  /** Wakes everybody. */
  close(): void {
    this.#closed = true;
    for (const waiting of this.#waiting.values()) for (const wake of waiting) wake();
    this.#waiting.clear();
  }

  #sleep(host: string, ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(host) ?? new Set();
      this.#waiting.set(host, waiting);
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        waiting.delete(wake);
      };
      const wake = (): void => {
        end();
        resolve();
      };
      const abort = (): void => {
        end();
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(wake, ms);
      waiting.add(wake);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  #countOf(host: string): number {
    return this.#counts.get(host) ?? 0;
  }
}
