import type { HostEvent } from "../../../src/model/event.js";
import { inventorySchema, type HypervisorLogFormat } from "../../../src/model/inventory.js";
import type { SensorCounts, SensorParser } from "../../../src/telemetry/sensor.js";
import { parserOf } from "../../../src/telemetry/sources.js";

/** Noon of the day of the examples. */
export const NOON = Date.UTC(2026, 10, 24, 12);

function parserFor(format: HypervisorLogFormat): SensorParser {
  const { telemetry } = inventorySchema.parse({
    name: "lab",
    token: { value: "env:TOKEN" },
    targets: [{ name: "v1", platform: "hypervisor", transport: { type: "local" }, sensor: { type: "none" } }],
    telemetry: [{ type: "hypervisor-log", file: "/var/log/v1.log", host: "v1", format }],
  });
  return parserOf(telemetry[0] as (typeof telemetry)[number]);
}

/** What a log says, read as the embedded SIEM reads it. */
export function readHypervisorLog(
  format: HypervisorLogFormat,
  lines: readonly string[],
): { readonly events: HostEvent[]; readonly counts: SensorCounts } {
  const parser = parserFor(format);
  const events = lines.flatMap((line, index) => parser.push(line, index + 1, NOON));
  return { events, counts: parser.counts() };
}

/** The fields of each event, without the whole message. */
export function fieldsOf(format: HypervisorLogFormat, lines: readonly string[]): HostEvent["fields"][] {
  return readHypervisorLog(format, lines).events.map(({ fields: { Message: _, ...rest } }) => rest);
}
