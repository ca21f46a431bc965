import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";

/** Milliseconds that a lease lives without renewal: how long a target stays taken after its holder was killed. */
const LEASE_MS = 15_000;
const RENEW_MS = 4_000;
const LONGEST_PAUSE_MS = 250;

const renewScript = `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("pexpire", KEYS[1], ARGV[2]) else return 0 end`;
const releaseScript = `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end`;

export interface Lease {
  release(): Promise<void>;
}

/**
 * Takes the lease on a target for one trial, waiting for whoever has it. A target runs one trial at a time across runs,
 * workers and machines that share the Redis.
 *
 * @param key the target's identity in its lab. @param holder the trial's id.
 * @param onLost called when another has taken the lease because this process was stopped for too long.
 * @param onWait called once when the lease is not free, with the trial that has it.
 */
export async function takeLease(
  redis: Redis,
  key: string,
  holder: string,
  options: { signal: AbortSignal; onWait?: (other: string) => void; onLost: () => void },
): Promise<Lease> {
  const name = `tyrian:lease:${key}`;
  let pause = 10;
  let told = false;
  while ((await redis.set(name, holder, "PX", LEASE_MS, "NX")) !== "OK") {
    options.signal.throwIfAborted();
    if (!told) {
      told = true;
      options.onWait?.((await redis.get(name)) ?? "");
    }
    await sleep(pause, undefined, { signal: options.signal });
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
  const timer = setInterval(() => {
    // A renewal that fails is tried again; the lease outlives three of them.
    redis.eval(renewScript, 1, name, holder, LEASE_MS).then(
      (renewed) => {
        if (renewed === 0) options.onLost();
      },
      () => undefined,
    );
  }, RENEW_MS);
  return {
    release: async () => {
      clearInterval(timer);
      await redis.eval(releaseScript, 1, name, holder).catch(() => undefined);
    },
  };
}
