import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";

/** How long, in milliseconds, a lease lives without renewal (its target stays taken after its holder was killed), and how often it is renewed. */
export interface LeaseTimes {
  readonly lifeMs: number;
  readonly renewMs: number;
}

export const LEASE_TIMES: LeaseTimes = { lifeMs: 15_000, renewMs: 4_000 };
const LONGEST_PAUSE_MS = 250;
/** How much later than asked for a timer may come, so that a loss is told before the lease has ended. */
const LATE_TIMER = 1.25;

const renewScript = `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("pexpire", KEYS[1], ARGV[2]) else return 0 end`;
const releaseScript = `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end`;

export interface Lease {
  release(): Promise<void>;
}

export interface LeaseOptions {
  /** Ends the wait for the lease, not the lease. */
  readonly signal: AbortSignal;
  /** Called once when the lease is not free, with the trial that has it. */
  onWait?(other: string): void;
  /** Called when another may have the lease: it was taken away, or could not be renewed for as long as it lives. */
  onLost(): void;
  readonly times?: LeaseTimes;
}

/**
 * Takes the lease on a target for one trial, waiting for whoever has it. A target runs one trial at a time across runs,
 * workers and machines that share the Redis.
 *
 * @param key the target's identity in its lab. @param holder the trial's id.
 */
export async function takeLease(
  redis: Redis,
  key: string,
  holder: string,
  options: LeaseOptions,
): Promise<Lease> {
  const { lifeMs, renewMs } = options.times ?? LEASE_TIMES;
  const name = `tyrian:lease:${key}`;
  options.signal.throwIfAborted();
  let pause = 10;
  let told = false;
  let asked = performance.now();
  while ((await redis.set(name, holder, "PX", lifeMs, "NX")) !== "OK") {
    options.signal.throwIfAborted();
    if (!told) {
      told = true;
      options.onWait?.((await redis.get(name)) ?? "");
    }
    await sleep(pause, undefined, { signal: options.signal });
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    asked = performance.now();
  }
  // Counted from before the command was sent, so that the lease is never thought to live longer than it does.
  let livesUntil = asked + lifeMs;
  const renew = async (): Promise<void> => {
    const sent = performance.now();
    // A renewal that fails is tried again as long as the lease lives.
    const renewed = await redis.eval(renewScript, 1, name, holder, lifeMs).catch(() => null);
    if (renewed === 0) lose();
    else if (renewed !== null) livesUntil = sent + lifeMs;
  };
  const timer = setInterval(() => {
    // The next look would come too late: timers are late, never early.
    if (performance.now() + renewMs * LATE_TIMER > livesUntil) lose();
    else void renew();
  }, renewMs);
  const lose = (): void => {
    clearInterval(timer);
    options.onLost();
  };
  return {
    release: async () => {
      clearInterval(timer);
      await redis.eval(releaseScript, 1, name, holder).catch(() => undefined);
    },
  };
}
