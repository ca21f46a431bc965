import type { TelemetrySource } from "../model/inventory.js";
import { AuditdParser } from "./auditd.js";
import { ApiLogParser } from "./cloud/parser.js";
import { DeviceLogParser } from "./device/parser.js";
import { HostKeys } from "./host-keys.js";
import { HypervisorLogParser } from "./hypervisor/parser.js";
import { LaurelParser } from "./laurel.js";
import type { SensorParser, TimedRecord } from "./sensor.js";
import { StraceParser } from "./strace.js";
import { WindowsLogParser } from "./windows/log.js";
import { WineParser } from "./wine.js";

/**
 * A parser that fits a source.
 * @param onOther told of Windows' records that verdicts do not read
 */
export function parserOf(source: TelemetrySource, onOther?: (record: TimedRecord) => void): SensorParser {
  switch (source.type) {
    case "audit-log": {
      const parser = new AuditdParser(source.users);
      return source.wineHosts === undefined ? parser : new WineParser(parser, source.wineHosts);
    }
    case "laurel-log":
      return new LaurelParser({ host: source.host });
    case "strace-log":
      return new StraceParser(source.host);
    case "device-log":
      return new DeviceLogParser(source);
    case "api-log":
      return new ApiLogParser(source);
    case "hypervisor-log":
      return new HypervisorLogParser(source);
    case "windows-log":
      return new WindowsLogParser(source.sensor, onOther);
  }
}

/** Whether a source can carry events of a host, as far as its description says. */
export function mayCarry(source: TelemetrySource, host: string): boolean {
  switch (source.type) {
    case "audit-log":
      return new HostKeys(source.users).isHost(host);
    case "laurel-log":
      return source.host === undefined || source.host === host;
    case "strace-log":
    case "device-log":
    case "api-log":
    case "hypervisor-log":
      return source.host === host;
    case "windows-log":
      return true;
  }
}
