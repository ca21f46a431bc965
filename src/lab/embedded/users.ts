import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stateFolder } from "../../config.js";
import { isAlive, startTicksOf } from "./processes.js";
import { makeStateFolder } from "./state.js";

/**
 * Which commands use the embedded lab. A run that finds no lab starts one, and the last run that uses it ends it; a lab
 * that a person started stays. A command that was killed leaves its file behind and is told by its process.
 */
export interface LabShare {
  /** Says that the lab is started by a run, not by a person. */
  startedByRun(): void;
  /** `last-of-run`: a run started the lab and nobody else uses it: end it. May be called again. */
  leave(): "last-of-run" | "keep";
}

const STARTED_BY_RUN = "started-by-run";

function folderOf(state: string): string {
  return join(state, "lab-users");
}

/**
 * Joins the users of the lab of a state folder.
 * @throws TyrianError `lab-failed` when the folder cannot be made.
 */
export function joinLab(state: string = stateFolder()): LabShare {
  const folder = folderOf(state);
  makeStateFolder(folder);
  const own = join(folder, `${process.pid}-${joins++}`);
  writeFileSync(own, startTicksOf(process.pid) ?? "");
  let left = false;
  return {
    startedByRun: () => writeFileSync(join(folder, STARTED_BY_RUN), ""),
    leave: () => {
      if (left) return "keep";
      left = true;
      rmSync(own, { force: true });
      const names = readdirSync(folder);
      if (!names.includes(STARTED_BY_RUN) || names.some((name) => isUser(folder, name))) return "keep";
      rmSync(folder, { recursive: true, force: true });
      return "last-of-run";
    },
  };
}

/** Shares that this process has taken: one process may use the lab more than once. */
let joins = 0;

function isUser(folder: string, name: string): boolean {
  const pid = /^(\d+)-\d+$/.exec(name)?.[1];
  if (pid === undefined) return false;
  try {
    return isAlive(Number(pid), readFileSync(join(folder, name), "utf8"));
  } catch {
    return false;
  }
}

/** A person wants the lab to stay (`lab up`), or it is gone (`lab down`). */
export function keepLab(state: string = stateFolder()): void {
  rmSync(join(folderOf(state), STARTED_BY_RUN), { force: true });
}
