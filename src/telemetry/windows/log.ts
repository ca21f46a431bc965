import type { HostEvent } from "../../model/event.js";
import type { SensorCounts, SensorParser } from "../sensor.js";
import { EventDefect } from "./event-defect.js";
import { hostEventOf, isProcessCreation, type ProcessSensor } from "./host-event.js";
import { asObject } from "./json.js";
import { windowsEvent } from "./windows-event.js";
import { readWindows } from "./windows-fields.js";

/**
 * Parses a file to which a shipper writes events of Windows as JSON, one document a line, in any of the forms that `readWindows` knows. Of
 * one sensor only: two would tell of each process twice, in two orders. Hosts have the names that the events have for them
 * (`Computer`).
 */
export class WindowsLogParser implements SensorParser {
  readonly pending = 0;
  readonly waitingSince = null;
  readonly #sensor: ProcessSensor;
  readonly #counts = { lines: 0, events: 0, malformed: 0, ignored: 0, foreign: 0, incomplete: 0 };
  readonly #lost = new Map<string, number>();
  #lostAnywhere = 0;

  constructor(sensor: ProcessSensor) {
    this.#sensor = sensor;
  }

  push(line: string, _position: number, now: number): HostEvent[] {
    this.#counts.lines += 1;
    if (line.trim() === "") return [];
    try {
      const document = asObject(JSON.parse(line.replace(/^\uFEFF/, "")));
      const fields = document === null ? null : readWindows(document);
      if (fields === null) return this.#malformed();
      const event = windowsEvent(fields);
      if (!isProcessCreation(event, this.#sensor)) {
        this.#counts.ignored += 1;
        return [];
      }
      const told = hostEventOf(event, this.#sensor, now);
      if (told === null) {
        this.#counts.incomplete += 1;
        this.#lost.set(event.host, (this.#lost.get(event.host) ?? 0) + 1);
        return [];
      }
      this.#counts.events += 1;
      return [told];
    } catch (thrown) {
      if (thrown instanceof SyntaxError || thrown instanceof EventDefect) return this.#malformed();
      throw thrown;
    }
  }

  flush(): HostEvent[] {
    return [];
  }

  reset(): void {
    return;
  }

  counts(): SensorCounts {
    return { ...this.#counts };
  }

  lost(host: string): number {
    return (this.#lost.get(host) ?? 0) + this.#lostAnywhere;
  }

  /** What cannot be read may have been a created process of any host. */
  #malformed(): HostEvent[] {
    this.#counts.malformed += 1;
    this.#lostAnywhere += 1;
    return [];
  }
}
