import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TyrianError } from "../../errors.js";
import { freeOperators, ROOTLESS_OPERATOR } from "./accounts.js";
import { operatorsOfLabs } from "./audit.js";
import { addRules, recordBefore, startSensor } from "./sensor.js";
import { findProgram } from "./commands.js";
import { launchHosts, prepareHost, waitListening, waitStarted } from "./host.js";
import { KEY_FILE, TOKEN_FILE, writeInventory } from "./inventory-file.js";
import { prepareKeystone } from "./keystone/files.js";
import { newSshKey, type SshKey } from "./keys.js";
import { prepareHypervisor } from "./hypervisor/files.js";
import { makeNetwork } from "./network.js";
import { launchRootless, waitSupervisor } from "./rootless.js";
import { prepareRouter } from "./router/files.js";
import { makeSkeleton } from "./skeleton.js";
import { addressOf, writeState, type LabPlace } from "./state.js";
import type { HostProfile, LabHost, LabState } from "./types.js";
import { clonePrefix, wineTemplate } from "./wine/prefix.js";

const programs = {
  root: ["ip", "nsenter", "unshare", "setpriv", "mount", "umount", "pivot_root", "sshd"],
  rootless: ["ip", "nsenter", "unshare", "mount", "umount", "pivot_root", "hostname", "strace", "sshd"],
};

/** @throws TyrianError `requirement-missing` with the programs that this machine lacks. */
export function requirePrograms(kind: LabState["kind"]): void {
  const missing = programs[kind].filter((name) => findProgram(name) === null);
  if (missing.length > 0) {
    throw new TyrianError("requirement-missing", `the embedded lab needs ${missing.join(", ")}`);
  }
}

const letters: Readonly<Record<HostProfile, string>> = {
  linux: "h",
  "windows-wine": "w",
  network: "r",
  cloud: "c",
  hypervisor: "v",
  mitigations: "m",
};

function newHosts(
  place: LabPlace,
  kind: LabState["kind"],
  from: number,
  to: number,
  operators: number,
  profile: HostProfile = "linux",
): { host: LabHost; key: SshKey }[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    // The letter tells the profile; the number is the host's own in the lab, as its address is.
    const name = `${letters[profile]}${String(from + index)}`;
    const key = newSshKey(name);
    const host: LabHost = {
      name,
      profile,
      mitigated: profile === "mitigations" && index % 2 === 1,
      address: addressOf(kind, from + index),
      hostKey: key.publicLine,
      operator: kind === "root" ? operators + from + index : ROOTLESS_OPERATOR,
      sensorHost: kind === "root" ? place.prefix + name : name,
      log: kind === "root" ? null : join(place.folder, "hosts", name, "strace.log"),
      pid: null,
      startTicks: null,
    };
    return { host, key };
  });
}

/** What every new lab's state begins with. */
function newState(place: LabPlace, kind: LabState["kind"], reason: string): LabState {
  return {
    version: 1,
    id: place.id,
    kind,
    reason,
    phase: "creating",
    folder: place.folder,
    inventory: join(place.folder, "inventory.json"),
    network: { namespace: `/run/netns/${place.labNamespace}`, rootless: kind === "rootless" },
    supervisor: null,
    createdAt: new Date().toISOString(),
    sensor: kind === "root" ? { type: "auditd", daemon: "own", file: "" } : { type: "strace" },
    hosts: [],
  };
}

/** Milliseconds that starting may take, on a slow and busy machine; Keystone is made of five programs of Python. */
function startDeadline(hosts: number, profile: HostProfile): number {
  return performance.now() + 30_000 + (profile === "cloud" ? 60_000 : 500) * hosts;
}

export interface MakeOptions {
  /** How many hosts it is to have in all. */
  readonly targets: number;
  /** What the new ones are. */
  readonly profile: HostProfile;
  /** Why it is a lab of this kind. */
  readonly reason: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a root lab, or gives the one that is present more hosts. The caller holds the locks, and takes away what was
 * made when this fails.
 * @throws TyrianError `lab-failed`.
 */
export async function makeRootLab(
  place: LabPlace,
  present: LabState | null,
  options: MakeOptions,
): Promise<LabState> {
  const first = present?.hosts[0];
  const operators = first === undefined ? freeOperators(await operatorsOfLabs()) : first.operator - 1;
  const fresh = newHosts(
    place,
    "root",
    (present?.hosts.length ?? 0) + 1,
    options.targets,
    operators,
    options.profile,
  );
  const hosts = fresh.map((one) => one.host);
  const template = options.profile === "windows-wine" ? await wineTemplate(place) : null;
  const deadline = startDeadline(hosts.length, options.profile);
  const start = present ?? newState(place, "root", options.reason);
  // Written before anything is made, so that whatever happens next can be undone.
  writeState(place, { ...start, phase: "creating", hosts: [...start.hosts, ...hosts] });
  const operatorKey = present === null ? newOperatorKey(place) : operatorKeyOf(place);
  for (const { host, key } of fresh) {
    prepareHost(place, host, { kind: "root", privateKey: key.privateText, operatorKey });
  }
  if (present === null) await recordBefore();
  const starting = present === null ? startSensor(deadline) : Promise.resolve(present.sensor);
  const making = [makeNetwork(place, hosts, present === null)];
  if (present === null) making.push(makeSharedFiles(place, "root"));
  // All of them, also when one has failed: what still runs would make things while they are taken away.
  await Promise.allSettled([starting, ...making]);
  await Promise.all(making);
  const sensor = await starting;
  const token = readFileSync(join(place.folder, TOKEN_FILE), "utf8").trim();
  for (const host of hosts) {
    if (template !== null) await clonePrefix(place, host, template, token);
    if (host.profile === "network") prepareRouter(place, host, token);
    if (host.profile === "cloud") prepareKeystone(place, host);
    if (host.profile === "hypervisor") prepareHypervisor(place, host);
  }
  options.signal?.throwIfAborted();
  // Only now: a process that started before audit was switched on is never recorded, nor are its children.
  launchHosts(place, hosts, findProgram("sshd") as string);
  const started = await waitStarted(place, hosts, deadline, options.signal);
  await addRules(place, started);
  const living = started.map((one) => one.host);
  await waitListening(place, living, deadline, options.signal);
  return finish(place, { ...start, phase: "up", sensor, hosts: [...start.hosts, ...living] });
}

/**
 * Makes a rootless lab. The caller holds the lock, and takes away what was made when this fails.
 * @throws TyrianError `lab-failed`.
 */
export async function makeRootlessLab(place: LabPlace, options: MakeOptions): Promise<LabState> {
  const fresh = newHosts(place, "rootless", 1, options.targets, ROOTLESS_OPERATOR);
  const hosts = fresh.map((one) => one.host);
  const deadline = startDeadline(hosts.length, options.profile);
  const start = newState(place, "rootless", options.reason);
  writeState(place, { ...start, hosts });
  const operatorKey = newOperatorKey(place);
  for (const { host, key } of fresh) {
    prepareHost(place, host, { kind: "rootless", privateKey: key.privateText, operatorKey });
  }
  await makeSharedFiles(place, "rootless");
  options.signal?.throwIfAborted();
  launchRootless(place, hosts);
  const supervisor = await waitSupervisor(place, deadline, options.signal);
  const started = await waitStarted(place, hosts, deadline, options.signal);
  const living = started.map((one) => one.host);
  await waitListening(place, living, deadline, options.signal);
  const namespace = `/proc/${String(supervisor.pid)}/ns/net`;
  return finish(place, {
    ...start,
    phase: "up",
    supervisor,
    hosts: living,
    network: { namespace, rootless: true },
  });
}

function finish(place: LabPlace, state: LabState): LabState {
  writeInventory(state);
  writeState(place, state);
  return state;
}

/** Makes the key that the hosts let in as the operator; returns its public line. */
function newOperatorKey(place: LabPlace): string {
  const key = newSshKey("tyrian");
  writeFileSync(join(place.folder, KEY_FILE), key.privateText, { mode: 0o600 });
  writeFileSync(join(place.folder, `${KEY_FILE}.pub`), `${key.publicLine}\n`, { mode: 0o600 });
  return key.publicLine;
}

function operatorKeyOf(place: LabPlace): string {
  return readFileSync(join(place.folder, `${KEY_FILE}.pub`), "utf8").trim();
}

/** Makes the token, and the folders that all hosts share. */
async function makeSharedFiles(place: LabPlace, kind: LabState["kind"]): Promise<void> {
  const token = randomBytes(32).toString("hex");
  writeFileSync(join(place.folder, TOKEN_FILE), `${token}\n`, { mode: 0o600 });
  await makeSkeleton({ kind, folder: place.folder, token });
}
