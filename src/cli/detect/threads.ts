import { Worker } from "node:worker_threads";
import type { SigmaFile } from "../../detection/sigma/collection-file.js";
import type { Logsource } from "../../telemetry/files/event-shape.js";
import type { StreamingMatcher } from "../../detection/matcher.js";
import { EventScan, type ScanResult } from "./event-scan.js";
import type { PipelineText } from "./rule-pipelines.js";

/** What a thread is started with. */
export interface ThreadData {
  readonly files: readonly SigmaFile[];
  readonly pipelines: readonly PipelineText[];
  readonly logsource: Logsource | null;
}

/** A piece of a file. */
export interface Task {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** A new scan begins; otherwise the thread's last goes on. */
  readonly begins: boolean;
  /** It begins at the start of the file. */
  readonly atStart: boolean;
  readonly last: boolean;
}

export type Answer =
  | { readonly number: number; readonly result: ScanResult }
  | { readonly number: number; readonly failure: string };

interface Waiting {
  readonly done: (result: ScanResult) => void;
  readonly failed: (error: Error) => void;
}

/** Something that scans the pieces of files, in the order in which they are given. */
interface Scanner {
  scan(piece: Omit<Task, "number">): Promise<ScanResult>;
}

/** This thread, which scans a piece between other work. */
class ThisThread implements Scanner {
  #scan: EventScan | null = null;

  constructor(
    private readonly matcher: StreamingMatcher,
    private readonly logsource: Logsource | null,
  ) {}

  scan({ bytes, begins, atStart, last }: Omit<Task, "number">): Promise<ScanResult> {
    return new Promise((done, failed) => {
      setImmediate(() => {
        try {
          if (begins || this.#scan === null)
            this.#scan = new EventScan(this.matcher, this.logsource, atStart);
          done(this.#scan.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), last));
        } catch (thrown) {
          failed(thrown instanceof Error ? thrown : new Error(String(thrown)));
        }
      });
    });
  }
}

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

class OtherThread implements Scanner {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor(data: ThreadData) {
    this.#worker = startThread(data);
    this.#worker.on("message", (answer: Answer) => this.#answered(answer));
    this.#worker.on("error", (error) => {
      for (const { failed } of this.#waiting.values()) failed(error);
      this.#waiting.clear();
    });
  }

  scan(piece: Omit<Task, "number">): Promise<ScanResult> {
    const number = this.#next++;
    return new Promise((done, failed) => {
      this.#waiting.set(number, { done, failed });
      this.#worker.postMessage({ ...piece, number } satisfies Task);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if ("result" in answer) waiting?.done(answer.result);
    else waiting?.failed(new Error(answer.failure));
  }
}

/** Threads that scan pieces of files: this one and others. */
export class Threads {
  readonly #others: readonly OtherThread[];
  readonly #scanners: readonly Scanner[];
  /** By scanner: pieces that it has and has not finished. */
  readonly #load: number[];

  /** @param count of all threads, this one among them */
  constructor(count: number, matcher: StreamingMatcher, data: ThreadData) {
    this.#others = Array.from({ length: count - 1 }, () => new OtherThread(data));
    // This thread comes last: it reads and prints besides.
    this.#scanners = [...this.#others, new ThisThread(matcher, data.logsource)];
    this.#load = this.#scanners.map(() => 0);
  }

  get count(): number {
    return this.#scanners.length;
  }

  /** Scans a piece as the beginning of a file, on the thread that has least to do. */
  async scanAlone(
    bytes: Buffer,
    place: { readonly atStart: boolean; readonly last: boolean },
  ): Promise<ScanResult> {
    const least = this.#load.indexOf(Math.min(...this.#load));
    (this.#load[least] as number)++;
    try {
      return await (this.#scanners[least] as Scanner).scan({ bytes, begins: true, ...place });
    } finally {
      (this.#load[least] as number)--;
    }
  }

  /** Scans a piece on this thread, which goes on with its last scan unless a new one begins. */
  scanHere(piece: Omit<Task, "number">): Promise<ScanResult> {
    return (this.#scanners.at(-1) as Scanner).scan(piece);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#others.map((thread) => thread.stop()));
  }
}
