import { setTimeout as sleep } from "node:timers/promises";
import type { HostEvent } from "../../model/event.js";
import type { TelemetrySource } from "../../model/inventory.js";
import { FileFollower } from "../../telemetry/follow.js";
import type { SensorCounts, SensorParser } from "../../telemetry/sensor.js";
import { mayCarry, parserOf } from "../../telemetry/sources.js";

/** Milliseconds between looks at half events: in passing, and while an answer waits for them. */
const FLUSH_MS = 50;
const HALF_MS = 5;
/** Milliseconds that an answer may wait for the logs to be read. */
export const CATCH_UP_MS = 5_000;

/** One source that is followed and parsed; owns its file and its parser. */
export class Feed {
  readonly source: TelemetrySource;
  /** Settles when everything that the file held at the start has been read. Never rejects. */
  readonly backfilled: Promise<void>;
  readonly #parser: SensorParser;
  readonly #follower: FileFollower;
  readonly #onEvents: (events: readonly HostEvent[]) => void;
  #timer: NodeJS.Timeout | null = null;
  #isBackfilled = false;
  #lostParts = 0;

  /**
   * @param backfillBytes how much of an existing log is read; a strace log is read whole, because every lineage begins at its start
   * @param onProblem told of each part of the log that is lost and each failure to read
   */
  constructor(
    source: TelemetrySource,
    backfillBytes: number,
    onEvents: (events: readonly HostEvent[]) => void,
    onProblem: (problem: string) => void,
  ) {
    this.source = source;
    this.#parser = parserOf(source);
    this.#onEvents = onEvents;
    this.#follower = new FileFollower(
      source.file,
      { from: source.type === "strace-log" ? "start" : { lastBytes: backfillBytes } },
      {
        lines: (lines) => {
          const now = Date.now();
          for (const { text, position } of lines) this.#give(this.#parser.push(text, position, now));
          this.#watchHalves();
        },
        restarted: () => this.#parser.reset(),
        lost: (what) => {
          this.#lostParts += 1;
          onProblem(what);
        },
        failure: (reason) => {
          // nothing is lost of a log that is not there yet; while it is not, \`failure\` says so
          if (reason !== null && this.#parser.counts().lines > 0) onProblem(`${source.file}: ${reason}`);
        },
      },
    );
    this.backfilled = this.#follower.catchUp().then(() => {
      this.#isBackfilled = true;
    });
  }

  /** Whether half events wait for their other parts. */
  get holdsHalves(): boolean {
    return this.#parser.waitingSince !== null;
  }

  get isBackfilled(): boolean {
    return this.#isBackfilled;
  }

  /** Why the log cannot be read at present; null when it can. */
  get failure(): string | null {
    return this.#follower.failure === null ? null : `${this.source.file}: ${this.#follower.failure}`;
  }

  mayCarry(host: string): boolean {
    return mayCarry(this.source, host);
  }

  /** Reads and parses what is in the log now. Never rejects. */
  async catchUp(): Promise<void> {
    await this.#follower.catchUp();
    this.#give(this.#parser.flush(Date.now()));
  }

  /** Reads the log to its end, and lets the half events that are in it by now become whole or be given up (a few seconds at most). */
  async catchUpWhole(): Promise<void> {
    await this.catchUp();
    const read = Date.now();
    while (this.#waitsSince(read) && Date.now() - read < CATCH_UP_MS) {
      await sleep(HALF_MS);
      await this.catchUp();
    }
  }

  /** Records of a host, or of any, that the log holds only in part or not at all. */
  lost(host: string): number {
    return this.#parser.lost(host) + this.#lostParts;
  }

  counts(): SensorCounts {
    return this.#parser.counts();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#follower.close();
  }

  #give(events: readonly HostEvent[]): void {
    if (events.length > 0) this.#onEvents(events);
  }

  /** Whether half events wait for their other parts that had begun to arrive by a moment (milliseconds since 1970). */
  #waitsSince(moment: number): boolean {
    return this.#parser.waitingSince !== null && this.#parser.waitingSince <= moment;
  }

  #watchHalves(): void {
    if (this.#parser.pending === 0 || this.#timer !== null) return;
    this.#timer = setInterval(() => {
      void this.catchUp().then(() => {
        if (this.#parser.pending > 0 || this.#timer === null) return;
        clearInterval(this.#timer);
        this.#timer = null;
      });
    }, FLUSH_MS);
  }
}
