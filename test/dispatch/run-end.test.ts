import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { leasedTrials } from "../../src/dispatch/kill.js";
import type { RunJobs } from "../../src/dispatch/run-queue.js";
import { Acts, idsOf, planOf, sharedServer } from "./runs.js";
import { until } from "./support.js";

const shared = sharedServer();
const { run } = shared;

describe("the end of a run before its time", () => {
  test("an interrupt starts nothing new, waits for what runs and for its verdict, and is no failure", async () => {
    const plan = planOf("h1", "h1", "h2", "h2", "h3");
    const acts = new Acts();
    const judged: string[] = [];
    const interrupt = new AbortController();
    const ended: boolean[] = [];
    await run(
      plan,
      {
        act: async (trial, signal) => {
          if (acts.begun.length === 1) setTimeout(() => interrupt.abort(), 50);
          const id = await acts.act(200)(trial, signal);
          ended.push(signal.aborted);
          return id;
        },
        judge: async (acted) => void judged.push(acted),
      },
      { concurrency: 2, signal: interrupt.signal },
    );
    // Two places, two targets; the third target and the second trials were never begun.
    expect(acts.begun.toSorted()).toEqual([idsOf(plan, "h1")[0], idsOf(plan, "h2")[0]]);
    expect(ended).toEqual([true, true]);
    expect(judged.toSorted()).toEqual(acts.begun.toSorted());
  });

  test("an interrupt ends the wait for a target that another run holds", async () => {
    await shared.client.set("tyrian:lease:lab.h1", "a trial of another run", "PX", 600_000);
    const interrupt = new AbortController();
    const act = vi.fn<RunJobs<string>["act"]>();
    const onLeaseWait = (): void => interrupt.abort();
    await run(planOf("h1", "h1"), { act }, { signal: interrupt.signal, onLeaseWait });
    expect(act).not.toHaveBeenCalled();
    await shared.client.del("tyrian:lease:lab.h1");
  });

  test("the first rejection ends the run with itself, after the others that had begun; nothing new begins", async () => {
    const plan = planOf("h1", "h2", "h2", "h3");
    const acts = new Acts();
    const running = run(plan, {
      act: async (trial, signal) => {
        if (trial.target === "h1") {
          await sleep(100);
          throw new Error("the journal cannot be written");
        }
        return await acts.act(400)(trial, signal);
      },
    });
    await expect(running).rejects.toThrow("the journal cannot be written");
    expect(acts.ended.toSorted()).toEqual([idsOf(plan)[1], idsOf(plan)[3]]);
    await sleep(300);
    expect(acts.begun).toHaveLength(2);
  });

  test("a verdict that is being computed when another rejects is waited for", async () => {
    const plan = planOf("h1", "h2");
    const judged: string[] = [];
    const running = run(plan, {
      judge: async (acted) => {
        if (acted === idsOf(plan)[0]) {
          await until(() => judging === 2);
          throw new Error("a defect");
        }
        judging += 1;
        await sleep(300);
        judged.push(acted);
      },
    });
    let judging = 1;
    await expect(running).rejects.toThrow("a defect");
    expect(judged).toEqual([idsOf(plan)[1]]);
  });

  test("a trial that waits for a held target when the run fails never begins, also when the target is free later", async () => {
    await shared.client.set("tyrian:lease:lab.held", "a trial of another run", "PX", 20_000);
    const plan = planOf("held", "h1");
    const begun: string[] = [];
    const running = run(plan, {
      act: async (trial) => {
        begun.push(trial.target);
        await sleep(200);
        throw new Error("a defect");
      },
    });
    const started = Date.now();
    await expect(running).rejects.toThrow("a defect");
    // The one that waits does not keep the run from ending.
    expect(Date.now() - started).toBeLessThan(4_000);
    await shared.client.del("tyrian:lease:lab.held");
    await sleep(600);
    expect(begun).toEqual(["h1"]);
    expect(await leasedTrials(shared.client)).toEqual([]);
  });

  test("an act whose lease is lost is told to end, with the reason", async () => {
    let reason: unknown;
    await run(planOf("h1"), {
      act: async (trial, signal) => {
        await shared.client.set("tyrian:lease:lab.h1", "another");
        await until(() => signal.aborted, 10_000);
        reason = signal.reason;
        return trial.id;
      },
    });
    expect(reason).toMatchObject({ message: "the lease on the target was lost" });
    expect(await shared.client.get("tyrian:lease:lab.h1")).toBe("another");
    await shared.client.del("tyrian:lease:lab.h1");
  });
});
