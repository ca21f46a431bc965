/**
 * Debian packages: what to say, and how to install them so that no service starts: not now (service-policy.mjs), and not at
 * the next boot, for the units that a new package enabled are disabled again.
 *
 * Runs before any node module exists: only Node's own modules, and no syntax newer than Node 14.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { runChild, withSignalsHeld } from "./children.mjs";
import { withLock } from "./lock.mjs";
import { SetUpError, findProgram, repository } from "./machine.mjs";
import { isLeftOver, isOurs, namedServices, restorePolicy, withoutServiceStarts } from "./service-policy.mjs";

const UPDATE_DEADLINE_MS = 5 * 60_000;
const REPAIR_DEADLINE_MS = 5 * 60_000;
const DAY_MS = 24 * 3600_000;

/**
 * Where things are; the tests give folders of their own.
 *
 * @typedef {object} AptPlaces
 * @property {string} policy the file that Debian asks before a package starts a service
 * @property {string} lists apt's package lists
 * @property {string} units where packages put their systemd units
 * @property {string} lock
 * @property {number} installDeadlineMs
 */
/** @type {AptPlaces} */
export const debianPlaces = {
  policy: "/usr/sbin/policy-rc.d",
  lists: "/var/lib/apt/lists",
  units: "/lib/systemd/system",
  lock: "/run/tyrian-packages.lock",
  installDeadlineMs: 20 * 60_000,
};

/** The packages of requirements, each once, in order. */
export function packagesOf(requirements) {
  return [...new Set(requirements.map((requirement) => requirement.package))];
}

/** The arguments of the one apt-get command. */
export function installArguments(packages) {
  return ["install", "-y", "--no-install-recommends", ...packages];
}

/** What is missing and why, one line each. */
export function describeMissing(missing) {
  return missing
    .map(({ program, package: name, why }) => `  ${program} (package ${name}): ${why}`)
    .join("\n");
}

/**
 * What to tell someone on whose machine we cannot install: precisely what is missing, and the one command.
 *
 * @param {readonly import("./machine.mjs").Requirement[]} missing
 * @param {"no-root" | "no-apt"} because
 */
export function refusal(missing, because) {
  const command = `apt-get ${installArguments(packagesOf(missing)).join(" ")}`;
  const head = `missing on this machine, so nothing was installed or changed:\n${describeMissing(missing)}\n`;
  if (because === "no-apt") {
    return (
      `${head}There is no apt-get here, so they must come from this system's own package manager.\n` +
      `  The one command on Debian: ${command}`
    );
  }
  return (
    `${head}Only root can install packages.\n  The one command: sudo ${command}\n` +
    "  (With systemd that also starts the services of those packages. To install without starting any, run instead: " +
    `sudo ${process.execPath} ${join(repository, "lab", "setup", "setup.mjs")})`
  );
}

/** Whether apt must fetch its lists first: there are none, or they are older than a day. */
export function listsAreStale(places, now = Date.now()) {
  try {
    if (!readdirSync(places.lists).some((name) => /_Packages(\.\w+)?$/.test(name))) return true;
    // the lists themselves carry the server's dates; the folder for unfinished downloads changes at each update
    return now - statSync(join(places.lists, "partial")).mtimeMs > DAY_MS;
  } catch {
    return true;
  }
}

/**
 * Puts right what a killed set-up left: its packages are configured to their end, still without starting services, and the
 * earlier policy is put back. Does nothing, at the cost of one look, when there is nothing to put right.
 *
 * @param {object} options
 * @param {readonly string[]} options.folders where dpkg is looked for
 * @param {(text: string) => void} options.say
 * @param {AptPlaces} [options.places]
 */
export async function repairAfterKill({ folders, say, places = debianPlaces }) {
  if (!isLeftOver(places.policy)) return;
  await withLock(places.lock, { deadlineMs: places.installDeadlineMs, say }, async () => {
    if (isOurs(places.policy)) {
      say("an earlier set-up was killed while it installed packages; completing that first");
      const services = namedServices(places.policy);
      await withSignalsHeld(async () => {
        await configurePackages(findProgram("dpkg", folders), places);
        await disableServices(services, { folders, say, places });
      });
    }
    restorePolicy(places.policy);
  });
}

async function configurePackages(dpkg, places) {
  if (dpkg === null) return;
  const until = Date.now() + REPAIR_DEADLINE_MS;
  for (;;) {
    // fails at once while the earlier apt-get is still at work: then it is asked again
    const result = await runChild(dpkg, ["--configure", "-a"], {
      deadlineMs: places.installDeadlineMs,
      output: "keep",
      shielded: true,
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    if (result.status === 0) return;
    if (Date.now() > until) throw new SetUpError(`dpkg --configure -a failed:\n${lastLines(result.output)}`);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}

/**
 * Installs what is missing with one apt-get command.
 *
 * @param {readonly import("./machine.mjs").Requirement[]} missing
 * @param {object} options
 * @param {readonly string[]} options.folders where apt-get and systemctl are looked for
 * @param {() => readonly import("./machine.mjs").Requirement[]} options.stillMissing asked again when it is our turn, and at the end
 * @param {(text: string) => void} options.say
 * @param {AptPlaces} [options.places]
 */
export async function installPackages(missing, { folders, stillMissing, say, places = debianPlaces }) {
  await withLock(places.lock, { deadlineMs: places.installDeadlineMs, say }, async () => {
    const wanted = stillMissing();
    if (wanted.length === 0) return;
    const apt = findProgram("apt-get", folders);
    if (apt === null) throw new SetUpError(refusal(missing, "no-apt"));
    const packages = packagesOf(wanted);
    say(
      `installing ${packages.length === 1 ? "a Debian package" : `${packages.length} Debian packages`} through apt-get:\n` +
        `${describeMissing(wanted)}\n  No service is started and no port is opened, now or at the next boot.`,
    );
    const environment = {
      ...process.env,
      DEBIAN_FRONTEND: "noninteractive",
      NEEDRESTART_MODE: "l",
      LC_ALL: "C.UTF-8",
    };
    const services = wanted.flatMap((requirement) => requirement.services);
    await withSignalsHeld(() =>
      withoutServiceStarts(places.policy, services, async () => {
        try {
          await aptInstall(apt, packages, environment, say, places);
        } finally {
          await disableServices(services, { folders, say, places });
        }
      }),
    );
    const left = stillMissing();
    if (left.length > 0) {
      throw new SetUpError(`apt-get ended well, yet these are still missing:\n${describeMissing(left)}`);
    }
  });
}

async function aptInstall(apt, packages, environment, say, places) {
  let updated = false;
  if (listsAreStale(places)) {
    await aptUpdate(apt, environment, say);
    updated = true;
  }
  const install = () =>
    runChild(
      apt,
      ["-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0", ...installArguments(packages)],
      {
        deadlineMs: places.installDeadlineMs,
        output: "keep",
        shielded: true,
        env: environment,
      },
    );
  let result = await install();
  if (result.status !== 0 && !updated && !result.timedOut) {
    say("apt-get failed; its package lists may be out of date");
    await aptUpdate(apt, environment, say);
    result = await install();
  }
  if (result.status !== 0) {
    throw new SetUpError(
      `apt-get ${result.timedOut ? `did not end within ${places.installDeadlineMs / 60_000} minutes` : `failed with status ${result.status}`}` +
        ` (is Debian's package server reachable from here?):\n${lastLines(result.output)}\n` +
        `  The command was: apt-get ${installArguments(packages).join(" ")}`,
    );
  }
}

async function aptUpdate(apt, environment, say) {
  say("apt-get update: this machine's package lists are missing or out of date");
  const result = await runChild(apt, ["-q", "-o", "DPkg::Lock::Timeout=300", "update"], {
    deadlineMs: UPDATE_DEADLINE_MS,
    output: "keep",
    env: environment,
  });
  // a third party's list that fails does not matter when Debian's own are there: the installation decides
  if (result.status !== 0 || result.timedOut)
    say(`apt-get update had problems:\n${lastLines(result.output)}`);
}

/**
 * Keeps the services of packages that were not here before from starting at the next boot. Where systemd is not installed,
 * update-rc.d does it, for System V's init and for systemd, should that come later.
 */
async function disableServices(services, { folders, say, places }) {
  const units = services.filter((unit) => existsSync(join(places.units, unit)));
  if (units.length === 0) return;
  const names = units
    .filter((unit) => unit.endsWith(".service"))
    .map((unit) => unit.replace(/\.service$/, ""));
  const commands =
    findProgram("systemctl", folders) === null
      ? names.map((name) => ["update-rc.d", name, "disable"])
      : [["systemctl", "disable", ...units]];
  for (const [name, ...args] of commands) {
    const program = findProgram(name, folders);
    if (program === null) continue;
    const result = await runChild(program, args, { deadlineMs: 60_000, output: "keep", shielded: true });
    if (result.status === 0) continue;
    say(
      `a service may start at the next boot: ${name} ${args.join(" ")} failed:\n${lastLines(result.output)}`,
    );
  }
}

/** The end of a program's output, indented, for a message. */
export function lastLines(output, count = 20) {
  return output
    .trimEnd()
    .split("\n")
    .slice(-count)
    .map((line) => `  | ${line}`)
    .join("\n");
}
