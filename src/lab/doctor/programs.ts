import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";

/** Where programs are for every user and for the lab's hosts, whatever PATH says. */
export const systemFolders: readonly string[] = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
];

/** The first executable file of that name, or null. */
export function findInFolders(program: string, folders: readonly string[]): string | null {
  for (const folder of folders) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      continue;
    }
  }
  return null;
}

/** The first thing that looks like a version in what a program printed, or null. */
export function versionIn(text: string): string | null {
  return /\d+(?:\.\d+)+(?:[-+~p][0-9A-Za-z.]+)?/.exec(text)?.[0] ?? null;
}

/** Whether a version of Node is within a range such as `^20.19.0 || >=22.12.0` (these two forms only). */
export function isVersionWithin(version: string, range: string): boolean {
  const own = numbersOf(version);
  return range.split("||").some((part) => {
    const least = numbersOf(part);
    if (part.trim().startsWith("^") && own[0] !== least[0]) return false;
    const difference =
      own.map((number, index) => number - (least[index] ?? 0)).find((each) => each !== 0) ?? 0;
    return difference >= 0;
  });
}

function numbersOf(text: string): number[] {
  return text.replace(/^\D*/, "").split(/[.-]/).slice(0, 3).map(Number);
}
