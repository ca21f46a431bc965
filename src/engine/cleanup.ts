import { messageOf } from "../errors.js";
import type { CleanupResult } from "../model/execution.js";
import type { Trial } from "../model/trial.js";
import { pause } from "../transport/abort.js";
import type { Session } from "../transport/transport.js";
import { scriptsOf } from "./scripts-of.js";
import { statusOf } from "./status-lines.js";

/** A cleanup uses the client that its act does, so it has as long as that where the procedure says that it takes longer. */
const SHORTEST_DEADLINE_MS = 30_000;
/** Shorter than for an act: a host that is gone is withheld, and `tyrian cleanup` asks again later. */
const CONNECT_DEADLINE_MS = 4_000;

const NO_SWEEP = "no process sweep: a network device starts no processes for what is typed";

/** Milliseconds before each try. The first is at once. */
const pauses = [0, 500, 2_000] as const;

/**
 * Undoes a trial and proves it: the procedure's own cleanup and probe, its work folder, and a sweep that finds no process
 * of it. Tried again until it is proved clean; afterwards the target is `dirty` (the probe says so) or `unverified` (it
 * could not be asked). Never rejects.
 * @param strays processes that outlived the act, as its execution names them.
 */
export async function cleanUp(
  acquire: (deadlineMs: number) => Promise<Session>,
  trial: Trial,
  strays: readonly string[] = [],
): Promise<CleanupResult> {
  let last: CleanupResult = { status: "unverified", detail: "it was not tried", attempts: 0 };
  for (const [index, milliseconds] of pauses.entries()) {
    if (milliseconds > 0) await pause(milliseconds);
    const attempts = index + 1;
    try {
      last = { ...(await once(await acquire(CONNECT_DEADLINE_MS), trial, strays)), attempts };
    } catch (error) {
      last = { status: "unverified", detail: messageOf(error), attempts };
    }
    if (last.status === "clean") return last;
  }
  return last;
}

async function once(
  session: Session,
  trial: Trial,
  strays: readonly string[],
): Promise<Omit<CleanupResult, "attempts">> {
  const scripts = scriptsOf(trial);
  const deadlineMs = Math.max(SHORTEST_DEADLINE_MS, trial.act.timeoutMs);
  const { statuses, ending } = await scripts.cleanUp(session, trial, strays, deadlineMs);
  const probe = statusOf(statuses, "probe");
  if (scripts.leaves === "nothing-else") {
    if (trial.cleanup === "none") return { status: "clean", detail: NO_SWEEP };
    if (probe === null) return { status: "unverified", detail: `the cleanup did not finish (${ending})` };
    if (probe.rest === "0") return { status: "clean", detail: NO_SWEEP };
    return { status: "dirty", detail: `the cleanup's probe found ${probe.rest}` };
  }
  const folder = statusOf(statuses, "work-folder");
  if (folder === null) return { status: "unverified", detail: `the cleanup did not finish (${ending})` };
  const remaining = statusOf(statuses, "remaining")?.rest;
  if (remaining !== "0")
    return {
      status: "dirty",
      detail: `${remaining ?? "an unknown number of"} processes of the trial remain`,
    };
  if (folder.rest !== "gone") return { status: "dirty", detail: `the work folder ${trial.work} remains` };
  if (trial.cleanup !== "none" && probe?.rest !== "0") {
    return { status: "dirty", detail: `the cleanup's probe exits ${probe?.rest ?? "without a status"}` };
  }
  return { status: "clean", detail: "" };
}
