/**
 * A lock between processes: two set-ups at the same time would install and build over each other.
 *
 * Runs before any node module exists: only Node's own modules, and no syntax newer than Node 14.
 */
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { SetUpError } from "./machine.mjs";

const POLL_MS = 250;

/**
 * Runs an action while no other process holds the lock. A lock whose owner has died is taken over.
 *
 * @template T
 * @param {string} path the lock file, in a folder that exists
 * @param {{ deadlineMs: number, say: (text: string) => void }} options
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function withLock(path, { deadlineMs, say }, action) {
  const own = JSON.stringify({ process: process.pid, since: startOf(process.pid) });
  const until = Date.now() + deadlineMs;
  let told = false;
  for (let outcome = tryToTake(path, own); outcome !== "taken"; outcome = tryToTake(path, own)) {
    if (outcome === "freed") continue;
    if (Date.now() > until)
      throw new SetUpError(`another set-up holds ${path} and does not end; end it, or delete that file`);
    if (!told) say("waiting for another set-up on this machine to end");
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await action();
  } finally {
    if (read(path) === own) unlinkSync(path);
  }
}

/** @returns {"taken" | "freed" | "held"} `freed`: its owner was dead; it can be tried again at once */
function tryToTake(path, own) {
  const draft = `${path}.${process.pid}.draft`;
  try {
    // a link appears with its whole content, or not at all
    rmSync(draft, { force: true });
    writeFileSync(draft, own, { mode: 0o600, flag: "wx" });
    linkSync(draft, path);
    return "taken";
  } catch (problem) {
    if (problem.code !== "EEXIST")
      throw new SetUpError(`cannot make the lock file ${path}: ${problem.message}`);
  } finally {
    rmSync(draft, { force: true });
  }
  const content = read(path);
  if (content !== null && isDead(content)) {
    // two processes may see the same dead owner: only the one whose rename succeeds takes the file away
    const grave = `${path}.${process.pid}`;
    try {
      renameSync(path, grave);
      if (read(grave) !== content) {
        renameSync(grave, path);
        return "held";
      }
      rmSync(grave);
      return "freed";
    } catch {
      // another process was quicker
    }
  }
  return "held";
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function isDead(content) {
  try {
    const { process: owner, since } = JSON.parse(content);
    return startOf(owner) !== since;
  } catch {
    // not a lock of ours: only its owner can tell
    return false;
  }
}

/** When a process started, in clock ticks since boot; null when there is none. Tells a process from a later one with its id. */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] || null;
  } catch {
    return null;
  }
}
