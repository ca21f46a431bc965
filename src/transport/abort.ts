/** Small helpers around AbortSignal that every transport needs. */
import { setMaxListeners } from "node:events";

/**
 * Waits for a promise, but not longer than until the signal is aborted; then rejects with its reason.
 * What the promise delivers afterwards goes to `late`, so that a resource that nobody waits for can be released.
 */
export async function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  late: (value: T) => void = () => {},
): Promise<T> {
  let waiting = true;
  let stop: () => void = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(reasonOf(signal));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  // Both branches are observed: a promise that rejects when nobody waits any more must not end the process.
  promise.then(
    (value) => {
      if (!waiting) late(value);
    },
    () => {},
  );
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    waiting = false;
    signal.removeEventListener("abort", stop);
  }
}

/** The reason of an aborted signal as an Error; a reason that is not one is wrapped. */
export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** Waits a number of milliseconds; resolves early, without an error, when the signal is aborted. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** A signal that is aborted by others or after a time, and the function that releases its timer and listeners. */
export function limited(
  outers: readonly (AbortSignal | undefined)[],
  milliseconds: number,
  tooLate: () => Error,
): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const timer = setTimeout(() => controller.abort(tooLate()), timerMilliseconds(milliseconds));
  const releases: (() => void)[] = [() => clearTimeout(timer)];
  for (const outer of outers) {
    if (outer === undefined) continue;
    // One signal may end many commands; Node takes more than ten listeners for a leak.
    setMaxListeners(0, outer);
    const onAbort = (): void => controller.abort(outer.reason);
    if (outer.aborted) onAbort();
    else outer.addEventListener("abort", onAbort, { once: true });
    releases.push(() => outer.removeEventListener("abort", onAbort));
  }
  return {
    signal: controller.signal,
    release: () => {
      for (const release of releases) release();
    },
  };
}

/** A time that setTimeout takes: beyond 2^31-1 ms it would fire at once. */
export function timerMilliseconds(milliseconds: number): number {
  return Math.min(Math.max(0, milliseconds), 2 ** 31 - 1);
}

/** Something that happens at most once and can be waited for. */
export class Latch {
  #open: () => void = () => {};
  readonly opened = new Promise<void>((resolve) => (this.#open = resolve));
  isOpen = false;

  open(): void {
    this.isOpen = true;
    this.#open();
  }
}

/** Waits for any of the latches or a number of milliseconds; whether one is open then. */
export async function anyOpen(latches: readonly Latch[], milliseconds: number): Promise<boolean> {
  const isOpen = (): boolean => latches.some((latch) => latch.isOpen);
  if (isOpen()) return true;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>(
    (resolve) => (timer = setTimeout(resolve, timerMilliseconds(milliseconds))),
  );
  await Promise.race([timeout, ...latches.map((latch) => latch.opened)]);
  clearTimeout(timer);
  return isOpen();
}
