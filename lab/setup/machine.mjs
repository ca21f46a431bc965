/**
 * What this machine has and lacks: Node's version, and the programs of requirements.json.
 *
 * Runs before any node module exists: only Node's own modules, and no syntax newer than Node 14.
 */
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the clone. */
export const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Where programs are for every user and for the lab's hosts, whatever PATH says. */
export const systemFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/**
 * What stops the set-up, in words for the user. `status` is the exit status: 3 for something that is missing.
 */
export class SetUpError extends Error {
  constructor(message, status = 3) {
    super(message);
    this.name = "SetUpError";
    this.status = status;
  }
}

/**
 * @typedef {object} Requirement
 * @property {string} program what is looked for
 * @property {readonly string[]} alternatives programs that do as well
 * @property {string | null} package Debian's package; null for what no package of ours should bring (Node itself)
 * @property {string} why
 * @property {readonly string[]} neededFor any of `demo`, `test`, `lab` (made by root) and `rootless` (made without)
 * @property {string | null} replacedBy a variable of the environment that makes it unnecessary for the demo (not for the tests)
 * @property {"machine" | "system"} searchedOn `system` for what the lab's hosts start: they do not see the user's own PATH
 * @property {readonly string[] | null} versionArguments what makes it print its version
 * @property {readonly string[]} services units that its package would start at the next boot
 */

/** @returns {Requirement[]} */
export function readRequirements() {
  return JSON.parse(readFileSync(join(repository, "lab", "setup", "requirements.json"), "utf8")).requirements;
}

/**
 * The first executable file of that name, or null.
 *
 * @param {string} program
 * @param {readonly string[]} folders
 */
export function findProgram(program, folders) {
  for (const folder of folders) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // not in this folder
    }
  }
  return null;
}

/**
 * Where programs are looked for.
 *
 * @param {string} [path] the value of PATH
 * @param {readonly string[]} [system]
 * @returns {{ machine: string[], system: readonly string[] }}
 */
export function searchFolders(path = process.env.PATH || "", system = systemFolders) {
  // a relative or empty entry of PATH means the current folder, where nothing that we trust is installed
  const own = path.split(delimiter).filter((folder) => folder.startsWith("/"));
  return { machine: [...own, ...system.filter((folder) => !own.includes(folder))], system };
}

/**
 * The requirements that are not met and that a package would meet.
 *
 * @param {readonly Requirement[]} requirements
 * @param {readonly string[]} purposes such as `["demo", "lab"]`
 * @param {{ machine: readonly string[], system: readonly string[] }} folders
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function missingRequirements(requirements, purposes, folders, environment = process.env) {
  const isReplaced = (variable) =>
    variable !== null && Boolean(environment[variable]) && !purposes.includes("test");
  return requirements.filter(
    (requirement) =>
      requirement.package !== null &&
      !isReplaced(requirement.replacedBy) &&
      requirement.neededFor.some((purpose) => purposes.includes(purpose)) &&
      ![requirement.program, ...requirement.alternatives].some(
        (program) => findProgram(program, folders[requirement.searchedOn]) !== null,
      ),
  );
}

/**
 * Whether a version of Node is within a range of the two forms that package.json uses: `^20.19.0 || >=22.12.0`.
 *
 * @param {string} version such as `v20.20.2`
 * @param {string} range
 */
export function isVersionWithin(version, range) {
  const numbers = (text) =>
    text
      .replace(/^[^0-9]*/, "")
      .split(/[.-]/)
      .slice(0, 3)
      .map(Number);
  const own = numbers(version);
  return range.split("||").some((part) => {
    const least = numbers(part);
    if (part.trim().startsWith("^") && own[0] !== least[0]) return false;
    for (let index = 0; index < 3; index += 1) {
      if (own[index] !== least[index]) return own[index] > least[index];
    }
    return true;
  });
}

/**
 * Stops unless this Node is one that package.json allows.
 *
 * @param {string} command what the user typed, such as `npm test`
 * @param {string} [version]
 */
export function assertNodeVersion(command, version = process.version) {
  const range = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")).engines.node;
  if (isVersionWithin(version, range)) return;
  throw new SetUpError(
    `this is Node ${version}, and Tyrian needs ${range}.\n` +
      `  One command that uses a newer Node for this once: npx -y -p node@22 ${command}`,
  );
}
