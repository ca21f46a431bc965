import type { Job, Queue, Worker } from "bullmq";
import { messageOf } from "../errors.js";
import type { Plan, Trial } from "../model/trial.js";
import { type Lease, takeLease } from "./lease.js";
import type { QueueServer } from "./redis.js";

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
}

/** Verdicts computed at once: they mostly wait. */
const JUDGES = 64;

/** Milliseconds that closing may take when the Redis is gone; what then stays open ends with the process. */
const CLOSE_DEADLINE_MS = 5_000;

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
 * @throws Error of the first job that rejected (a defect, or a journal that cannot be written), after the others ended.
 */
export async function dispatchRun<Acted>(options: DispatchOptions, jobs: RunJobs<Acted>): Promise<void> {
  const { Queue: QueueClass, Worker: WorkerClass } = await import("bullmq");
  const { plan, server, signal } = options;
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
  const active = new Set<Promise<Acted>>();
  const settled = new Settlement(plan.trials.length);
  const slots = new Slots(options.concurrency);

  const judgeQueue = new QueueClass<TrialJob>(`${plan.run}.verdicts`, { connection, prefix });
  const queues: Queue<TrialJob>[] = [judgeQueue];
  const workers: Worker<TrialJob>[] = [];

  const act = async (job: Job<TrialJob>): Promise<void> => {
    const trial = required(byId, job.data.trial);
    let lease: Lease | null = null;
    const lost = new AbortController();
    const free = await slots.take();
    try {
      // Asked after the wait for a place: nothing new begins once the run is ending.
      if (signal.aborted || settled.failed) return settled.one();
      lease = await takeLease(server.client, options.leaseKey(trial.target), trial.id, {
        signal,
        onLost: () => lost.abort(new Error("the lease on the target was lost")),
        onWait: (other) => options.onLeaseWait?.(trial.id, other),
      });
      const acting = jobs.act(trial, AbortSignal.any([signal, lost.signal]));
      active.add(acting);
      acted.set(trial.id, await acting.finally(() => active.delete(acting)));
    } catch (error) {
      // Interrupted while it waited for its turn: nothing was started.
      if (lease === null && signal.aborted) return settled.one();
      throw error;
    } finally {
      free();
      await lease?.release();
    }
    await judgeQueue.add("judge", { trial: trial.id }, { ...jobOptions, jobId: `${trial.id}.verdict` });
  };
  const judge = async (job: Job<TrialJob>): Promise<void> => {
    await jobs.judge(required(acted, job.data.trial), signal);
    acted.delete(job.data.trial);
    settled.one();
  };
  const work = (name: string, concurrency: number, process: (job: Job<TrialJob>) => Promise<void>): void => {
    const worker = new WorkerClass<TrialJob>(name, process, { ...workerOptions, concurrency });
    worker.on("failed", (_job, error) => settled.fail(error));
    worker.on("error", (error) => settled.fail(error));
    workers.push(worker);
  };

  try {
    work(judgeQueue.name, JUDGES, judge);
    for (const target of new Set(plan.trials.map((trial) => trial.target))) {
      const queue = new QueueClass<TrialJob>(`${plan.run}.target.${target}`, { connection, prefix });
      queues.push(queue);
      const trials = plan.trials.filter((trial) => trial.target === target);
      await queue.addBulk(
        trials.map((trial) => ({
          name: "trial",
          data: { trial: trial.id },
          opts: { ...jobOptions, jobId: trial.id },
        })),
      );
      work(queue.name, 1, act);
    }
    for (const worker of workers) worker.run().catch((error: unknown) => settled.fail(error));
    await settled.done;
  } finally {
    // Acts have deadlines of their own and end with their cleanup: they are waited for also when the Redis is gone.
    await Promise.allSettled(active);
    const closed = Promise.allSettled(workers.map((worker) => worker.close()));
    await (settled.failed ? within(closed) : closed);
    // The run is over: its queues must not stay behind in a Redis that others share.
    await within(Promise.allSettled(queues.map((queue) => queue.obliterate({ force: true }))));
    await within(Promise.allSettled(queues.map((queue) => queue.close())));
  }
}

async function within(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_DEADLINE_MS);
  });
  await Promise.race([work, deadline]);
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

  /** Whether something rejected. */
  failed = false;

  constructor(private left: number) {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // A failure may come before anybody waits.
    this.done.catch(() => undefined);
    if (left === 0) this.resolve();
  }

  one(): void {
    this.left -= 1;
    if (this.left === 0) this.resolve();
  }

  fail(error: unknown): void {
    this.failed = true;
    this.reject(error instanceof Error ? error : new Error(messageOf(error)));
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
