import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { stateFolder } from "../../config.js";
import { TyrianError, messageOf } from "../../errors.js";
import { makeFolder } from "../../folders.js";
import { labStateSchema, type LabOptions, type LabState } from "./types.js";

/** The names and folders of a lab. All are derived from the state folder, so that leftovers are found without a state file. */
export interface LabPlace {
  readonly id: string;
  /** The state folder; its lock is the lab's lock. */
  readonly state: string;
  /** The lab's folder in it. */
  readonly folder: string;
  /** Starts the name of every namespace and the key of every audit rule of this lab. */
  readonly prefix: string;
  /** The namespace that holds the bridge, and in which the hosts are reached. */
  readonly labNamespace: string;
}

/** Set in the environment of every process that makes the lab, so that a half-made one is found. */
export const MARKER = "TYRIAN_LAB";

/** The path with the links of its existing part followed, so that one folder has one name. */
function canonical(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const parent = dirname(path);
    if (parent === path || !(error instanceof Error && "code" in error && error.code === "ENOENT"))
      throw error;
    return join(canonical(parent), basename(path));
  }
}

/** What to do about a state folder that cannot be used. */
const STATE_HINT = "Set XDG_STATE_HOME to a folder in which you can write.";

/**
 * Where the lab of a state folder is. Makes nothing.
 * @throws TyrianError `lab-failed` for a path that mount options cannot express, or that this user cannot look at.
 */
export function placeOf(options: LabOptions): LabPlace {
  const wanted = resolve(options.state ?? stateFolder());
  let state: string;
  try {
    state = canonical(wanted);
  } catch (error) {
    throw new TyrianError("lab-failed", `the state folder ${wanted} cannot be used: ${messageOf(error)}`, {
      hint: STATE_HINT,
    });
  }
  if (!/^[\w./+@~-]+$/.test(state)) {
    throw new TyrianError(
      "lab-failed",
      `the state folder ${JSON.stringify(state)} has characters that mount options cannot express`,
      { hint: "Set XDG_STATE_HOME to a path of letters, digits, dots, hyphens and underscores." },
    );
  }
  const id = createHash("sha256").update(state).digest("hex").slice(0, 8);
  const prefix = `tyrian-${id}-`;
  return { id, state, folder: join(state, "lab"), prefix, labNamespace: `${prefix}lab` };
}

/**
 * Makes a folder that is the state folder, or is in it.
 * @throws TyrianError `lab-failed`
 */
export function makeStateFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw new TyrianError("lab-failed", `the state folder cannot be made: ${messageOf(error)}`, {
      hint: STATE_HINT,
    });
  }
}

function stateFile(place: LabPlace): string {
  return join(place.folder, "lab.json");
}

/** The state file, or null when there is none or it is not one of ours (then only what the machine shows counts). */
export function readState(place: LabPlace): LabState | null {
  try {
    const state = labStateSchema.parse(JSON.parse(readFileSync(stateFile(place), "utf8")));
    return state.id === place.id ? state : null;
  } catch {
    return null;
  }
}

/** Writes the state file whole or not at all. */
export function writeState(place: LabPlace, state: LabState): void {
  mkdirSync(place.folder, { recursive: true, mode: 0o700 });
  const file = stateFile(place);
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The address of host number 1 to 200. */
export function addressOf(network: "root" | "rootless", index: number): string {
  return network === "root" ? `10.77.0.${String(index)}` : `10.78.0.${String(index)}`;
}

export function folderExists(place: LabPlace): boolean {
  return existsSync(place.folder);
}
