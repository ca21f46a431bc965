import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { messageOf, TyrianError } from "../errors.js";
import { exitStatus } from "./exit-status.js";
import { foldRun, type RunEnding } from "./fold.js";
import { livingOwner } from "./owner.js";
import { JOURNAL_FILE, readFirstEvent, readJournal } from "./read.js";
import { toResults } from "./results.js";

/** A run's place. */
export interface RunPlace {
  readonly id: string;
  readonly folder: string;
}

/** One line of the history. */
export interface RunListing extends RunPlace {
  /** The selection of the command line that started it. */
  readonly title: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** `running` while its process lives · `crashed` when that is gone and nobody has recovered the run · `damaged`. */
  readonly status: RunEnding | "running" | "crashed" | "damaged";
  readonly trials: number;
  readonly met: number;
  readonly notMet: number;
  /** What `tyrian run` answered or would answer; null while it runs and when the journal is damaged. */
  readonly exit: number | null;
}

/**
 * The folder that RUN means: `latest`, a run id under the runs folder, or a run folder (anything with a slash, or what
 * no run id matches).
 * @throws TyrianError `run-unknown`
 */
export async function resolveRun(reference: string, runsFolder: string): Promise<RunPlace> {
  if (reference === "latest") {
    const newest = (await startedRuns(runsFolder)).at(-1);
    if (newest === undefined)
      throw new TyrianError("run-unknown", `there is no run in ${resolve(runsFolder)}`);
    return newest;
  }
  const places = reference.includes("/") ? [reference] : [join(runsFolder, reference), reference];
  for (const place of places) {
    const folder = resolve(place);
    if (reference !== "" && (await hasJournal(folder))) {
      return { id: (await readFirstEvent(folder))?.run ?? basename(folder), folder };
    }
  }
  throw new TyrianError(
    "run-unknown",
    `there is no run ${JSON.stringify(reference)} in ${resolve(runsFolder)}`,
  );
}

/** All runs under a runs folder, oldest first. A folder that does not exist has none. */
export async function listRuns(runsFolder: string): Promise<RunListing[]> {
  const listings: RunListing[] = [];
  for (const place of await startedRuns(runsFolder)) {
    const { events, damage } = await readJournal(place.folder, { skipObservations: true });
    const state = foldRun(events);
    const results = toResults(state);
    const living = state.ended === null && (await livingOwner(place.folder)) !== null;
    const status = damage !== null ? "damaged" : (state.ended ?? (living ? "running" : "crashed"));
    listings.push({
      ...place,
      title: state.title,
      startedAt: place.startedAt,
      endedAt: state.endedAt,
      status,
      trials: state.trials.length,
      met: results.summary.met,
      notMet: results.summary.notMet,
      exit: status === "running" || status === "damaged" ? null : exitStatus(results, { strict: false }),
    });
  }
  return listings;
}

async function startedRuns(runsFolder: string): Promise<(RunPlace & { startedAt: string })[]> {
  const runs: (RunPlace & { startedAt: string })[] = [];
  for (const name of await folderNames(runsFolder)) {
    const folder = resolve(runsFolder, name);
    const first = (await hasJournal(folder)) ? await readFirstEvent(folder) : null;
    if (first !== null) runs.push({ id: first.run, folder, startedAt: first.at });
  }
  return runs.sort((one, other) => compare(one.startedAt, other.startedAt) || compare(one.id, other.id));
}

async function folderNames(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new TyrianError("file-unreadable", `${folder}: ${messageOf(error)}`, { cause: error });
  }
}

async function hasJournal(folder: string): Promise<boolean> {
  try {
    return (await stat(join(folder, JOURNAL_FILE))).isFile();
  } catch {
    return false;
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
