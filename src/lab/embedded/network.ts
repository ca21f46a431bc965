import { existsSync, readdirSync } from "node:fs";
import { must, run } from "./commands.js";
import { mountsUnder } from "./processes.js";
import { MARKER, type LabPlace } from "./state.js";
import type { LabHost } from "./types.js";

/** The bridge's own address: what the hosts see their clients come from. */
const GATEWAY = "10.77.255.254/16";

/** Where `ip netns` keeps the names. */
const NAMESPACE_FOLDER = "/run/netns";

/** Whether named network namespaces are already used on this machine. */
export function namespaceFolderExists(): boolean {
  return existsSync(NAMESPACE_FOLDER);
}

/** `ip netns` makes its folder, a mount of its own, on first use; it goes with the last namespace. */
export async function removeNamespaceFolder(): Promise<void> {
  if (!namespaceFolderExists() || readdirSync(NAMESPACE_FOLDER).length > 0) return;
  for (const point of mountsUnder(NAMESPACE_FOLDER).reverse()) await run("umount", [point]);
  await run("rmdir", [NAMESPACE_FOLDER]);
}

function hostNumber(host: LabHost): string {
  return host.name.slice(1);
}

/**
 * Makes the namespaces: one for the bridge (only the first time) and one for each host, joined to it by a cable.
 * No interface is ever made in the machine's own namespace. Two processes, however many hosts.
 * @throws TyrianError `lab-failed`.
 */
export async function makeNetwork(place: LabPlace, hosts: readonly LabHost[], first: boolean): Promise<void> {
  const options = { deadlineMs: 20_000 + 500 * hosts.length, environment: { [MARKER]: place.id } };
  const names = [...(first ? [place.labNamespace] : []), ...hosts.map((host) => place.prefix + host.name)];
  await must("ip", ["-batch", "-"], {
    ...options,
    input: names.map((name) => `netns add ${name}\n`).join(""),
  });
  const bridge = [
    "link set lo up",
    "link add br0 type bridge",
    `addr add ${GATEWAY} dev br0`,
    "link set br0 up",
  ];
  const cables = hosts.flatMap((host) => [
    `link add v${hostNumber(host)} type veth peer name eth0 netns ${place.prefix}${host.name}`,
    `link set v${hostNumber(host)} master br0 up`,
  ]);
  const lines = [...(first ? bridge : []), ...cables];
  await must("ip", ["-n", place.labNamespace, "-batch", "-"], { ...options, input: `${lines.join("\n")}\n` });
}
