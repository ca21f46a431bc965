import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TyrianError } from "../../src/errors.js";
import { onKill } from "../../src/dispatch/kill.js";
import { LEASE_TIMES } from "../../src/dispatch/lease.js";
import { openQueueServer, type QueueServer } from "../../src/dispatch/redis.js";
import type { DispatchPace, RunJobs } from "../../src/dispatch/run-queue.js";
import { WATCH_PACE, watchRedis } from "../../src/dispatch/watch.js";
import { Acts, idsOf, planOf, runsOn } from "./runs.js";
import { alive, processesOf, socketOf, type StateFolder, stateFolder, until } from "./support.js";

let state: StateFolder;
let server: QueueServer;
const rejections: unknown[] = [];
const note = (reason: unknown): number => rejections.push(reason);

beforeEach(async () => {
  state = stateFolder();
  server = await openQueueServer(state.path, "");
  process.on("unhandledRejection", note);
});
afterEach(async () => {
  await server.close();
  // What nobody waits for would reject now at the latest.
  await sleep(300);
  process.off("unhandledRejection", note);
  expect(rejections.splice(0)).toEqual([]);
  vi.restoreAllMocks();
  await state.remove();
});

const FASTER = 4;
/** The production's pace in a quarter of its time: what holds of the one holds of the other. */
const quick: DispatchPace = {
  watch: { ...WATCH_PACE, everyMs: WATCH_PACE.everyMs / FASTER },
  lease: { lifeMs: LEASE_TIMES.lifeMs / FASTER, renewMs: LEASE_TIMES.renewMs / FASTER },
};

function serverPid(): number {
  return processesOf(socketOf(server)).server;
}

async function failureOf(running: Promise<void>): Promise<TyrianError> {
  const thrown: unknown = await running.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof TyrianError)) throw new Error(`not a TyrianError: ${String(thrown)}`);
  return thrown;
}

describe("a run whose Redis is lost", () => {
  test("by SIGKILL while acts run: they are told to end, are waited for, and the run ends with the error", async () => {
    const printed = vi.spyOn(console, "error");
    const plan = planOf("h1", "h1", "h2", "h2");
    const acts = new Acts();
    const cleaned: string[] = [];
    const listener = await onKill(server.client, () => undefined);
    const running = runsOn(server)(plan, {
      act: async (trial, signal) => {
        acts.begun.push(trial.id);
        if (acts.begun.length === 2) process.kill(serverPid(), "SIGKILL");
        await until(() => signal.aborted);
        // The cleanup.
        await sleep(500);
        cleaned.push(trial.id);
        return trial.id;
      },
    });
    const begun = Date.now();
    const error = await failureOf(running);
    expect(error.code).toBe("queue-lost");
    expect(error.message).toMatch(/^the Redis was lost in mid-run: /);
    expect(error.hint).toContain("cleaned up");
    expect(cleaned.toSorted()).toEqual([idsOf(plan, "h1")[0], idsOf(plan, "h2")[0]]);
    expect(acts.begun).toHaveLength(2);
    expect(Date.now() - begun).toBeLessThan(5_000);
    await listener.close();
    await server.close();
    await sleep(500);
    // Neither the library nor we print, and nothing begins afterwards.
    expect(printed).not.toHaveBeenCalled();
    expect(acts.begun).toHaveLength(2);
  });

  test.each(["before its first trial", "while a verdict is computed", "between an act and its verdict"])(
    "%s: the run ends with the error",
    async (when) => {
      const pid = serverPid();
      const judged: string[] = [];
      if (when === "before its first trial") process.kill(pid, "SIGKILL");
      const running = runsOn(server)(planOf("h1"), {
        act: async (trial) => {
          if (when === "between an act and its verdict") process.kill(pid, "SIGKILL");
          return trial.id;
        },
        judge: async (acted) => {
          process.kill(pid, "SIGKILL");
          await sleep(500);
          judged.push(acted);
        },
      });
      expect((await failureOf(running)).code).toBe("queue-lost");
      expect(judged).toHaveLength(when === "while a verdict is computed" ? 1 : 0);
    },
  );

  test("while a trial waits for a target that another holds: the wait ends", async () => {
    await server.client.set("tyrian:lease:lab.h1", "a trial of another run", "PX", 60_000);
    const act = vi.fn<() => Promise<string>>();
    const onLeaseWait = (): void => void process.kill(serverPid(), "SIGKILL");
    expect((await failureOf(runsOn(server)(planOf("h1"), { act }, { onLeaseWait }))).code).toBe("queue-lost");
    expect(act).not.toHaveBeenCalled();
  });

  test("because its keeper was killed: the act ends, and no server stays behind", async () => {
    const pid = serverPid();
    const running = runsOn(server)(planOf("h1"), {
      act: async (trial, signal) => {
        process.kill(processesOf(socketOf(server)).keeper, "SIGKILL");
        await until(() => signal.aborted);
        return trial.id;
      },
    });
    expect((await failureOf(running)).code).toBe("queue-lost");
    await until(() => !alive(pid));
  });

  test("because somebody emptied it: the run ends instead of waiting for jobs that are gone", async () => {
    const acts = new Acts();
    const act: RunJobs<string>["act"] = async (trial, signal) => {
      acts.begun.push(trial.id);
      if (acts.begun.length === 1) {
        // The watch has seen the run's key.
        await sleep(625);
        await server.client.flushall();
      }
      await until(() => signal.aborted, 10_000);
      return trial.id;
    };
    const running = runsOn(server)(planOf("h1", "h2", "h2"), { act }, { pace: quick });
    const error = await failureOf(running);
    expect(error.message).toBe("the Redis was lost in mid-run: it no longer has the run's jobs");
  });

  test("because it hangs: the run ends within the life of a lease", async () => {
    const pid = serverPid();
    const act: RunJobs<string>["act"] = async (trial, signal) => {
      process.kill(pid, "SIGSTOP");
      await until(() => signal.aborted, quick.lease.lifeMs);
      return trial.id;
    };
    const running = runsOn(server)(planOf("h1", "h1"), { act }, { pace: quick });
    const begun = Date.now();
    expect((await failureOf(running)).code).toBe("queue-lost");
    expect(Date.now() - begun).toBeLessThan(20_000 / FASTER);
    const closing = Date.now();
    await server.close();
    expect(Date.now() - closing).toBeLessThan(6_000);
    // Its keeper ends it also when it is stopped.
    await until(() => !alive(pid));
  });
});

describe("the watch", () => {
  test("takes a pause of the Redis that ends in time for no loss", async () => {
    await server.client.set("there", "1");
    const onLost = vi.fn<(error: TyrianError) => void>();
    const watch = watchRedis(server.client, "there", onLost, { everyMs: 50, unanswered: 10 });
    const pid = serverPid();
    await sleep(200);
    process.kill(pid, "SIGSTOP");
    await sleep(300);
    process.kill(pid, "SIGCONT");
    await sleep(800);
    expect(onLost).not.toHaveBeenCalled();
    process.kill(pid, "SIGSTOP");
    await until(() => onLost.mock.calls.length > 0);
    expect(onLost.mock.calls[0]?.[0].message).toContain("questions in a row had no answer");
    watch.close();
    process.kill(pid, "SIGCONT");
  });

  test("does not ask for a key before the run has written it, nor after it is closed", async () => {
    const onLost = vi.fn<(error: TyrianError) => void>();
    const watch = watchRedis(server.client, "later", onLost, { everyMs: 20, unanswered: 10 });
    await sleep(100);
    await server.client.set("later", "1");
    await sleep(100);
    watch.close();
    await server.client.del("later");
    await sleep(100);
    expect(onLost).not.toHaveBeenCalled();
  });
});
