import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inventorySchema, type TelemetrySource } from "../../model/inventory.js";
import { OPERATOR, userNames } from "./accounts.js";
import type { LabHost, LabState } from "./types.js";

/** Where the operator's private key and the token are, in the lab's folder. */
export const KEY_FILE = "operator_key";
export const TOKEN_FILE = "token";

/** What every embedded lab's inventory says. Its hosts are made for a run and thrown away after it, hence the code that lint cannot read. */
export const EMBEDDED_LAB = {
  name: "embedded",
  policy: { allowEffects: ["work-folder", "background-process", "computed-code"] },
} as const;

function isWine(host: LabHost): boolean {
  return host.profile === "windows-wine";
}

function telemetryOf(state: LabState): TelemetrySource[] {
  if (state.sensor.type === "strace") {
    return state.hosts.map((host) => ({
      type: "strace-log",
      file: host.log as string,
      host: host.sensorHost,
    }));
  }
  return [
    {
      type: "audit-log",
      file: state.sensor.file,
      ...(state.hosts.some(isWine)
        ? { wineHosts: state.hosts.filter(isWine).map((host) => host.sensorHost) }
        : {}),
      users: Object.fromEntries(state.hosts.map((host) => [host.sensorHost, userNames(host.operator)])),
    },
  ];
}

/** Writes the inventory of an embedded lab, which `tyrian run` loads like any other. */
export function writeInventory(state: LabState): void {
  const inventory = inventorySchema.parse({
    ...EMBEDDED_LAB,
    token: { path: "/etc/tyrian/lab-token", value: `file:${join(state.folder, TOKEN_FILE)}` },
    telemetry: telemetryOf(state),
    targets: state.hosts.map((host) => ({
      name: host.name,
      platform: isWine(host) ? "windows" : "linux",
      fidelity: isWine(host) ? "wine" : "native",
      transport: {
        type: "ssh",
        host: host.address,
        user: OPERATOR,
        hostKey: host.hostKey,
        authentication: { type: "key", file: join(state.folder, KEY_FILE) },
        network: state.network,
      },
      sensor: { type: state.sensor.type, host: host.sensorHost },
      tags: ["embedded"],
    })),
  });
  writeFileSync(`${state.inventory}.new`, `${JSON.stringify(inventory, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${state.inventory}.new`, state.inventory);
}
