import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../errors.js";
import type { HostEvent } from "../../model/event.js";
import { type ReceivedEvent, RecordReader } from "../../telemetry/received/record-reader.js";
import type { TimedRecord } from "../../telemetry/sensor.js";
import { lineOf, recordOfLine } from "../../telemetry/received/stored-record.js";
import type { ChannelCounts } from "../../telemetry/received/channel-book.js";
import type { ReceivedRecord, RecordSink } from "../../telemetry/receivers/receiver.js";
import type { Place, Spool } from "../../telemetry/receivers/spool.js";
import type { ProcessSensor } from "../../telemetry/windows/host-event.js";
import type { Feed } from "./feed.js";

/** Milliseconds between looks at half events, and how long one may wait beyond what a parser gives it: records travel. */
const FLUSH_MS = 200;
const TRAVEL_MS = 8_000;
/** Milliseconds after a start in which no half event is given up: its other parts are with a shipper that connects again. */
const RESUME_MS = 60_000;
/** Milliseconds that an answer may wait for half events. */
const HALVES_MS = 5_000;
/** Characters that may wait to be written before nothing more should be taken. */
const MOST_WAITING = 64 * 1024 * 1024;

/** Who is told what records gave, in the order in which they were stored. */
export interface ReceivedHandlers {
  events(events: readonly HostEvent[]): void;
  others(events: readonly ReceivedEvent[]): void;
  /** An audit record that tells of no program start. */
  otherRecord(record: TimedRecord): void;
  problem(text: string): void;
  /** Resolves when there is room for more. */
  room(): Promise<void>;
  /** Records from before this moment are no longer kept (milliseconds since 1970). */
  forgotten(until: number): void;
}

/**
 * What receivers bring. A record is written to the spool, and what is in the spool is read: after a restart all of it is read
 * again, at the times at which it had come, so that the same events and alerts are there as before.
 */
export class ReceivedFeed implements Feed {
  readonly numbersLosses = false;
  readonly backfilled: Promise<void>;
  readonly sink: RecordSink;
  readonly #spool: Spool;
  readonly #release: () => Promise<void>;
  readonly #reader: RecordReader;
  readonly #openedAt = Date.now();
  readonly #started: (handlers: ReceivedHandlers) => void;
  #handlers: ReceivedHandlers | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isBackfilled = false;
  #lost = 0;
  #damagedLines = 0;
  #records = 0;
  #forgottenUntil: number | null = null;
  #storing = new Set<Promise<void>>();

  /**
   * @param spillFolder for the events that are made of the records, as far as they do not fit in memory
   * @param windowsSensor which of Windows' sensors tells of created processes
   * @param release called at the end, when nobody writes to the spool any more
   */
  constructor(
    spool: Spool,
    readonly spillFolder: string,
    windowsSensor: ProcessSensor,
    release: () => Promise<void>,
  ) {
    this.#spool = spool;
    this.#reader = new RecordReader(windowsSensor, (record) => this.#handlers?.otherRecord(record));
    this.#release = release;
    let start: (handlers: ReceivedHandlers) => void = () => undefined;
    const started = new Promise<ReceivedHandlers>((resolve) => (start = resolve));
    this.#started = start;
    this.backfilled = started.then((handlers) => this.#replay(handlers));
    this.sink = {
      store: (records) => this.#tracked(this.#store(records)),
      isBusy: () => this.isBusy,
      lost: (count, why) => {
        this.#lost += count;
        if (count > 0) this.#handlers?.problem(`records were lost: ${why}`);
      },
    };
  }

  /** Reads what the spool holds, then takes more. Call it once. */
  start(handlers: ReceivedHandlers): void {
    this.#handlers = handlers;
    this.#forget();
    this.#started(handlers);
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS);
  }

  get isBackfilled(): boolean {
    return this.#isBackfilled;
  }

  get holdsHalves(): boolean {
    return this.#reader.pending > 0;
  }

  get failure(): string | null {
    return this.#spool.failure === null ? null : `records cannot be stored: ${this.#spool.failure}`;
  }

  /** Whether more should be taken later: so much waits for the disk, or what was stored before is not yet read. */
  get isBusy(): boolean {
    return !this.#isBackfilled || this.#spool.waiting > MOST_WAITING;
  }

  /** Records from before this moment may be gone (milliseconds since 1970); null while all are there. */
  get forgottenUntil(): number | null {
    return this.#forgottenUntil;
  }

  /** What came so far, for people. */
  status(): {
    records: number;
    lost: number;
    bytes: number;
    channels: Readonly<Record<string, ChannelCounts>>;
  } {
    const { bytes } = this.#spool;
    return { records: this.#records, lost: this.#lost, bytes, channels: this.#reader.channels() };
  }

  /** Any host may send. */
  mayCarry(): boolean {
    return true;
  }

  async catchUpWhole(): Promise<void> {
    await Promise.allSettled(this.#storing);
    const until = Date.now() + HALVES_MS;
    while (this.holdsHalves && Date.now() < until) {
      await sleep(FLUSH_MS);
      this.#flush();
    }
  }

  lost(host: string): number {
    return this.#reader.lost(host) + this.#lost + this.#damagedLines;
  }

  problems(): string[] {
    const damaged = Object.values(this.#reader.channels()).reduce((sum, channel) => sum + channel.damaged, 0);
    return [
      ...(damaged > 0 ? [`${damaged} record(s) came damaged`] : []),
      ...(this.#damagedLines > 0 ? [`${this.#damagedLines} line(s) of the spool cannot be read`] : []),
    ];
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await Promise.allSettled(this.#storing);
    if (this.#handlers !== null) await this.backfilled;
    await this.#spool.close();
    await this.#release();
  }

  async #store(records: readonly ReceivedRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.backfilled;
    const receivedAt = Date.now();
    const first = await this.#spool.append(records.map((record) => lineOf(record, receivedAt)));
    this.#forget();
    this.#read(records, receivedAt, first);
    await this.#handlers?.room();
  }

  async #tracked(work: Promise<void>): Promise<void> {
    this.#storing.add(work);
    try {
      await work;
    } finally {
      this.#storing.delete(work);
    }
  }

  #read(records: readonly ReceivedRecord[], receivedAt: number, first: Place): void {
    const { segment, line } = first;
    for (const [index, record] of records.entries()) {
      // Named one by one: this runs for every record, and a spread takes several times as long.
      const { host, channel, time, content, about, name } = record;
      const place = { segment, line: line + index };
      this.#give({ host, channel, time, content, about, name, receivedAt, place });
    }
  }

  #give(record: Parameters<RecordReader["push"]>[0]): void {
    this.#records += 1;
    const { events, others } = this.#reader.push(record);
    if (events.length > 0) this.#handlers?.events(events);
    if (others.length > 0) this.#handlers?.others(others);
  }

  async #replay(handlers: ReceivedHandlers): Promise<void> {
    try {
      for await (const { first, lines } of this.#spool.replay()) {
        for (const [index, line] of lines.entries()) {
          const record = recordOfLine(line, { segment: first.segment, line: first.line + index });
          if (record === null) this.#damagedLines += 1;
          else this.#give(record);
        }
        await handlers.room();
      }
    } catch (thrown) {
      this.#damagedLines += 1;
      handlers.problem(`the spool could not be read: ${messageOf(thrown)}`);
    }
    this.#isBackfilled = true;
  }

  #flush(): void {
    if (!this.#isBackfilled || !this.holdsHalves || Date.now() < this.#openedAt + RESUME_MS) return;
    const events = this.#reader.flush(Date.now() - TRAVEL_MS);
    if (events.length > 0) this.#handlers?.events(events);
  }

  #forget(): void {
    const until = this.#spool.droppedUntil;
    if (until === this.#forgottenUntil || until === null) return;
    this.#forgottenUntil = until;
    this.#handlers?.forgotten(until);
  }
}
