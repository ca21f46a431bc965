/**
 * Node modules and the built program: made when they are missing or out of date, left alone otherwise.
 *
 * Runs before any node module exists: only Node's own modules, and no syntax newer than Node 14.
 */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { runChild } from "./children.mjs";
import { SetUpError } from "./machine.mjs";
import { lastLines } from "./packages.mjs";

const INSTALL_DEADLINE_MS = 10 * 60_000;
const BUILD_DEADLINE_MS = 5 * 60_000;

const PING_DEADLINE_MS = 20_000;
const noNetwork =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT|network/;

/**
 * Whether node_modules holds what package-lock.json says. Compared by content: a clone or a checkout changes dates.
 *
 * @param {string} repository
 */
export function nodeModulesAreCurrent(repository) {
  const lock = read(join(repository, "package-lock.json"));
  if (lock === null || !existsSync(join(repository, "node_modules", ".bin", "tsc"))) return false;
  if (read(modulesStamp(repository)) === stampOfLock(lock)) return true;
  // a plain `npm install` or `npm ci` leaves no stamp of ours, but npm's own list of what it installed
  const installed = read(join(repository, "node_modules", ".package-lock.json"));
  if (installed === null || !agree(JSON.parse(lock).packages, JSON.parse(installed).packages)) return false;
  writeFileSync(modulesStamp(repository), stampOfLock(lock));
  return true;
}

/**
 * `npm ci`, with words of our own when the registry cannot be reached. Then what npm has in its cache may still do.
 *
 * @param {string} repository
 * @param {(text: string) => void} say
 */
export async function installNodeModules(repository, say) {
  const lock = read(join(repository, "package-lock.json"));
  if (lock === null) throw new SetUpError("package-lock.json is missing: this is not a complete clone");
  const isReachable = await canReachRegistry(repository);
  const count = Object.keys(JSON.parse(lock).packages).length - 1;
  say(
    isReachable
      ? `npm ci: up to ${count} node modules, into node_modules of this clone (20 s to a minute)`
      : "npm ci: the npm registry does not answer; trying npm's cache",
  );
  rmSync(modulesStamp(repository), { force: true });
  let complete = false;
  try {
    const options = ["--no-audit", "--no-fund", ...(isReachable ? [] : ["--offline"])];
    const result = await npm(repository, ["ci", ...options], INSTALL_DEADLINE_MS);
    complete = result.status === 0 && !result.timedOut;
    if (!complete)
      throw new SetUpError(`${reasonOf(result, isReachable)}\n${lastLines(withoutStacks(result.output))}`);
    writeFileSync(modulesStamp(repository), stampOfLock(lock));
  } finally {
    if (!complete) rmSync(join(repository, "node_modules"), { recursive: true, force: true });
  }
}

/** Left alone, npm asks a registry that does not answer for minutes. One that answers with an error was reached. */
async function canReachRegistry(repository) {
  const options = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=8000"];
  const result = await npm(repository, ["ping", ...options], PING_DEADLINE_MS);
  if (result.status === 127) {
    throw new SetUpError(
      "npm is missing on this machine; it comes with Node (https://nodejs.org/en/download)",
    );
  }
  return !result.timedOut && !(result.status !== 0 && noNetwork.test(result.output));
}

function npm(repository, args, deadlineMs) {
  // npm's own variables of the surrounding `npm test` would be taken for its configuration
  const environment = Object.entries(process.env).filter(
    ([name]) => !/^npm_(lifecycle|package|command)/.test(name),
  );
  return runChild("npm", args, {
    cwd: repository,
    env: Object.fromEntries(environment),
    deadlineMs,
    output: "keep",
  });
}

/** npm prints an error's stack and its fields after its message. */
function withoutStacks(output) {
  return output
    .split("\n")
    .filter((line) => !/^npm error (\s+at |\s+\w+: |\}|\s*$)/.test(line) && line !== "npm error")
    .join("\n");
}

function reasonOf(result, wasReachable) {
  if (result.timedOut) {
    return `npm ci did not end within ${INSTALL_DEADLINE_MS / 60_000} minutes; node_modules was removed again`;
  }
  if (!wasReachable || noNetwork.test(result.output)) {
    return (
      "the npm registry cannot be reached from here, and Tyrian needs it once for its node modules; nothing half-installed was left.\n" +
      "  Which registry is asked: npm config get registry. Behind a proxy: npm config set proxy URL."
    );
  }
  return `npm ci failed with status ${result.status}; node_modules was removed again`;
}

/**
 * Compiles src/ to dist/, if its sources changed since the last time.
 *
 * @param {string} repository
 * @param {(text: string) => void} say
 * @returns {Promise<{ built: boolean, problems: string | null }>} `problems`: what the compiler complained of; dist/ is then
 *   as it was
 */
export async function buildProgram(repository, say) {
  const stamp = join(repository, "dist", ".tyrian-stamp");
  const sources = stampOfSources(repository);
  if (read(stamp) === sources && existsSync(join(repository, "dist", "version.js")))
    return { built: false, problems: null };
  say("tsc: compiling src/ to dist/");
  const compiler = join(repository, "node_modules", ".bin", "tsc");
  const result = await runChild(compiler, ["-p", "tsconfig.build.json", "--noEmitOnError"], {
    cwd: repository,
    deadlineMs: BUILD_DEADLINE_MS,
    output: "keep",
  });
  if (result.status !== 0)
    return { built: false, problems: result.output.trimEnd() || `tsc ended with status ${result.status}` };
  removeOrphans(repository);
  const main = join(repository, "dist", "cli", "main.js");
  if (existsSync(main)) chmodSync(main, 0o755);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, sources);
  return { built: true, problems: null };
}

/** Compiled files whose source is gone would still be found by an import. */
function removeOrphans(repository) {
  const dist = join(repository, "dist");
  for (const file of filesIn(dist)) {
    const match = /^(.*)\.js(\.map)?$/.exec(relative(dist, file));
    if (match === null) continue;
    const source = join(repository, "src", match[1]);
    if (!existsSync(`${source}.ts`) && !existsSync(`${source}.tsx`)) rmSync(file);
  }
}

function modulesStamp(repository) {
  return join(repository, "node_modules", ".tyrian-stamp");
}

function stampOfLock(lock) {
  return createHash("sha256").update(`${process.platform} ${process.arch}\n${lock}`).digest("hex");
}

function stampOfSources(repository) {
  const hash = createHash("sha256");
  const files = ["tsconfig.json", "tsconfig.build.json", "package-lock.json"].map((name) =>
    join(repository, name),
  );
  for (const file of [...files, ...filesIn(join(repository, "src"))]) {
    hash.update(`${relative(repository, file)}\n`).update(readFileSync(file));
  }
  return hash.digest("hex");
}

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)],
    );
}

/** Whether npm's list of what it installed is what the lock file asks for; optional packages of other platforms may be absent. */
function agree(wanted, installed) {
  const differs = (name) =>
    installed[name] ? installed[name].integrity !== wanted[name].integrity : !wanted[name].optional;
  return (
    !Object.keys(wanted).some((name) => name !== "" && differs(name)) &&
    Object.keys(installed).every((name) => wanted[name] !== undefined)
  );
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
