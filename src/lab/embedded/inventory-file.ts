import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inventorySchema, type TelemetrySource } from "../../model/inventory.js";
import { OPERATOR, userNames } from "./accounts.js";
import type { LabState } from "./types.js";

/** Where the operator's private key and the token are, in the lab's folder. */
export const KEY_FILE = "operator_key";
export const TOKEN_FILE = "token";

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
      users: Object.fromEntries(state.hosts.map((host) => [host.sensorHost, userNames(host.operator)])),
    },
  ];
}

/** Writes the inventory of an embedded lab, which `tyrian run` loads like any other. */
export function writeInventory(state: LabState): void {
  const inventory = inventorySchema.parse({
    name: "embedded",
    token: { path: "/etc/tyrian/lab-token", value: `file:${join(state.folder, TOKEN_FILE)}` },
    // Its hosts are made for a run and thrown away after it.
    policy: { allowEffects: ["work-folder", "background-process", "computed-code"] },
    telemetry: telemetryOf(state),
    targets: state.hosts.map((host) => ({
      name: host.name,
      platform: "linux",
      fidelity: "native",
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
