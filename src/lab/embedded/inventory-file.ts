import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inventorySchema, type TelemetrySource } from "../../model/inventory.js";
import type { Effect } from "../../model/playbook.js";
import type { Platform } from "../../model/target.js";
import { OPERATOR, userNames } from "./accounts.js";
import { keystoneAccount, keystoneLog } from "./keystone/files.js";
import { hypervisorLog } from "./hypervisor/files.js";
import { controlsOf } from "./mitigations/controls.js";
import { routerLog } from "./router/files.js";
import type { HostProfile, LabHost, LabState } from "./types.js";

/** Where the operator's private key and the token are, in the lab's folder. */
export const KEY_FILE = "operator_key";
export const TOKEN_FILE = "token";

const platforms: Readonly<Record<HostProfile, Platform>> = {
  linux: "linux",
  "windows-wine": "windows",
  network: "network",
  cloud: "cloud",
  hypervisor: "hypervisor",
  mitigations: "linux",
};

function isRouter(host: LabHost): boolean {
  return host.profile === "network";
}

function isCloud(host: LabHost): boolean {
  return host.profile === "cloud";
}

function isHypervisor(host: LabHost): boolean {
  return host.profile === "hypervisor";
}

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
    ...state.hosts.filter(isRouter).map((host): TelemetrySource => ({
      ...{ type: "device-log", file: routerLog(state.folder, host), host: host.sensorHost },
      ...{ format: "frr", utcOffsetMinutes: 0, ownUsers: [] },
    })),
    ...state.hosts.filter(isCloud).map((host): TelemetrySource => ({
      ...{ type: "api-log", file: keystoneLog(state.folder, host), host: host.sensorHost },
      ...{ format: "keystone", ownPrincipals: [keystoneAccount(state.folder, host)] },
    })),
    ...state.hosts.filter(isHypervisor).map((host): TelemetrySource => ({
      ...{ type: "hypervisor-log", file: hypervisorLog(state.folder, host), host: host.sensorHost },
      format: "libvirt",
    })),
  ];
}

/**
 * What procedures may do: the configuration of a router of the lab holds no secret, and is thrown away with it; so is all that its Keystone has, and so
 * are the domains of a hypervisor, in which nothing is.
 */
function effectsOf({ hosts }: LabState): Effect[] {
  return [
    ...EMBEDDED_LAB.policy.allowEffects,
    ...(hosts.some(isRouter) ? (["configuration-read", "configuration-change"] as const) : []),
    ...(hosts.some(isCloud) ? (["cloud-read", "cloud-change"] as const) : []),
    ...(hosts.some(isHypervisor) ? (["lab-domain"] as const) : []),
  ];
}

/** Writes the inventory of an embedded lab, which `tyrian run` loads like any other. */
export function writeInventory(state: LabState): void {
  const inventory = inventorySchema.parse({
    ...EMBEDDED_LAB,
    token: { path: "/etc/tyrian/lab-token", value: `file:${join(state.folder, TOKEN_FILE)}` },
    policy: { allowEffects: effectsOf(state) },
    telemetry: telemetryOf(state),
    targets: state.hosts.map((host) => ({
      name: host.name,
      platform: platforms[host.profile],
      fidelity: isWine(host) ? "wine" : "native",
      transport: {
        ...(isRouter(host) ? { type: "cli", profile: "frr" } : { type: "ssh" }),
        host: host.address,
        user: OPERATOR,
        hostKey: host.hostKey,
        authentication: { type: "key", file: join(state.folder, KEY_FILE) },
        network: state.network,
      },
      sensor: { type: isRouter(host) ? "device-log" : state.sensor.type, host: host.sensorHost },
      tags: ["embedded"],
      controls: controlsOf(host),
    })),
  });
  writeFileSync(`${state.inventory}.new`, `${JSON.stringify(inventory, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${state.inventory}.new`, state.inventory);
}
