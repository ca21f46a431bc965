import type { HostEvent } from "../../model/event.js";
import type { SensorCounts, SensorParser, TimedRecord } from "../sensor.js";
import { EventDefect } from "./event-defect.js";
import type { ProcessSensor } from "./host-event.js";
import { WindowsHostEvents } from "./host-events.js";
import { asObject } from "./json.js";
import { windowsEvent } from "./windows-event.js";
import { readWindows } from "./windows-fields.js";

/**
 * Parses a file to which a shipper writes events of Windows as JSON, one document a line, in any of the forms that `readWindows` knows. Of
 * one sensor only: two would tell of each process twice, in two orders. Hosts have the names that the events have for them
 * (`Computer`).
 */
export class WindowsLogParser implements SensorParser {
  readonly #events: WindowsHostEvents;
  readonly #counts = { lines: 0, events: 0, malformed: 0, ignored: 0, foreign: 0, incomplete: 0 };

  /** @param onOther told of records of the sensor that verdicts do not read */
  constructor(sensor: ProcessSensor, onOther?: (record: TimedRecord) => void) {
    this.#events = new WindowsHostEvents(sensor, onOther);
  }

  get pending(): number {
    return this.#events.pending;
  }

  get waitingSince(): number | null {
    return this.#events.waitingSince;
  }

  push(line: string, _position: number, now: number): HostEvent[] {
    this.#counts.lines += 1;
    if (line.trim() === "") return [];
    try {
      const document = asObject(JSON.parse(line.replace(/^\uFEFF/, "")));
      const fields = document === null ? null : readWindows(document);
      if (fields === null) return this.#malformed();
      const event = windowsEvent(fields);
      const before = this.#events.incomplete(event.host);
      const told = this.#events.push(event, now);
      if (told !== null) return this.#told(told);
      this.#counts[this.#events.incomplete(event.host) > before ? "incomplete" : "ignored"] += 1;
      return [];
    } catch (thrown) {
      if (thrown instanceof SyntaxError || thrown instanceof EventDefect) return this.#malformed();
      throw thrown;
    }
  }

  flush(now: number): HostEvent[] {
    return this.#told(this.#events.flush(now));
  }

  reset(): void {
    return;
  }

  counts(): SensorCounts {
    return { ...this.#counts };
  }

  /** What cannot be read may have been an event of any host. */
  lost(host: string): number {
    return this.#events.incomplete(host) + this.#counts.malformed;
  }

  #told(events: HostEvent[]): HostEvent[] {
    this.#counts.events += events.length;
    return events;
  }

  #malformed(): HostEvent[] {
    this.#counts.malformed += 1;
    return [];
  }
}
