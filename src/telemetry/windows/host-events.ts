import type { HostEvent } from "../../model/event.js";
import type { TimedRecord } from "../sensor.js";
import { serviceOf } from "./channels.js";
import { activityOf, createdProcess, kindOf, type ProcessSensor } from "./host-event.js";
import { type ScriptBlock, ScriptBlocks } from "./script-blocks.js";
import type { WindowsEvent } from "./windows-event.js";

/** Milliseconds that a part of a script block waits for the others: a shipper may cut between them. */
const PARTS_MS = 3_000;

/**
 * Makes of the events of Windows those that verdicts read: created processes, and what processes did. A script block in several parts is
 * one event, of its first part's number and time; of a block that never becomes whole each part is an event by itself.
 */
export class WindowsHostEvents {
  readonly #sensor: ProcessSensor;
  readonly #onOther: (record: TimedRecord) => void;
  readonly #blocks = new ScriptBlocks<WindowsEvent>();
  readonly #incomplete = new Map<string, number>();

  /**
   * @param sensor which of Windows' sensors tells of created processes: two would tell of each twice, in two orders
   * @param onOther told of that sensor's other records, whose numbers are then not missing
   */
  constructor(sensor: ProcessSensor, onOther: (record: TimedRecord) => void = () => undefined) {
    this.#sensor = sensor;
    this.#onOther = onOther;
  }

  /** Script blocks that wait for parts. */
  get pending(): number {
    return this.#blocks.pending;
  }

  /** When the oldest of them was begun, by the times given to `push`; null when none waits. */
  get waitingSince(): number | null {
    return this.#blocks.waitingSince;
  }

  /** Events of verdicts without a record number or a time, which are left out. */
  incomplete(host: string): number {
    return this.#incomplete.get(host) ?? 0;
  }

  /**
   * @param now milliseconds since 1970, our clock; becomes `ingestedAt`
   * @returns the events that are now certain; null for what verdicts do not read, also where that is for want of its number or time
   */
  push(event: WindowsEvent, now: number): HostEvent[] | null {
    const kind = kindOf(event, this.#sensor);
    if (kind === null) {
      this.#tellOther(event);
      return null;
    }
    if (event.sequence === null || event.time === null) return this.#leaveOut(event.host);
    if (kind === "exec") return eventsOf(createdProcess(event, this.#sensor, now));
    const blocks = this.#blocks.push(event, now);
    if (blocks === null) return eventsOf(activityOf(event, now));
    return blocks.flatMap((block) => eventsOfBlock(block, now));
  }

  /** Gives up script blocks that have waited too long for parts. */
  flush(now: number): HostEvent[] {
    return this.#blocks.flush(now - PARTS_MS).flatMap((block) => eventsOfBlock(block, now));
  }

  #leaveOut(host: string): null {
    this.#incomplete.set(host, this.incomplete(host) + 1);
    return null;
  }

  #tellOther({ host, channel, sequence, time }: WindowsEvent): void {
    if (sequence === null || time === null || serviceOf(channel) !== this.#sensor) return;
    this.#onOther({ host, sensor: this.#sensor, sequence, time });
  }
}

function eventsOf(event: HostEvent | null): HostEvent[] {
  return event === null ? [] : [event];
}

function eventsOfBlock({ text, parts }: ScriptBlock<WindowsEvent>, now: number): HostEvent[] {
  const [first] = parts;
  if (text === null || first === undefined)
    return parts.flatMap(({ event }) => eventsOf(activityOf(event, now)));
  const { event } = first;
  return eventsOf(activityOf({ ...event, fields: { ...event.fields, ScriptBlockText: text } }, now));
}
