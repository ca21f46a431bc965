import { setTimeout as sleep } from "node:timers/promises";
import { Queue, Worker } from "bullmq";
import { describe, expect, test } from "vitest";
import { leasedTrials } from "../../src/dispatch/kill.js";
import type { RunJobs } from "../../src/dispatch/run-queue.js";
import { Acts, idsOf, planOf, sharedServer } from "./runs.js";
import { until } from "./support.js";

const shared = sharedServer();
const { run } = shared;

describe("a run of the queue", () => {
  test("acts on a target in the plan's order and one at a time, and on targets in parallel", async () => {
    const plan = planOf(...Array.from({ length: 6 }, () => ["h1", "h2", "h3"]).flat());
    const acts = new Acts();
    await run(plan, { act: acts.act(20) });
    for (const target of ["h1", "h2", "h3"])
      expect(acts.begun.filter((id) => idsOf(plan, target).includes(id))).toEqual(idsOf(plan, target));
    expect(acts.mostOnOneTarget).toBe(1);
    expect(acts.mostAtOnce).toBe(3);
  });

  test("acts on no more targets at once than `concurrency`", async () => {
    const plan = planOf("h1", "h2", "h3", "h4", "h1", "h2", "h3", "h4");
    const acts = new Acts();
    await run(plan, { act: acts.act(30) }, { concurrency: 2 });
    expect(acts.mostAtOnce).toBe(2);
    expect(acts.ended.toSorted()).toEqual(idsOf(plan));
  });

  test("judges what was acted, once for each trial, and holds no target meanwhile", async () => {
    const plan = planOf("h1", "h1", "h2");
    const acts = new Acts();
    const judged: string[] = [];
    const begunWhenFirstJudged: number[] = [];
    await run(plan, {
      act: acts.act(10),
      judge: async (acted) => {
        await sleep(300);
        begunWhenFirstJudged.push(acts.begun.length);
        judged.push(acted);
      },
    });
    expect(judged.toSorted()).toEqual(idsOf(plan));
    expect(begunWhenFirstJudged[0]).toBe(3);
  });

  test("leaves a target alone before a trial that is paced, and no other target", async () => {
    const plan = planOf("h1", "h1", "h2");
    const times = new Map<string, number>();
    const paced = {
      ...plan,
      trials: plan.trials.map((trial, at) => (at === 1 ? { ...trial, pauseMs: 400 } : trial)),
    };
    await run(paced, {
      act: async (trial) => {
        times.set(trial.id, performance.now());
        return trial.id;
      },
    });
    const [first, second, other] = plan.trials.map(({ id }) => times.get(id) ?? 0);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(399);
    expect(other).toBeLessThan(second ?? 0);
  });

  test("an interrupt ends a pause, and the trial does not begin", async () => {
    const plan = planOf("h1");
    const paced = { ...plan, trials: plan.trials.map((trial) => ({ ...trial, pauseMs: 3_600_000 })) };
    const acts = new Acts();
    const interrupt = new AbortController();
    const ended = run(paced, { act: acts.act(0) }, { signal: interrupt.signal });
    setTimeout(() => interrupt.abort(), 200);
    await ended;
    expect(acts.begun).toEqual([]);
  });

  test("of no trials ends at once", async () => {
    await run(planOf(), {});
  });

  test("holds the target's lease while it acts and releases it afterwards", async () => {
    const plan = planOf("h1", "h1");
    const holders: (string | null)[] = [];
    await run(plan, {
      act: async (trial) => {
        holders.push(await shared.client.get("lab.h1"), ...(await leasedTrials(shared.client)));
        return trial.id;
      },
    });
    expect(holders.filter((holder) => holder !== null)).toEqual(idsOf(plan));
    expect(await leasedTrials(shared.client)).toEqual([]);
  });

  test("waits for a target that another run holds, and tells which trial has it", async () => {
    const [first, second] = [planOf("h1"), planOf("h1")];
    const acts = new Acts();
    const waits: string[][] = [];
    const firstRun = run(first, { act: acts.act(500) });
    await until(() => acts.begun.length === 1);
    const onLeaseWait = (trial: string, other: string): number => waits.push([trial, other]);
    await Promise.all([firstRun, run(second, { act: acts.act(10) }, { onLeaseWait })]);
    expect(acts.mostOnOneTarget).toBe(1);
    expect(acts.begun).toEqual([...idsOf(first), ...idsOf(second)]);
    expect(waits).toEqual([[idsOf(second)[0], idsOf(first)[0]]]);
  });

  test("leaves nothing in a Redis that others share, also when it failed", async () => {
    await shared.client.flushdb();
    await shared.client.set("of another", "kept");
    const failing = run(planOf("h1", "h2"), { judge: () => Promise.reject(new Error("a defect")) });
    await expect(failing).rejects.toThrow("a defect");
    await run(planOf("h1", "h2", "h1"), {});
    expect(await shared.client.keys("*")).toEqual(["of another"]);
  });
});

describe("at most once", () => {
  test("a trial whose job is added again while it acts, and again when it has acted, acts once", async () => {
    const plan = planOf("h1", "h1");
    const [first = ""] = idsOf(plan);
    const acts = new Acts();
    const again = new Queue(`${plan.run}.target.h1`, { connection: shared.options, prefix: "tyrian" });
    let added = 0;
    await run(plan, {
      act: async (trial, signal) => {
        const id = await acts.act(50)(trial, signal);
        // In the first act the job is active; in the second it is done.
        await again.add("trial", { trial: first }, { jobId: first });
        added += 1;
        return id;
      },
    });
    await again.close();
    expect(added).toBe(2);
    expect(acts.begun).toEqual(idsOf(plan));
  });

  test("a job that stalls is failed and never run again, by another machine neither", async () => {
    const plan = planOf("h1");
    const begun: string[] = [];
    const queue = new Queue(`${plan.run}.target.h1`, { connection: shared.options, prefix: "tyrian" });
    const judged: string[] = [];
    const runs: Promise<void>[] = [];
    const act: RunJobs<string>["act"] = async (trial) => {
      begun.push(trial.id);
      if (begun.length > 1) return trial.id;
      // As if this process had been stopped until its lock on the job expired, and the job had been seen so once.
      await shared.client.del(queue.toKey(`${trial.id}:lock`));
      await shared.client.sadd(queue.toKey("stalled"), trial.id);
      await shared.client.del(queue.toKey("stalled-check"));
      // Another machine's worker looks for stalled jobs as soon as it starts.
      const elsewhere = run(plan, { act });
      runs.push(elsewhere);
      await Promise.allSettled([elsewhere]);
      return trial.id;
    };
    // Whichever of them sees the failed job ends with an error; the act was done once, and is judged once.
    const here = run(plan, { act, judge: async (acted) => void judged.push(acted) });
    const outcomes = await Promise.allSettled([here]);
    outcomes.push(...(await Promise.allSettled(runs)));
    const errors = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [outcome.reason as unknown] : [],
    );
    expect(outcomes).toHaveLength(2);
    expect(errors[0]).toMatchObject({ name: "TyrianError", code: "queue-lost" });
    expect(judged.length).toBeLessThanOrEqual(1);
    expect(begun).toEqual(idsOf(plan));
    await queue.close();
  });

  test("an act whose job is taken for stalled is told to end", async () => {
    const plan = planOf("h1");
    const queue = new Queue(`${plan.run}.target.h1`, { connection: shared.options, prefix: "tyrian" });
    const options = {
      connection: shared.options,
      prefix: "tyrian",
      stalledInterval: 100,
      maxStalledCount: 0,
    };
    const other = new Worker(queue.name, null, options);
    let reason: unknown;
    const stalling = run(plan, {
      act: async (trial, signal) => {
        await shared.client.del(queue.toKey(`${trial.id}:lock`));
        await shared.client.sadd(queue.toKey("stalled"), trial.id);
        await shared.client.del(queue.toKey("stalled-check"));
        // It looks for stalled jobs and processes none itself: the failed job is seen by the run's own worker.
        await other.startStalledCheckTimer();
        await until(() => signal.aborted);
        reason = signal.reason;
        return trial.id;
      },
    });
    await expect(stalling).rejects.toThrow("job stalled");
    expect(reason).toMatchObject({ code: "queue-lost" });
    await other.close();
    await queue.close();
  });
});
