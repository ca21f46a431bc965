import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { leasedTrials, onKill, throwKillSwitch } from "../../src/dispatch/kill.js";
import { openQueueServer } from "../../src/dispatch/redis.js";
import { Acts, idsOf, planOf, sharedServer } from "./runs.js";
import { startSharedRedis, until } from "./support.js";

const shared = sharedServer();
const { run } = shared;

describe("the kill switch", () => {
  test("reaches every run that listens, and says how many heard it", async () => {
    const heard: string[] = [];
    const other = await openQueueServer("/nonexistent", shared.url);
    const listeners = [
      await onKill(shared.client, () => heard.push("one")),
      await onKill(other.client, () => heard.push("other")),
    ];
    expect(await throwKillSwitch(shared.client)).toBe(2);
    await until(() => heard.length === 2);
    for (const listener of listeners) await listener.close();
    expect(await throwKillSwitch(shared.client)).toBe(0);
    expect(heard.toSorted()).toEqual(["one", "other"]);
    await other.close();
  });

  test("names the trials that hold a target, of many thousands of keys too", async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => [`noise:${index}`, "1"]).flat();
    await shared.client.mset(...many);
    await shared.client.set("tyrian:lease:lab.h1", "trial-1");
    await shared.client.set("tyrian:lease:other.h1", "trial-2");
    expect((await leasedTrials(shared.client)).toSorted()).toEqual(["trial-1", "trial-2"]);
    await shared.client.flushdb();
    expect(await leasedTrials(shared.client)).toEqual([]);
  });

  test("is an error with a code when the Redis is gone, and ends at once", async () => {
    const redis = await startSharedRedis();
    const { client, close } = await openQueueServer("/nonexistent", redis.url);
    const listener = await onKill(client, () => undefined);
    await close();
    await redis.close();
    for (const asked of [throwKillSwitch(client), leasedTrials(client)])
      await expect(asked).rejects.toMatchObject({ name: "TyrianError", code: "queue-unavailable" });
    await listener.close();
  });

  test("ends a run that listens: what acts is told, what waits never begins, and no target stays held", async () => {
    const plan = planOf("h1", "h1", "h2");
    const acts = new Acts();
    const killed = new AbortController();
    const listener = await onKill(shared.client, () => killed.abort());
    const ends: string[] = [];
    const running = run(
      plan,
      {
        act: async (trial, signal) => {
          acts.begun.push(trial.id);
          await until(() => signal.aborted);
          await sleep(200);
          ends.push(trial.id);
          return trial.id;
        },
      },
      { signal: killed.signal },
    );
    await until(() => acts.begun.length === 2);
    expect((await leasedTrials(shared.client)).toSorted()).toEqual([idsOf(plan)[0], idsOf(plan)[2]]);
    expect(await throwKillSwitch(shared.client)).toBe(1);
    // What `tyrian kill` does: it waits until no trial holds a target.
    await until(async () => (await leasedTrials(shared.client)).length === 0);
    expect(ends).toHaveLength(2);
    await running;
    expect(acts.begun).toHaveLength(2);
    await listener.close();
  });
});
