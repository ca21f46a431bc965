import { readdirSync, readFileSync } from "node:fs";
import { pause } from "../abort.js";

/** Milliseconds between TERM and KILL. */
const GRACE = 500;
/** Milliseconds that a killed group has to disappear. */
const DISAPPEARANCE = 2_000;
const POLL = 20;

/** Ends a process group of this machine: TERM, a short grace, KILL. Whether it is proved that no member lives. */
export async function endGroup(group: number): Promise<boolean> {
  send(group, "SIGTERM");
  if (await isGoneWithin(group, GRACE)) return true;
  send(group, "SIGKILL");
  return await isGoneWithin(group, DISAPPEARANCE);
}

async function isGoneWithin(group: number, milliseconds: number): Promise<boolean> {
  const until = performance.now() + milliseconds;
  for (;;) {
    if (!hasLiveMember(group)) return true;
    if (performance.now() >= until) return false;
    await pause(POLL);
  }
}

function send(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (thrown) {
    // Without the right to signal it there still is a group.
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}

function hasLiveMember(group: number): boolean {
  if (!send(group, 0)) return false;
  if (process.platform !== "linux") return true;
  // The kernel counts zombies, which live on only until their parent looks at them.
  return readdirSync("/proc").some((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const [state = "", , found] = readFileSync(`/proc/${name}/stat`, "latin1")
        .replace(/^.*\) /s, "")
        .split(" ");
      return Number(found) === group && !/[ZX]/.test(state);
    } catch {
      return false;
    }
  });
}
