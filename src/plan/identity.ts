import { createHash, randomBytes } from "node:crypto";
import type { Platform } from "../model/target.js";

/** A run's id: the moment it was started (UTC) and four random hex digits, such as `20261124-034501-9f3c`. */
export function newRunId(now: Date): string {
  const stamp = now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${stamp}-${randomBytes(2).toString("hex")}`;
}

/** A trial's id, unique for ever because its run's is: `<run>-<ordinal>`. */
export function trialId(run: string, ordinal: number): string {
  return `${run}-${String(ordinal).padStart(4, "0")}`;
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/**
 * The trial's work folder on the target: a name like those that mktemp makes. It may stand in a command line that a rule
 * reads, so it tells nothing of Tyrian or of the trial; it is derived from the id so that recovery finds it again.
 */
export function workFolder(trial: string, platform: Platform = "linux"): string {
  const digest = createHash("sha256").update(trial).digest();
  const name = Array.from({ length: 10 }, (_, index) => letters[(digest[index] ?? 0) % letters.length]).join(
    "",
  );
  return platform === "windows" ? `C:\\Windows\\Temp\\tmp${name}` : `/tmp/tmp.${name}`;
}
