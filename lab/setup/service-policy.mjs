/**
 * Keeps packages from starting their services while they are installed.
 *
 * Debian starts a package's service as it installs it, unless /usr/sbin/policy-rc.d forbids that (invoke-rc.d and
 * deb-systemd-invoke both ask it). So we put our own there for as long as apt-get runs, and put back exactly what was there.
 *
 * Runs before any node module exists: only Node's own modules, and no syntax newer than Node 14.
 */
import { chmodSync, lstatSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { SetUpError } from "./machine.mjs";

const POLICY_MARK = "# Written by Tyrian's set-up while it installs packages";
const SERVICES_MARK = "# Services that are to stay disabled:";

function policyText(services) {
  return `#!/bin/sh
${POLICY_MARK}, so that installing starts no service.
# It is taken away when apt-get has ended. Should it have stayed (the set-up was killed), the next set-up completes the
# installation and puts things right. By hand: delete this file, and rename policy-rc.d.before-tyrian, if there is one, to it.
${SERVICES_MARK} ${services.join(" ")}
exit 101
`;
}

/**
 * Runs an action while no service may be started by a package, then puts back what was there.
 *
 * @template T
 * @param {string} policy
 * @param {readonly string[]} services written down for a repair after a kill
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function withoutServiceStarts(policy, services, action) {
  try {
    restorePolicy(policy);
    if (isPresent(policy)) renameSync(policy, `${policy}.before-tyrian`);
    writeFileSync(policy, policyText(services), { mode: 0o755, flag: "wx" });
    // the mode above is cut by the umask
    chmodSync(policy, 0o755);
  } catch (problem) {
    restorePolicy(policy);
    throw new SetUpError(
      `services cannot be kept from starting, so nothing was installed: ${policy}: ${problem.message}`,
    );
  }
  try {
    return await action();
  } finally {
    restorePolicy(policy);
  }
}

/** The services that our policy, left by a killed set-up, names. */
export function namedServices(policy) {
  const line = readFileSync(policy, "utf8")
    .split("\n")
    .find((each) => each.startsWith(SERVICES_MARK));
  return line === undefined ? [] : line.slice(SERVICES_MARK.length).trim().split(" ").filter(Boolean);
}

/** Takes our policy away and puts the earlier one back; also after a set-up that was killed. */
export function restorePolicy(policy) {
  const aside = `${policy}.before-tyrian`;
  if (isOurs(policy)) unlinkSync(policy);
  if (isPresent(aside) && !isPresent(policy)) renameSync(aside, policy);
}

/** Whether the policy is the one that a set-up put there for a while. */
export function isOurs(policy) {
  return (
    isPresent(policy) && lstatSync(policy).isFile() && readFileSync(policy, "utf8").includes(POLICY_MARK)
  );
}

/** Whether anything is there; true for a dangling link too. */
function isPresent(path) {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a set-up that was killed left something to put right.
 *
 * @param {string} policy
 */
export function isLeftOver(policy) {
  return isOurs(policy) || isPresent(`${policy}.before-tyrian`);
}
