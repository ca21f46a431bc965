import type { Job, Queue, Worker } from "bullmq";
import { setTimeout as sleep } from "node:timers/promises";
import { TyrianError, messageOf } from "../errors.js";
import type { Plan, Trial } from "../model/trial.js";
import { type Lease, LEASE_TIMES, type LeaseTimes, takeLease } from "./lease.js";
import type { QueueServer } from "./redis.js";
import { queueLost, WATCH_PACE, type WatchPace, watchRedis } from "./watch.js";

/** What the queue's workers do. `Acted` is what the act hands to the verdict. */
export interface RunJobs<Acted> {
  /** Holds the target's lease. Must not reject for what happened on the target. */
  act(trial: Trial, signal: AbortSignal): Promise<Acted>;
  /** Holds nothing. */
  judge(acted: Acted, signal: AbortSignal): Promise<void>;
}

export interface DispatchOptions {
  readonly server: QueueServer;
  readonly plan: Plan;
  /** Identity of a target in its lab, for its lease. */
  leaseKey(target: string): string;
  /** Targets acted on at once. */
  readonly concurrency: number;
  /** Ends what runs, drops what waits; resolves after the cleanups. */
  readonly signal: AbortSignal;
  onLeaseWait?(trial: string, other: string): void;
  readonly pace?: DispatchPace;
}

/** How soon a run notices that its Redis, or the lease on a target, is lost: before another could act on the target. */
export interface DispatchPace {
  readonly watch: WatchPace;
  readonly lease: LeaseTimes;
}

const DISPATCH_PACE: DispatchPace = { watch: WATCH_PACE, lease: LEASE_TIMES };

/** Verdicts computed at once: they mostly wait. */
const JUDGES = 64;

/** Milliseconds that closing may take when the Redis is gone; what then stays open ends with the process. */
const CLOSE_DEADLINE_MS = 10_000;

/** Seconds that finished jobs are kept, so that adding a trial again is refused as long as anyone could. */
const KEEP_SECONDS = 3_600;

interface TrialJob {
  readonly trial: string;
}

/**
 * Runs every trial of a plan through BullMQ: one job a trial, one queue a target, so that a target's trials run in order
 * and one at a time, and one queue for verdicts. At most once: the job's id is the trial's, nothing is retried, and a
 * stalled job fails. Resolves when every trial that began is cleaned and judged.
 *
 * After a failure nothing new begins, and what has begun is waited for.
 * @throws Error of the first job that rejected (a defect, or a journal that cannot be written); TyrianError `queue-lost`
 * when the Redis went away: the acts are then ended, for nothing keeps others from their targets any more.
 */
export async function dispatchRun<Acted>(options: DispatchOptions, jobs: RunJobs<Acted>): Promise<void> {
  const { Queue: QueueClass, Worker: WorkerClass } = await import("bullmq");
  const { plan, server, signal, pace = DISPATCH_PACE } = options;
  const connection = server.options;
  const prefix = "tyrian";
  const jobOptions = {
    attempts: 1,
    removeOnComplete: { age: KEEP_SECONDS },
    removeOnFail: { age: KEEP_SECONDS },
  };
  const workerOptions = { connection, prefix, maxStalledCount: 0, autorun: false };

  const byId = new Map(plan.trials.map((trial) => [trial.id, trial]));
  const acted = new Map<string, Acted>();
  const active = new Set<Promise<unknown>>();
  const settled = new Settlement(plan.trials.length);
  const lost = new AbortController();
  const lose = (error: unknown): void => {
    if (settled.over) return;
    const told = error instanceof TyrianError ? error : queueLost(messageOf(error), error);
    settled.fail(told);
    lost.abort(told);
  };
  const begun = async <T>(work: Promise<T>): Promise<T> => {
    active.add(work);
    return await work.finally(() => active.delete(work));
  };
  const slots = new Slots(options.concurrency);

  const queues: Queue<TrialJob>[] = [];
  const workers: Worker<TrialJob>[] = [];
  const queueOf = (name: string): Queue<TrialJob> => {
    const queue = new QueueClass<TrialJob>(name, { connection, prefix });
    queue.on("error", lose);
    queues.push(queue);
    return queue;
  };
  const judgeQueue = queueOf(`${plan.run}.verdicts`);
  const watch = watchRedis(server.client, judgeQueue.toKey("meta"), lose, pace.watch);

  const act = async (job: Job<TrialJob>, turns: Slots): Promise<void> => {
    const trial = required(byId, job.data.trial);
    let lease: Lease | null = null;
    const taken = new AbortController();
    const endTurn = await turns.take();
    // An interrupt ends the pause; what follows sees it.
    await sleep(trial.pauseMs ?? 0, null, { signal: AbortSignal.any([signal, settled.failure]) }).catch(
      () => null,
    );
    const free = await slots.take();
    try {
      // Asked after the wait for a place: nothing new begins once the run is ending.
      if (signal.aborted || settled.failure.aborted) return settled.one();
      lease = await takeLease(server.client, options.leaseKey(trial.target), trial.id, {
        signal: AbortSignal.any([signal, settled.failure]),
        onLost: () => taken.abort(new Error("the lease on the target was lost")),
        onWait: (other) => options.onLeaseWait?.(trial.id, other),
        times: pace.lease,
      });
      if (settled.failure.aborted) return settled.one();
      const ends = AbortSignal.any([signal, taken.signal, lost.signal]);
      acted.set(trial.id, await begun(jobs.act(trial, ends)));
    } catch (error) {
      // Ended while it waited for its turn: nothing was started.
      if (lease === null && (signal.aborted || settled.failure.aborted)) return settled.one();
      if (lease === null) lose(error);
      throw error;
    } finally {
      free();
      await lease?.release();
      endTurn();
    }
    if (settled.failure.aborted) return;
    const jobId = `${trial.id}.verdict`;
    await judgeQueue.add("judge", { trial: trial.id }, { ...jobOptions, jobId }).catch(lose);
  };
  const judge = async (job: Job<TrialJob>): Promise<void> => {
    if (settled.failure.aborted) return;
    await begun(jobs.judge(required(acted, job.data.trial), signal));
    acted.delete(job.data.trial);
    settled.one();
  };
  const work = (name: string, concurrency: number, process: (job: Job<TrialJob>) => Promise<void>): void => {
    const processed = async (job: Job<TrialJob>): Promise<void> => {
      try {
        await process(job);
      } catch (error) {
        settled.fail(error);
        throw error;
      }
    };
    const worker = new WorkerClass<TrialJob>(name, processed, { ...workerOptions, concurrency });
    // A failure that is not our own.
    worker.on("failed", (_job, error) => lose(stalled(error))).on("error", lose);
    workers.push(worker);
  };

  try {
    work(judgeQueue.name, JUDGES, judge);
    for (const target of new Set(plan.trials.map((trial) => trial.target))) {
      const queue = queueOf(`${plan.run}.target.${target}`);
      const trials = plan.trials.filter((trial) => trial.target === target);
      const added = queue.addBulk(
        trials.map((trial) => ({
          name: "trial",
          data: { trial: trial.id },
          opts: { ...jobOptions, jobId: trial.id },
        })),
      );
      await Promise.race([added.catch(lose), settled.done]);
      // A second job is fetched ahead and waits for its turn, so that the target never waits for the queue.
      const turns = new Slots(1);
      work(queue.name, 2, (job) => act(job, turns));
    }
    for (const worker of workers) worker.run().catch(lose);
    await settled.done;
  } finally {
    // They have deadlines of their own, and acts end with their cleanup: waited for also when the Redis is gone.
    while (active.size > 0) await Promise.allSettled(active);
    watch.close();
    if (lost.signal.aborted) {
      await within([
        ...workers.map((worker) => worker.close(true)),
        ...queues.map((queue) => queue.getBackend().close(true)),
      ]);
    } else {
      await within(workers.map((worker) => worker.close()));
      // The run is over: its queues must not stay behind in a Redis that others share.
      await within(queues.map((queue) => queue.obliterate({ force: true })));
      await within(queues.map((queue) => queue.close()));
    }
  }
}

function stalled(error: Error): TyrianError {
  const message = `this process was stopped for too long, and the queue gave up what it did: ${error.message}`;
  return new TyrianError("queue-lost", message, { cause: error });
}

/** Waits until all have settled, or for `CLOSE_DEADLINE_MS`. */
async function within(work: readonly Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_DEADLINE_MS);
  });
  await Promise.race([Promise.allSettled(work), deadline]);
  clearTimeout(timer);
}

function required<T>(map: ReadonlyMap<string, T>, key: string): T {
  const value = map.get(key);
  if (value === undefined) throw new Error(`a job names ${key}, which is not of this run`);
  return value;
}

/** Resolves when all trials have settled; rejects with the first failure. */
class Settlement {
  readonly done: Promise<void>;
  private resolve: () => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;
  private readonly failing = new AbortController();

  /** Aborted by the first failure. */
  readonly failure = this.failing.signal;

  constructor(private left: number) {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // A failure may come before anybody waits.
    this.done.catch(() => undefined);
    if (left === 0) this.resolve();
  }

  /** Whether nothing more can change the outcome. */
  get over(): boolean {
    return this.left === 0 || this.failure.aborted;
  }

  one(): void {
    this.left -= 1;
    if (this.left === 0) this.resolve();
  }

  fail(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(messageOf(error));
    this.reject(failure);
    this.failing.abort(failure);
  }
}

/** A bounded number of places, first come first served. */
class Slots {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** Waits for a place; the answer gives it back. */
  async take(): Promise<() => void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const next = this.waiting.shift();
      if (next === undefined) this.free += 1;
      else next();
    };
  }
}
