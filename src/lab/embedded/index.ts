import { existsSync } from "node:fs";
import { TyrianError } from "../../errors.js";
import { auditUnusable, SENSOR_LOCK } from "./audit.js";
import { lockFolder, type Lock } from "./lock.js";
import { makeRootlessLab, makeRootLab, requirePrograms } from "./make.js";
import { folderExists, type LabPlace, makeStateFolder, placeOf, readState } from "./state.js";
import { statusOf } from "./status.js";
import { tearDown } from "./teardown.js";
import {
  hostProfiles,
  type HostProfile,
  type LabOptions,
  type LabState,
  type LabStatus,
  type LabUpOptions,
  usualTargets,
} from "./types.js";
import { requireKeystone } from "./keystone/files.js";
import { requireHypervisor } from "./hypervisor/files.js";
import { requireRouter } from "./router/files.js";
import { requireWine } from "./wine/prefix.js";

export { probeSensor } from "./probe.js";
export { hostProfiles, usualTargets } from "./types.js";
export type {
  HostProfile,
  LabHost,
  LabOptions,
  LabState,
  LabStatus,
  LabUpOptions,
  SensorProbe,
} from "./types.js";

/** Milliseconds to wait for another command that works on the same lab, or on the sensor of this machine. */
const LOCK_DEADLINE = 120_000;
const MOST_TARGETS = 200;

/** Holds the lab's lock, and the sensor's where it may be touched, while `work` is done. Always in this order. */
async function locked<Result>(
  place: LabPlace,
  rootless: boolean,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  makeStateFolder(place.state);
  const locks: Lock[] = [await lockFolder(place.state, LOCK_DEADLINE, signal)];
  try {
    const untouched = rootless && (readState(place)?.kind === "rootless" || !folderExists(place));
    if (process.getuid?.() === 0 && existsSync(SENSOR_LOCK) && !untouched) {
      locks.push(await lockFolder(SENSOR_LOCK, LOCK_DEADLINE, signal));
    }
    return await work();
  } finally {
    for (const lock of locks.reverse()) await lock.release();
  }
}

/**
 * Starts the embedded lab, or returns the one that is up when it has enough hosts. A root lab with fewer is given the
 * missing ones, beside those of other profiles; a rootless lab with fewer, and any that is broken, is built anew. The lab outlives this process;
 * `labDown` ends it. Calls for one state folder wait for each other.
 * @throws TyrianError `lab-failed` (what had been made is taken away again), `requirement-missing`, `usage`; an aborted
 * signal rejects with its reason, likewise with nothing left.
 */
export async function labUp(options: LabUpOptions): Promise<LabState> {
  const { targets, profile = "linux" } = options;
  if (!Number.isInteger(targets) || targets < 1 || targets > MOST_TARGETS) {
    const range = `1 to ${String(MOST_TARGETS)} targets`;
    throw new TyrianError("usage", `a lab has ${range}, not ${String(targets)}`);
  }
  if (profile === "mitigations" && targets % 2 === 1) {
    throw new TyrianError(
      "usage",
      `hosts of the profile mitigations come in pairs, so ${String(targets)} cannot be`,
    );
  }
  requireProfile(profile);
  const place = placeOf(options);
  return await locked(
    place,
    options.rootless === true,
    options.signal,
    async () => await bringUp(place, { ...options, profile }),
  );
}

/** A lab with hosts of every profile, and what it could not be given. */
export interface FullLab {
  readonly state: LabState;
  readonly leftOut: readonly {
    readonly profile: HostProfile;
    /** Why there is no host of it. */
    readonly reason: string;
    /** What to do about it. */
    readonly hint: string;
  }[];
}

/**
 * Starts the embedded lab with the usual number of hosts of every profile, or gives the lab that is up those that it lacks. A profile
 * whose hosts cannot be made here is left out, and stops no other.
 * @throws TyrianError as `labUp`, when not even Linux hosts can be made.
 */
export async function labUpFull(options: Omit<LabUpOptions, "targets" | "profile">): Promise<FullLab> {
  const place = placeOf(options);
  return await locked(place, options.rootless === true, options.signal, async () => {
    const leftOut = new Map<HostProfile, TyrianError>();
    let state = await bringUpAll(place, options, leftOut);
    // Each time without what failed the last time.
    while (state === null) state = await bringUpAll(place, options, leftOut);
    return {
      state,
      leftOut: [...leftOut].map(([profile, { message, hint }]) => ({ profile, reason: message, hint })),
    };
  });
}

/** Brings up every profile that is not left out yet, and adds what has to be. Null: hosts that failed have taken the lab with them. */
async function bringUpAll(
  place: LabPlace,
  options: Omit<LabUpOptions, "targets" | "profile">,
  leftOut: Map<HostProfile, TyrianError>,
): Promise<LabState | null> {
  let state: LabState | null = null;
  for (const profile of hostProfiles.filter((name) => !leftOut.has(name))) {
    try {
      requireProfile(profile);
      state = await bringUp(place, { ...options, profile, targets: usualTargets[profile] });
    } catch (error) {
      if (!(error instanceof TyrianError) || options.signal?.aborted === true || profile === "linux")
        throw error;
      leftOut.set(profile, error);
      if ((await statusOf(place)).phase !== "up") return null;
    }
  }
  return state;
}

/** @throws TyrianError `requirement-missing` with the one command that installs what hosts of the profile need beside those of any. */
function requireProfile(profile: HostProfile): void {
  if (profile === "windows-wine") requireWine();
  if (profile === "network") requireRouter();
  if (profile === "cloud") requireKeystone();
  if (profile === "hypervisor") requireHypervisor();
}

/** `labUp` for who holds the locks. */
async function bringUp(
  place: LabPlace,
  options: LabUpOptions & { readonly profile: HostProfile },
): Promise<LabState> {
  const { targets, signal, profile } = options;
  const unusable = options.rootless === true ? "asked for" : await auditUnusable();
  if (unusable !== null && options.rootless === false) {
    throw new TyrianError("lab-failed", `a root lab cannot be made here: ${unusable}`);
  }
  if (unusable !== null && profile !== "linux") {
    const why = options.rootless === true ? "without root was asked for" : unusable;
    throw new TyrianError("lab-failed", `hosts of the profile ${profile} need a root lab: ${why}`);
  }
  const status = await statusOf(place);
  const suits = options.rootless === undefined || options.rootless === (status.state?.kind === "rootless");
  const present = status.phase === "up" && suits ? status.state : null;
  const lacking = targets - (present?.hosts.filter((host) => host.profile === profile).length ?? 0);
  if (present !== null && lacking <= 0) return present;
  const kind = present?.kind ?? (unusable === null ? "root" : "rootless");
  // Only a root lab grows: hosts of a rootless one are children of the process that holds it.
  const growing = kind === "root" ? present : null;
  if (growing === null) await tearDown(place);
  const wanted = growing === null ? targets : growing.hosts.length + lacking;
  if (wanted > MOST_TARGETS) {
    throw new TyrianError(
      "usage",
      `a lab has at most ${String(MOST_TARGETS)} hosts of all profiles together`,
    );
  }
  try {
    signal?.throwIfAborted();
    requirePrograms(kind);
    const reason = unusable ?? "root, and the kernel's audit can be used";
    if (kind === "root")
      return await makeRootLab(place, growing, { targets: wanted, profile, reason, signal });
    return await makeRootlessLab(place, { targets, profile, reason, signal });
  } catch (error) {
    await tearDown(place);
    if (signal?.aborted === true) throw signal.reason;
    throw error;
  }
}

/**
 * Ends the lab of a state folder and takes away everything that it has on this machine; does nothing when there is none.
 * @throws TyrianError `lab-failed` when something cannot be taken away.
 */
export async function labDown(options: LabOptions = {}): Promise<void> {
  const place = placeOf(options);
  const rootless = readState(place)?.kind === "rootless";
  await locked(place, rootless, undefined, async () => await tearDown(place));
}

/** What is really there of the lab of a state folder, found by asking the kernel. Changes nothing and waits for nobody. */
export async function labStatus(options: LabOptions = {}): Promise<LabStatus> {
  return await statusOf(placeOf(options));
}
