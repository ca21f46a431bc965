interface Timer {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Rounds of the event loop without any timer after which waiting for something else is given up. */
const IDLE_ROUNDS = 100;

/**
 * A clock that stands still while code runs and jumps to the next timer when all of it waits. What runs in it may wait for
 * nothing but this clock.
 */
export class VirtualTime {
  #now: number;
  #order = 0;
  readonly #heap: Timer[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#now;
  }

  /** An aborted signal rejects with its reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.until(this.#now + Math.max(0, ms), signal);
  }

  until(at: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      this.#push({ at: Math.max(at, this.#now), order: (this.#order += 1), wake: resolve });
    });
  }

  /** Runs code to its end, time included. */
  async run<T>(main: () => Promise<T>): Promise<T> {
    let ended = false;
    const result = main().finally(() => {
      ended = true;
    });
    result.catch(() => undefined);
    let idle = 0;
    while (!ended) {
      await new Promise(setImmediate);
      if (ended) break;
      const first = this.#pop();
      if (first === undefined) {
        idle += 1;
        if (idle > IDLE_ROUNDS) throw new Error("all code waits for something that is not the virtual clock");
        continue;
      }
      idle = 0;
      this.#now = first.at;
      first.wake();
      while (this.#heap[0]?.at === this.#now) this.#pop()?.wake();
    }
    return result;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(timer, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || last === first) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, left)) child += 1;
      const lower = heap[child];
      if (lower === undefined || !isBefore(lower, last)) break;
      heap[at] = lower;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
