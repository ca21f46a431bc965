import { setTimeout as sleep } from "node:timers/promises";
import type { HostEvent } from "../../model/event.js";
import type { TelemetrySource } from "../../model/inventory.js";
import type { Delivery } from "../../model/observation.js";
import { FileFollower } from "../../telemetry/follow.js";
import type { SensorParser, TimedRecord } from "../../telemetry/sensor.js";
import { mayCarry, parserOf } from "../../telemetry/sources.js";

/** Milliseconds between looks at half events: in passing, and while an answer waits for them. */
const FLUSH_MS = 50;
const HALF_MS = 5;
/** Milliseconds that an answer may wait for the logs to be read. */
export const CATCH_UP_MS = 5_000;

/** Where events come from, and what that says about what is absent. */
export interface Feed {
  /** Settles when everything that was there at the start has been read. Never rejects. */
  readonly backfilled: Promise<void>;
  readonly isBackfilled: boolean;
  /** Whether half events wait for their other parts. */
  readonly holdsHalves: boolean;
  /** Why nothing can be read or taken at present; null when it can. */
  readonly failure: string | null;
  mayCarry(host: string): boolean;
  /** Reads what there is to its end, and lets the half events that are in it by now become whole or be given up. */
  catchUpWhole(): Promise<void>;
  /** Records of a host, or of any, that came only in part or not at all. */
  lost(host: string): number;
  /** What was wrong with what came, in words. */
  problems(): string[];
  close(): Promise<void>;
}

/** Milliseconds: a shipper collects for some seconds and tries again after a failure; a rule fires as its event is read. */
const SHIPPED: Delivery = { type: "shipped", longestLagMs: 60_000, longestAlertLagMs: 5_000 };

/** A shipper's file is not the log of the sensor, and neither is what is received: what it lacks may be under way. */
export function deliveryOf(sources: readonly TelemetrySource[], isReceiving: boolean): Delivery {
  // Nor is what a cloud delivers the API's own log; Keystone's is.
  const isShipped = (source: TelemetrySource): boolean =>
    source.type === "windows-log" || (source.type === "api-log" && source.format !== "keystone");
  return isReceiving || sources.some(isShipped) ? SHIPPED : { type: "read" };
}

/** One file that is followed and parsed; owns its file and its parser. */
export class FileFeed implements Feed {
  readonly source: TelemetrySource;
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
   * @param onOther told of records that verdicts do not read, whose numbers are not missing
   */
  constructor(
    source: TelemetrySource,
    backfillBytes: number,
    onEvents: (events: readonly HostEvent[]) => void,
    onProblem: (problem: string) => void,
    onOther: (record: TimedRecord) => void,
  ) {
    this.source = source;
    this.#parser = parserOf(source, onOther);
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

  get holdsHalves(): boolean {
    return this.#parser.waitingSince !== null;
  }

  get isBackfilled(): boolean {
    return this.#isBackfilled;
  }

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

  /** Takes a few seconds at most. */
  async catchUpWhole(): Promise<void> {
    await this.catchUp();
    const read = Date.now();
    while (this.#waitsSince(read) && Date.now() - read < CATCH_UP_MS) {
      await sleep(HALF_MS);
      await this.catchUp();
    }
  }

  lost(host: string): number {
    return this.#parser.lost(host) + this.#lostParts;
  }

  problems(): string[] {
    const { events, incomplete, malformed, foreign } = this.#parser.counts();
    const said = [
      incomplete > 0 ? `${incomplete} program start(s) with missing records` : "",
      malformed > 0 ? `${malformed} line(s) that are no record` : "",
      // several labs may share a log; that none of it is ours is worth a word
      foreign > 0 && events === 0 ? `all ${foreign} record(s) are of no known host` : "",
    ].filter((text) => text !== "");
    return said.length === 0 ? [] : [`${this.source.file}: ${said.join(", ")}`];
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
