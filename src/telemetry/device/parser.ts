import type { HostEvent } from "../../model/event.js";
import type { DeviceLogFormat, TelemetrySource } from "../../model/inventory.js";
import type { SensorCounts, SensorParser } from "../sensor.js";
import { readEosLog, readTacacsLog } from "./accounting.js";
import { readIosLog, readNxosLog } from "./cisco.js";
import { FrrLogReader } from "./frr.js";
import { readJunosLog } from "./junos.js";
import { lineTime } from "./line-time.js";
import type { DeviceLogReader, LoggedCommand } from "./logged-command.js";

type DeviceLogSource = TelemetrySource & { readonly type: "device-log" };

interface Format {
  /** The vendor, and the service by which rules of Sigma name its log: `aaa` for accounting. */
  readonly product: string;
  readonly service: string;
  readonly reader: () => DeviceLogReader;
}

const formats: Readonly<Record<DeviceLogFormat, Format>> = {
  frr: {
    product: "frr",
    service: "commands",
    reader: () => {
      const reader = new FrrLogReader();
      return (rest, time) => reader.read(rest, time);
    },
  },
  ios: { product: "cisco", service: "syslog", reader: () => readIosLog },
  nxos: { product: "cisco", service: "aaa", reader: () => readNxosLog },
  junos: { product: "juniper", service: "interactive-commands", reader: () => readJunosLog },
  eos: { product: "arista", service: "aaa", reader: () => readEosLog },
  tacacs: { product: "cisco", service: "aaa", reader: () => readTacacsLog },
};

/** The category of every command that a network device logs, whoever made it. */
export const DEVICE_COMMAND = "device_command";

/** Reads what one network device logs of the commands that it was given. Every line is whole by itself. */
export class DeviceLogParser implements SensorParser {
  readonly pending = 0;
  readonly waitingSince = null;
  readonly #source: DeviceLogSource;
  readonly #format: Format;
  readonly #read: DeviceLogReader;
  readonly #counts = { lines: 0, events: 0, malformed: 0, ignored: 0, foreign: 0, incomplete: 0 };

  constructor(source: DeviceLogSource) {
    this.#source = source;
    this.#format = formats[source.format];
    this.#read = this.#format.reader();
  }

  push(line: string, position: number, now: number): HostEvent[] {
    this.#counts.lines += 1;
    if (line.trim() === "") return [];
    const timed = lineTime(line, this.#source.utcOffsetMinutes, now);
    const read = timed === null ? null : this.#read(timed.rest, timed.time);
    if (read === null || read === "other" || read === "copy") {
      this.#counts[read === null ? "malformed" : "ignored"] += 1;
      return [];
    }
    this.#counts.events += 1;
    return [this.#event(read, line, position, now)];
  }

  flush(): HostEvent[] {
    return [];
  }

  reset(): void {
    // The device does not know that its log was begun anew: its sessions go on.
  }

  counts(): SensorCounts {
    return { ...this.#counts };
  }

  lost(): number {
    return 0;
  }

  #event(logged: LoggedCommand, line: string, position: number, now: number): HostEvent {
    const { host, ownUsers } = this.#source;
    const { product, service } = this.#format;
    const { time, command, user, terminal, address, mode, daemon, result } = logged;
    const byUser = user !== undefined && ownUsers.includes(user) ? `user ${user}` : null;
    const fields = {
      ...{ CommandLine: command, User: user, Terminal: terminal, SourceIp: address },
      ...{ Mode: mode, Daemon: daemon, Result: result },
    };
    const known = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return {
      id: `${host}/device-log/${String(time)}:${String(position)}`,
      host,
      sensor: "device-log",
      kind: "command",
      logsource: { product, category: DEVICE_COMMAND, service },
      time,
      ingestedAt: now,
      sequence: position,
      session: logged.session ?? byUser,
      pid: 0,
      ppid: 0,
      argv: [],
      error: null,
      fields: Object.fromEntries(known),
      original: { line },
    };
  }
}
