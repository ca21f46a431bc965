import type { HostEvent } from "../../model/event.js";
import { AuditdParser } from "../auditd.js";
import type { ReadEvent } from "../files/event-shape.js";
import { LaurelParser } from "../laurel.js";
import type { OtherRecord } from "../../model/observation.js";
import type { OnOtherRecord, SensorParser, TimedRecord } from "../sensor.js";
import { textOf } from "../windows/json.js";
import type { ProcessSensor } from "../windows/host-event.js";
import { WindowsHostEvents } from "../windows/host-events.js";
import { windowsTime } from "../windows/time.js";
import { windowsEvent } from "../windows/windows-event.js";
import type { WindowsFields } from "../windows/windows-fields.js";
import { ChannelBook, type ChannelCounts } from "./channel-book.js";
import { shapeOf } from "./record-shape.js";
import { SeenRecords } from "./seen-records.js";
import type { StoredRecord } from "./stored-record.js";

/** An event that is no program start: rules run over it, and its record is kept in the spool. */
export interface ReceivedEvent {
  /** Unique, and the same whenever the record is read again. */
  readonly id: string;
  readonly host: string;
  /** Its own time, milliseconds since 1970; that of its arrival where it names none. */
  readonly time: number;
  readonly ingestedAt: number;
  readonly read: ReadEvent;
}

/** What records gave. */
export interface ReadRecords {
  readonly events: HostEvent[];
  readonly others: ReceivedEvent[];
}

interface HostParsers {
  readonly auditd: AuditdParser;
  readonly laurel: LaurelParser;
}

/** Hosts that are told apart: a sender may name any. */
const MOST_HOSTS = 10_000;

/**
 * Makes events of records in the order in which they were stored: lines of auditd and laurel by the parser of their host,
 * those of Windows that verdicts read, and others by their shape. A record that came before is left out where something makes it one: the serial in an
 * audit line, the number of a record of Windows, CloudTrail's event id, the name that its sender gave it. Without such a mark two equal
 * records may be two events, and both count. What is of no known form is counted, and stays in the spool.
 */
export class RecordReader {
  readonly #hosts = new Map<string, HostParsers>();
  readonly #seen = new SeenRecords();
  readonly #channels = new ChannelBook();
  readonly #windows: WindowsHostEvents;
  /** Lines of each parser that are none, as last counted. */
  readonly #malformed = new Map<SensorParser, number>();
  #unread = 0;

  /**
   * @param windowsSensor which of Windows' sensors tells of created processes: two would tell of each twice, in two orders
   * @param onOther told of records of a sensor that arrived whole and that verdicts do not read
   */
  constructor(
    windowsSensor: ProcessSensor = "sysmon",
    private readonly onOther: (record: TimedRecord) => void = () => undefined,
  ) {
    this.#windows = new WindowsHostEvents(windowsSensor, onOther);
  }

  push(record: StoredRecord): ReadRecords {
    const count = (kind: keyof ChannelCounts): ReadRecords => {
      this.#channels.count(record.channel, kind);
      return { events: [], others: [] };
    };
    if (record.name !== undefined && !this.#seen.isNew("", record.name)) return count("repeated");
    const shape = shapeOf(record);
    switch (shape.type) {
      case "unknown":
      case "damaged":
        return count(shape.type);
      case "event": {
        const event = eventOf(record, shape.read);
        if (event.identity !== null && !this.#seen.isNew(event.host, event.identity))
          return count("repeated");
        count("known");
        return this.#ofWindows(event, record.receivedAt) ?? { events: [], others: [event] };
      }
      case "auditd":
      case "laurel": {
        if (!this.#seen.isNew(record.host, shape.identity)) return count("repeated");
        const parser = this.#parserOf(record.host, shape.type);
        if (parser === null) {
          this.#unread += 1;
          return count("unknown");
        }
        const events = parser.push(shape.line, 0, record.receivedAt);
        count(events.length === 0 && this.#isNewlyMalformed(parser) ? "damaged" : "known");
        return { events, others: [] };
      }
    }
  }

  /** Gives up half events that were begun before a moment; see `SensorParser.flush`. */
  flush(now: number): HostEvent[] {
    const ofParsers = this.#parsers().flatMap((parser) => (parser.pending > 0 ? parser.flush(now) : []));
    return [...ofParsers, ...this.#windows.flush(now)];
  }

  get pending(): number {
    return this.#parsers().reduce((sum, { pending }) => sum + pending, this.#windows.pending);
  }

  /** Program starts of a host of which not all records came, and lines that could not be read for the number of hosts. */
  lost(host: string): number {
    const parsers = this.#hosts.get(host);
    const ofParsers = parsers === undefined ? 0 : parsers.auditd.lost(host) + parsers.laurel.lost(host);
    return ofParsers + this.#windows.incomplete(host) + this.#unread;
  }

  /** By channel: how many records it brought, and what became of them. */
  channels(): Readonly<Record<string, ChannelCounts>> {
    return this.#channels.list();
  }

  /** An event of Windows as verdicts read it; null for any other. */
  #ofWindows({ read }: ReceivedEvent, receivedAt: number): ReadRecords | null {
    if (read.logsources[0]?.product !== "windows") return null;
    const events = this.#windows.push(windowsEvent(read as WindowsFields), receivedAt);
    return events === null ? null : { events, others: [] };
  }

  /** Whether the line that a parser was last given is none. */
  #isNewlyMalformed(parser: SensorParser): boolean {
    const { malformed } = parser.counts();
    const isNew = malformed > (this.#malformed.get(parser) ?? 0);
    if (isNew) this.#malformed.set(parser, malformed);
    return isNew;
  }

  #parserOf(host: string, type: "auditd" | "laurel"): SensorParser | null {
    let parsers = this.#hosts.get(host);
    if (parsers === undefined) {
      if (this.#hosts.size >= MOST_HOSTS) return null;
      const told =
        (sensor: OtherRecord["sensor"]): OnOtherRecord =>
        (sequence, time) =>
          this.onOther({ host, sensor, sequence, time });
      parsers = {
        auditd: new AuditdParser({}, host, told("auditd")),
        laurel: new LaurelParser({ host, onOther: told("laurel") }),
      };
      this.#hosts.set(host, parsers);
    }
    return parsers[type];
  }

  #parsers(): SensorParser[] {
    return [...this.#hosts.values()].map(({ auditd }) => auditd);
  }
}

function eventOf(record: StoredRecord, read: ReadEvent): ReceivedEvent & { identity: string | null } {
  const { fields } = read;
  const text = (name: string): string | null => textOf(fields[name]);
  const host = text("Computer") ?? record.host;
  const time = windowsTime(fields) ?? record.time ?? record.receivedAt;
  const [channel, number] = [text("Channel"), text("EventRecordID")];
  const windows = channel === null || number === null ? null : `${channel}/${time}:${number}`;
  const cloudTrail = read.logsources.some(({ product }) => product === "aws") ? text("eventID") : null;
  const identity = windows ?? cloudTrail;
  const place = `record/${record.place.segment}:${record.place.line}`;
  return { id: `${host}/${identity ?? place}`, host, time, ingestedAt: record.receivedAt, read, identity };
}
