import { Worker } from "node:worker_threads";
import type { Logsource } from "../../telemetry/files/event-shape.js";
import type { Beginning } from "../../telemetry/files/event-reader.js";
import type { EventScan, ScanResult } from "./event-scan.js";
import type { CutPiece } from "./cut-pieces.js";
import type { RuleSources } from "./loaded-rules.js";

/** What a thread is started with. */
export interface ThreadData {
  readonly rules: RuleSources;
  readonly logsource: Logsource | null;
}

/** A piece of a file, to be scanned as if a file began there. Its memory is shared. */
export interface Task {
  readonly bytes: Uint8Array;
  readonly begin: Beginning;
  readonly last: boolean;
}

/** What a thread says: first that it is ready, then an answer for each task, in order. */
export type Answer =
  | { readonly type: "ready" }
  | { readonly type: "result"; readonly result: ScanResult }
  | { readonly type: "failure"; readonly message: string };

interface Job extends CutPiece {
  readonly done: (result: ScanResult) => void;
  readonly failed: (error: Error) => void;
}

/** Pieces that another thread is given: the next is there when it has done one. */
const DEPTH = 2;
/** Bytes that this thread scans before it looks after the others. */
const SLICE_BYTES = 128 * 1024;

/** Starts a thread from what was built, or from the sources: these run through tsx, which a thread must set up for itself. */
function startThread(workerData: ThreadData): Worker {
  if (!import.meta.url.endsWith(".ts")) {
    return new Worker(new URL("./thread.js", import.meta.url), { workerData });
  }
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const entry = JSON.stringify(new URL("./thread.ts", import.meta.url).href);
  const start = `import(${loader}).then(({ register }) => { register(); return import(${entry}); });`;
  return new Worker(start, { eval: true, workerData });
}

class OtherThread {
  readonly #worker: Worker;
  readonly #jobs: Job[] = [];
  #ready = false;

  /** @param changed called when it may have room. @param broken called when it can do no more */
  constructor(data: ThreadData, changed: () => void, broken: (error: Error) => void) {
    this.#worker = startThread(data);
    this.#worker.on("message", (answer: Answer) => {
      if (answer.type === "ready") this.#ready = true;
      else this.#answered(answer);
      changed();
    });
    this.#worker.on("error", (error) => {
      for (const { failed } of this.#jobs.splice(0)) failed(error);
      this.#ready = false;
      broken(error);
    });
  }

  /** Whether it has compiled its rules. */
  get isReady(): boolean {
    return this.#ready;
  }

  get hasRoom(): boolean {
    return this.#ready && this.#jobs.length < DEPTH;
  }

  scan(job: Job): void {
    this.#jobs.push(job);
    const { bytes, begin, last } = job;
    this.#worker.postMessage({ bytes, begin, last } satisfies Task);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #answered(answer: Answer): void {
    const job = this.#jobs.shift();
    if (answer.type === "failure") job?.failed(new Error(answer.message));
    else if (answer.type === "result") job?.done(answer.result);
  }
}

/** Threads that scan pieces of files: this one and others. Whichever is free takes the next. */
export class Threads {
  readonly #others: readonly OtherThread[];
  readonly #waiting: Job[] = [];
  #scanning = false;
  #failure: Error | null = null;

  /** @param count of all threads, this one among them */
  constructor(
    readonly count: number,
    /** A scan for this thread. */
    readonly newScan: (begin: Beginning) => EventScan,
    data: ThreadData,
  ) {
    const broken = (error: Error): void => {
      this.#failure = error;
      this.#assign();
    };
    this.#others = Array.from(
      { length: count - 1 },
      () => new OtherThread(data, () => this.#assign(), broken),
    );
  }

  /** Whether all have compiled their rules; until then those that have do the work. */
  get isComplete(): boolean {
    return this.#others.every(({ isReady }) => isReady);
  }

  /** Scans a piece as the beginning of a file, on the first thread that is free. */
  scan(piece: CutPiece): Promise<ScanResult> {
    return new Promise((done, failed) => {
      this.#waiting.push({ ...piece, done, failed });
      this.#assign();
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#others.map((thread) => thread.stop()));
  }

  #assign(): void {
    if (this.#failure !== null) {
      for (const { failed } of this.#waiting.splice(0)) failed(this.#failure);
    }
    for (const other of this.#others) {
      while (other.hasRoom) {
        const job = this.#waiting.shift();
        if (job === undefined) return;
        other.scan(job);
      }
    }
    // This thread comes last: it reads and prints besides.
    const job = this.#scanning ? undefined : this.#waiting.shift();
    if (job === undefined) return;
    this.#scanning = true;
    const scan = this.newScan(job.begin);
    setImmediate(() => this.#scanSlice(job, scan, 0));
  }

  #scanSlice(job: Job, scan: EventScan, from: number): void {
    const to = Math.min(from + SLICE_BYTES, job.bytes.length);
    const isLast = to === job.bytes.length;
    try {
      scan.push(job.bytes.subarray(from, to), job.last && isLast);
    } catch (thrown) {
      job.failed(thrown instanceof Error ? thrown : new Error(String(thrown)));
      this.#scanning = false;
      return;
    }
    if (!isLast) {
      setImmediate(() => this.#scanSlice(job, scan, to));
      return;
    }
    job.done(scan.take());
    this.#scanning = false;
    this.#assign();
  }
}
