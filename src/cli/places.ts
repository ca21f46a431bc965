import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** Where `run` writes and the other verbs look, in the current folder. */
export const DEFAULT_RUNS_FOLDER = "runs";

/** The folder that Tyrian is installed in: the one of package.json. The same from src/cli and from dist/cli. */
export function packageFolder(): string {
  return resolve(import.meta.dirname, "..", "..");
}

/** The playbooks that are looked at when none are named: `playbooks` of the current folder, else those of Tyrian. */
export function playbooksFolder(): string {
  return existsSync("playbooks") ? "playbooks" : join(packageFolder(), "playbooks");
}
