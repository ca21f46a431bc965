import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Lease, type LeaseOptions, takeLease } from "../../src/dispatch/lease.js";
import { openQueueServer, type QueueServer } from "../../src/dispatch/redis.js";
import { processesOf, socketOf, startProcess, stateFolder, until } from "./support.js";

/** Short enough to see leases renewed and expired. */
const times = { lifeMs: 1_000, renewMs: 200 };

const state = stateFolder();
let server: QueueServer;
let count = 0;

beforeAll(async () => {
  server = await openQueueServer(state.path, "");
});
afterAll(async () => {
  await server.close();
  await state.remove();
});

/** A target that no other test holds. */
function newTarget(): string {
  count += 1;
  return `lab.h${count}`;
}

function take(key: string, holder: string, options: Partial<LeaseOptions> = {}): Promise<Lease> {
  const signal = new AbortController().signal;
  return takeLease(server.client, key, holder, { signal, onLost: () => undefined, times, ...options });
}

function holderOf(key: string): Promise<string | null> {
  return server.client.get(`tyrian:lease:${key}`);
}

describe.concurrent("a lease on a target", () => {
  test("is exclusive: who comes second waits, is told once who has it, and gets it when it is released", async () => {
    const key = newTarget();
    const first = await take(key, "trial-1");
    const onWait = vi.fn<(other: string) => void>();
    let second: Lease | null = null;
    const waiting = take(key, "trial-2", { onWait }).then((lease) => {
      second = lease;
      return lease;
    });
    await sleep(700);
    expect(second).toBeNull();
    expect(onWait.mock.calls).toEqual([["trial-1"]]);
    await first.release();
    await (await waiting).release();
    expect(await holderOf(key)).toBeNull();
  });

  test("is taken by one at a time, however many want it", async () => {
    const key = newTarget();
    let holders = 0;
    let most = 0;
    const turn = async (trial: number): Promise<void> => {
      const lease = await take(key, `trial-${trial}`);
      holders += 1;
      most = Math.max(most, holders);
      await sleep(5);
      holders -= 1;
      await lease.release();
    };
    await Promise.all(Array.from({ length: 8 }, (_, index) => turn(index)));
    expect(most).toBe(1);
  });

  test("of one target does not keep another from being taken", async () => {
    const onWait = vi.fn<(other: string) => void>();
    const leases = await Promise.all([
      take(newTarget(), "trial-1"),
      take(newTarget(), "trial-2", { onWait }),
    ]);
    expect(onWait).not.toHaveBeenCalled();
    for (const lease of leases) await lease.release();
  });

  test("is renewed for as long as it is held", async () => {
    const key = newTarget();
    const onLost = vi.fn<() => void>();
    const lease = await take(key, "trial-1", { onLost });
    await sleep(2.5 * times.lifeMs);
    expect(await holderOf(key)).toBe("trial-1");
    expect(onLost).not.toHaveBeenCalled();
    await lease.release();
    expect(await holderOf(key)).toBeNull();
    await sleep(2 * times.renewMs);
    // Renewing has ended with it.
    expect(await holderOf(key)).toBeNull();
  });

  test("expires after its holder was killed, and not before its life is over", async () => {
    const key = newTarget();
    const holder = startProcess("lease", state.path, key, "trial-1", "2000");
    expect(await holder.line()).toBe("held");
    await sleep(2_500);
    expect(await holderOf(key)).toBe("trial-1");
    const killed = Date.now();
    await holder.kill();
    const onWait = vi.fn<(other: string) => void>();
    const lease = await take(key, "trial-2", { onWait });
    const waited = Date.now() - killed;
    expect(onWait).toHaveBeenCalledWith("trial-1");
    // It was last renewed at most a quarter of its life before the kill.
    expect(waited).toBeGreaterThan(1_200);
    await lease.release();
  });

  test("that another has taken is lost, and releasing it leaves the other's alone", async () => {
    const key = newTarget();
    const onLost = vi.fn<() => void>();
    const lease = await take(key, "trial-1", { onLost });
    await server.client.set(`tyrian:lease:${key}`, "trial-2");
    await until(() => onLost.mock.calls.length > 0);
    await lease.release();
    expect(await holderOf(key)).toBe("trial-2");
    await sleep(2 * times.renewMs);
    expect(onLost).toHaveBeenCalledTimes(1);
  });

  test("that cannot be renewed is lost before another could take it", async () => {
    const key = newTarget();
    const own = await openQueueServer(state.path, "");
    const begun = Date.now();
    let lostAfter: number | null = null;
    // Asked at that very moment: soon afterwards the lease in the Redis ends too.
    let holderThen: Promise<string | null> = Promise.resolve(null);
    const lease = await takeLease(own.client, key, "trial-1", {
      signal: new AbortController().signal,
      onLost: () => {
        lostAfter = Date.now() - begun;
        holderThen = holderOf(key);
      },
      times,
    });
    // The holder's way to the Redis is cut; the Redis and the lease in it are still there.
    own.client.disconnect();
    await until(() => lostAfter !== null);
    expect(lostAfter).toBeLessThanOrEqual(times.lifeMs);
    expect(await holderThen).toBe("trial-1");
    await lease.release();
    await own.close();
  });

  test("that cannot be renewed because the Redis hangs is lost as well", async () => {
    const folder = stateFolder();
    const own = await openQueueServer(folder.path, "");
    const onLost = vi.fn<() => void>();
    const lease = await takeLease(own.client, "lab.h1", "trial-1", {
      signal: new AbortController().signal,
      onLost,
      times,
    });
    process.kill(processesOf(socketOf(own)).server, "SIGSTOP");
    await until(() => onLost.mock.calls.length > 0);
    // Neither does the end wait for it.
    const released = lease.release();
    await own.close();
    await released;
    await folder.remove();
  });
});

describe.concurrent("the wait for a lease", () => {
  test("ends at once when it is aborted, and leaves the lease with its holder", async () => {
    const key = newTarget();
    const lease = await take(key, "trial-1");
    const stop = new AbortController();
    const waiting = take(key, "trial-2", { signal: stop.signal });
    await sleep(100);
    // Its holder renews it for ever.
    stop.abort(new Error("the run was interrupted"));
    await expect(waiting).rejects.toThrow();
    await lease.release();
    await sleep(2 * times.renewMs);
    expect(await holderOf(key)).toBeNull();
  });

  test("does not begin when it was aborted before", async () => {
    const key = newTarget();
    await expect(take(key, "trial-1", { signal: AbortSignal.abort() })).rejects.toThrow();
    expect(await holderOf(key)).toBeNull();
  });
});
