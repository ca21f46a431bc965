import type { HostEvent } from "../../../src/model/event.js";
import { inventorySchema, type DeviceLogFormat } from "../../../src/model/inventory.js";
import { DeviceLogParser } from "../../../src/telemetry/device/parser.js";
import type { SensorCounts } from "../../../src/telemetry/sensor.js";

/** Noon of the day of the examples. */
export const NOON = Date.UTC(2026, 10, 24, 12);

/** What a device's log says, read as the embedded SIEM reads it. */
export function readDeviceLog(
  format: DeviceLogFormat,
  lines: readonly string[],
  settings: { readonly ownUsers?: string[]; readonly utcOffsetMinutes?: number } = {},
): { readonly events: HostEvent[]; readonly counts: SensorCounts } {
  const { telemetry } = inventorySchema.parse({
    name: "lab",
    token: { value: "env:TOKEN" },
    targets: [{ name: "r1", platform: "network", transport: { type: "local" }, sensor: { type: "none" } }],
    telemetry: [{ type: "device-log", file: "/var/log/r1.log", host: "r1", format, ...settings }],
  });
  const [source] = telemetry;
  if (source?.type !== "device-log") throw new Error("no device log");
  const parser = new DeviceLogParser(source);
  const events = lines.flatMap((line, index) => parser.push(line, index + 1, NOON));
  return { events, counts: parser.counts() };
}

/** The commands of a log with their sessions. */
export function commandsOf(events: readonly HostEvent[]): string[] {
  return events.map(({ fields, session }) => `${session ?? "-"}: ${String(fields["CommandLine"])}`);
}
