import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder, and those around it that are missing, for this user only; does nothing when it is there. Node's own recursive
 * `mkdir` never ends where nothing can be made, as in /proc.
 * @throws the error of mkdir(2), for the first folder that cannot be made.
 */
export function makeFolder(folder: string): void {
  if (isMade(folder)) return;
  makeFolder(dirname(folder));
  // What is still missing inside of a folder that is there cannot be made.
  if (!isMade(folder)) mkdirSync(folder, { mode: 0o700 });
}

/** False when the folder around it is missing. */
function isMade(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(folder).isDirectory()) return true;
    if (code !== "ENOENT" || dirname(folder) === folder) throw error;
    return false;
  }
}
