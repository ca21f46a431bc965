import type { HostEvent } from "../../model/event.js";
import type { HypervisorLogFormat, TelemetrySource } from "../../model/inventory.js";
import { lineTime } from "../device/line-time.js";
import type { SensorCounts, SensorParser } from "../sensor.js";
import { readAuthLog, readHostdLog, readShellLog, readVobdLog } from "./esxi.js";
import { readLibvirtLog } from "./libvirt.js";
import type { HypervisorLogReader, HypervisorRecord } from "./record.js";

type HypervisorLogSource = TelemetrySource & { readonly type: "hypervisor-log" };

interface Format {
  readonly product: string;
  readonly service: string;
  readonly read: HypervisorLogReader;
}

const formats: Readonly<Record<HypervisorLogFormat, Format>> = {
  libvirt: { product: "libvirt", service: "api", read: readLibvirtLog },
  "esxi-shell": { product: "esxi", service: "shell", read: readShellLog },
  "esxi-hostd": { product: "esxi", service: "hostd", read: readHostdLog },
  "esxi-vobd": { product: "esxi", service: "vobd", read: readVobdLog },
  "esxi-auth": { product: "esxi", service: "auth", read: readAuthLog },
};

/** libvirt and vobd write a colon behind the time. */
const COLON_BEHIND_TIME = /^((?:<\d{1,3}>)?\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)):/;

/** A line that begins with no time is the rest of the message before it: definitions of domains have several lines. */
const BEGINS_WITH_TIME = /^(?:<\d{1,3}>)?(?:\d{4}-|[A-Z][a-z]{2} )/;

/** Reads one log of one hypervisor: which file holds which log is the inventory's to say. */
export class HypervisorLogParser implements SensorParser {
  readonly pending = 0;
  readonly waitingSince = null;
  readonly #source: HypervisorLogSource;
  readonly #format: Format;
  readonly #counts = { lines: 0, events: 0, malformed: 0, ignored: 0, foreign: 0, incomplete: 0 };

  constructor(source: HypervisorLogSource) {
    this.#source = source;
    this.#format = formats[source.format];
  }

  push(line: string, position: number, now: number): HostEvent[] {
    this.#counts.lines += 1;
    if (line.trim() === "") return [];
    if (!BEGINS_WITH_TIME.test(line)) {
      this.#counts.ignored += 1;
      return [];
    }
    const timed = lineTime(line.replace(COLON_BEHIND_TIME, "$1 "), 0, now);
    const read = timed === null ? null : this.#format.read(timed.rest);
    if (timed === null || read === null || read === "other") {
      this.#counts[read === "other" ? "ignored" : "malformed"] += 1;
      return [];
    }
    this.#counts.events += 1;
    return [this.#event(read, timed.time, line, position, now)];
  }

  flush(): HostEvent[] {
    return [];
  }

  reset(): void {
    // The shells of a host do not know that its log was begun anew.
  }

  counts(): SensorCounts {
    return { ...this.#counts };
  }

  lost(): number {
    return 0;
  }

  #event(
    { fields, session }: HypervisorRecord,
    time: number,
    line: string,
    position: number,
    now: number,
  ): HostEvent {
    const { host, format } = this.#source;
    const { product, service } = this.#format;
    return {
      id: `${host}/${format}/${String(time)}:${String(position)}`,
      host,
      sensor: "hypervisor-log",
      kind: "message",
      logsource: { product, service },
      time,
      ingestedAt: now,
      sequence: position,
      session,
      pid: null,
      ppid: null,
      argv: [],
      error: null,
      fields,
      original: { line },
    };
  }
}
