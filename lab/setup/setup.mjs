#!/usr/bin/env node
/**
 * The first step of `npm run demo`, `npm test` and `npm run bench`: makes the machine and the clone ready, and does nothing
 * when they are.
 *
 * Order: look first and stop before anything is changed if something can neither be found nor installed; then node modules,
 * Debian packages, and the compiled program. Run by itself (`node lab/setup/setup.mjs`) it installs the Debian packages only.
 *
 * Runs before any node module exists: only Node's own modules, and no syntax newer than Node 14.
 */
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withLock } from "./lock.mjs";
import {
  SetUpError,
  assertNodeVersion,
  findProgram,
  missingRequirements,
  readRequirements,
  repository,
  searchFolders,
} from "./machine.mjs";
import { buildProgram, installNodeModules, nodeModulesAreCurrent } from "./node-modules.mjs";
import { debianPlaces, installPackages, refusal, repairAfterKill } from "./packages.mjs";

const CLONE_LOCK_DEADLINE_MS = 20 * 60_000;

/** One notice on stderr. */
export function say(text) {
  process.stderr.write(`tyrian: ${text}\n`);
}

/**
 * What the machine lacks for a job, and whether this process may install it. Changes nothing.
 *
 * @param {"demo" | "test"} job
 * @param {{ folders?: ReturnType<typeof searchFolders>, uid?: number }} [machine] the tests give folders and an identity
 */
export function lookAtMachine(
  job,
  { folders = searchFolders(), uid = process.getuid ? process.getuid() : -1 } = {},
) {
  const purposes = [job, uid === 0 ? "lab" : "rootless"];
  const stillMissing = () => missingRequirements(readRequirements(), purposes, folders);
  const missing = stillMissing();
  const apt = findProgram("apt-get", folders.machine);
  const obstacle = missing.length === 0 ? null : apt === null ? "no-apt" : uid === 0 ? null : "no-root";
  return { missing, stillMissing, obstacle, folders, isRoot: uid === 0 };
}

/**
 * Installs the Debian packages that a job needs and that are missing.
 *
 * @param {"demo" | "test"} job
 * @param {Parameters<typeof lookAtMachine>[1] & { places?: typeof debianPlaces, beforePackages?: () => Promise<void> }} [options]
 *   `beforePackages` runs once it is certain that nothing stands in the way, and before packages are installed
 * @throws {SetUpError} with status 3 and what is missing, before anything was changed
 */
export async function preparePackages(job, { places = debianPlaces, beforePackages, ...machine } = {}) {
  const { missing, stillMissing, obstacle, folders, isRoot } = lookAtMachine(job, machine);
  if (obstacle !== null) throw new SetUpError(refusal(missing, obstacle));
  if (beforePackages !== undefined) await beforePackages();
  if (isRoot) await repairAfterKill({ folders: folders.machine, say, places });
  if (missing.length > 0)
    await installPackages(missing, { folders: folders.machine, stillMissing, say, places });
}

/**
 * The whole set-up.
 *
 * @param {"demo" | "test"} job
 * @param {string} command what the user typed, for messages
 * @returns {Promise<{ compilerProblems: string | null }>} null when dist/ is what src/ says
 */
export async function setUp(job, command) {
  assertNodeVersion(command);
  if (process.platform !== "linux") {
    throw new SetUpError(
      `the embedded lab needs Linux, and this is ${process.platform}. A Debian 12 machine or container will do.`,
    );
  }
  const clone = createHash("sha256").update(realpathSync(repository)).digest("hex").slice(0, 16);
  const lock = join(tmpdir(), `tyrian-setup-${process.getuid()}-${clone}.lock`);
  return withLock(lock, { deadlineMs: CLONE_LOCK_DEADLINE_MS, say }, async () => {
    await preparePackages(job, {
      beforePackages: async () => {
        if (!nodeModulesAreCurrent(repository)) await installNodeModules(repository, say);
      },
    });
    const { problems } = await buildProgram(repository, say);
    return { compilerProblems: problems };
  });
}

/**
 * Ends this process as the job says; says why when the set-up stopped it.
 *
 * @param {() => Promise<number>} job its exit status
 */
export async function endWith(job) {
  try {
    process.exitCode = await job();
  } catch (problem) {
    if (!(problem instanceof SetUpError)) throw problem;
    say(problem.message);
    process.exitCode = problem.status;
  }
}

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url))
) {
  await endWith(async () => {
    assertNodeVersion("node lab/setup/setup.mjs");
    await preparePackages("demo");
    await preparePackages("test");
    say("every package that is needed is here");
    return 0;
  });
}
