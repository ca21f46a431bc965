import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { openQueueServer, type QueueServer } from "../../src/dispatch/redis.js";
import { type DispatchOptions, dispatchRun, type RunJobs } from "../../src/dispatch/run-queue.js";
import type { Plan, Trial } from "../../src/model/trial.js";
import { type SharedRedis, startSharedRedis } from "./support.js";

type Run = (plan: Plan, jobs?: Partial<RunJobs<string>>, options?: Partial<DispatchOptions>) => Promise<void>;

/** A Redis that others share, so that what a run leaves behind is seen, and runs on it. */
export interface SharedServer {
  /** For commands of the test's own. */
  readonly client: QueueServer["client"];
  readonly options: QueueServer["options"];
  readonly url: string;
  readonly run: Run;
}

/** The shared server of a test file: it is there from before the first test until after the last. */
export function sharedServer(): SharedServer {
  let redis: SharedRedis;
  let server: QueueServer;
  beforeAll(async () => {
    redis = await startSharedRedis();
    server = await openQueueServer("/nonexistent", redis.url);
  });
  afterAll(async () => {
    await server.close();
    await redis.close();
  });
  return {
    get client() {
      return server.client;
    },
    get options() {
      return server.options;
    },
    get url() {
      return redis.url;
    },
    run: (plan, jobs, options) => runsOn(server)(plan, jobs, options),
  };
}

/** Runs of plans whose acts and verdicts do nothing, unless said otherwise. */
export function runsOn(server: QueueServer): Run {
  return async (plan, jobs = {}, options = {}) => {
    await dispatchRun<string>(
      {
        server,
        plan,
        leaseKey: (target) => `lab.${target}`,
        concurrency: 50,
        signal: new AbortController().signal,
        ...options,
      },
      { act: async (trial) => trial.id, judge: async () => undefined, ...jobs },
    );
  };
}

/** What acts did, as they did it. */
export class Acts {
  readonly begun: string[] = [];
  readonly ended: string[] = [];
  private readonly running = new Map<string, number>();
  mostAtOnce = 0;
  mostOnOneTarget = 0;

  readonly act = (durationMs: number): RunJobs<string>["act"] => {
    return async (trial) => {
      this.begun.push(trial.id);
      this.running.set(trial.target, (this.running.get(trial.target) ?? 0) + 1);
      const counts = [...this.running.values()];
      this.mostAtOnce = Math.max(
        this.mostAtOnce,
        counts.reduce((sum, one) => sum + one),
      );
      this.mostOnOneTarget = Math.max(this.mostOnOneTarget, ...counts);
      await sleep(durationMs);
      this.running.set(trial.target, (this.running.get(trial.target) ?? 0) - 1);
      this.ended.push(trial.id);
      return trial.id;
    };
  };
}

/** The ids of a plan's trials in their order, of one target or of all. */
export function idsOf(plan: Plan, target?: string): string[] {
  return plan.trials.filter((trial) => target === undefined || trial.target === target).map(({ id }) => id);
}

let runs = 0;

/** A plan with trials on the targets named, in this order; a run id of its own each time. */
export function planOf(...targets: string[]): Plan {
  runs += 1;
  const run = `run-${process.pid}-${runs}`;
  const trials = targets.map((target, index): Trial => ({
    id: `${run}-${String(index + 1).padStart(4, "0")}`,
    run,
    ordinal: index + 1,
    playbook: "test",
    procedure: "test",
    guid: "00000000-0000-4000-8000-000000000000",
    technique: "T1059.004",
    name: "test",
    twin: false,
    target,
    platform: "linux",
    fidelity: "native",
    variant: {},
    work: "/tmp/unused",
    requires: [],
    act: { program: "true", options: [], via: "argument", code: "", files: [], timeoutMs: 1_000 },
    effects: [],
    controls: [],
    telemetryHost: target,
    proof: { exitCode: 0 },
    cleanup: "none",
    expectations: [],
  }));
  return { run, lab: "test", siem: "embedded", analytics: [], trials };
}
