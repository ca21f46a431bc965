import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { TyrianError } from "../../errors.js";
import { removeRules, stopSensor } from "./sensor.js";
import { run } from "./commands.js";
import { isAlive, labNamespaces, labProcesses, mountsUnder } from "./processes.js";
import { readState, type LabPlace } from "./state.js";
import type { LabState } from "./types.js";
import { removeHalfTemplate } from "./wine/prefix.js";

/** Milliseconds that a lab's processes have to end after SIGKILL. */
const KILL_DEADLINE = 20_000;

/** Kills until none is left: one that forked between the look and the kill is found by the next look. */
async function killAll(place: LabPlace, state: LabState | null): Promise<void> {
  const deadline = performance.now() + KILL_DEADLINE;
  // Hosts of a rootless lab bear no mark that this process can see; they end with the process that holds them.
  const known = [...(state?.hosts ?? []), ...(state?.supervisor ? [state.supervisor] : [])];
  for (let clean = 0; clean < 2;) {
    const ofState = known.filter((one) => isAlive(one.pid, one.startTicks)).map((one) => one.pid as number);
    const living = [...labProcesses(place), ...ofState];
    if (living.length === 0) {
      clean += 1;
      continue;
    }
    clean = 0;
    if (performance.now() > deadline) {
      throw new TyrianError(
        "lab-failed",
        `processes of the lab do not end: ${living.slice(0, 10).join(" ")}`,
      );
    }
    for (const pid of living) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // ended meanwhile
      }
    }
    await sleep(10);
  }
}

/**
 * Takes away everything that a lab of this state folder has on this machine: by its names and marks, whatever its state
 * file says or whether there is one. Safe to repeat. The caller holds the locks.
 * @throws TyrianError `lab-failed` when something cannot be taken away.
 */
export async function tearDown(place: LabPlace): Promise<void> {
  const state = readState(place);
  await killAll(place, state);
  if (process.getuid?.() === 0) {
    const audited = state === null || state.kind === "root";
    if (audited) await removeRules(place);
    const names = labNamespaces(place);
    if (names.length > 0) {
      const input = names.map((name) => `netns del ${name}\n`).join("");
      await run("ip", ["-force", "-batch", "-"], { input, deadlineMs: 30_000 });
    }
    if (audited) await stopSensor(place, performance.now() + 5000);
  }
  for (const point of mountsUnder(place.folder).reverse()) await run("umount", ["-l", point]);
  if (mountsUnder(place.folder).length > 0) {
    throw new TyrianError(
      "lab-failed",
      `something is still mounted under ${place.folder}; its files are left alone`,
    );
  }
  rmSync(place.folder, { recursive: true, force: true });
  removeHalfTemplate(place);
}
