import type { Redis } from "ioredis";
import { TyrianError } from "../errors.js";

/** How often the Redis is asked, in milliseconds, and how many questions in a row may stay without an answer. */
export interface WatchPace {
  readonly everyMs: number;
  readonly unanswered: number;
}

/** Questions are counted, not time: when this process was stopped, the silence was its own. */
export const WATCH_PACE: WatchPace = { everyMs: 1_000, unanswered: 10 };

/**
 * Watches a Redis that a run depends on: one that hangs, cannot be reached, or came back without the run's data would
 * otherwise be waited for without end.
 *
 * @param key a key of the run that is there until the run ends.
 * @param onLost called at most once, with a TyrianError `queue-lost`.
 */
export function watchRedis(
  redis: Redis,
  key: string,
  onLost: (error: TyrianError) => void,
  pace: WatchPace = WATCH_PACE,
): { close(): void } {
  let unanswered = 0;
  let seen = false;
  let closed = false;
  const close = (): void => {
    closed = true;
    clearInterval(timer);
  };
  const lose = (message: string): void => {
    if (closed) return;
    close();
    onLost(queueLost(message));
  };
  const ask = async (): Promise<void> => {
    unanswered += 1;
    // A refusal is no answer: the client reconnects by itself.
    const there = await redis.exists(key).catch(() => null);
    if (there !== null) unanswered = 0;
    if (there === 1) seen = true;
    // Before it was seen, the run has not written it yet.
    if (there === 0 && seen) lose("it no longer has the run's jobs");
  };
  const timer = setInterval(() => {
    if (unanswered < pace.unanswered) void ask();
    else lose(`${unanswered} questions in a row had no answer`);
  }, pace.everyMs);
  return { close };
}

/** The error of a run whose Redis went away under it. */
export function queueLost(message: string, cause?: unknown): TyrianError {
  return new TyrianError("queue-lost", `the Redis was lost in mid-run: ${message}`, { cause });
}
