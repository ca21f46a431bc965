import { appendFileSync, chownSync, existsSync } from "node:fs";
import { join } from "node:path";
import { TyrianError } from "../../../errors.js";
import { makeHostFolder, OPERATOR, writeHostFile } from "../accounts.js";
import { findProgram } from "../commands.js";
import { hostFolder } from "../host.js";
import type { LabPlace } from "../state.js";
import type { LabHost } from "../types.js";
import { DAEMONS, FRR, FRR_USER, LOG_FOLDER, VTY_GROUP } from "./names.js";

/** @throws TyrianError `requirement-missing` with the one command that installs FRRouting. */
export function requireRouter(): void {
  const isThere = findProgram("vtysh") !== null && DAEMONS.every((name) => existsSync(join(FRR, name)));
  if (isThere) return;
  throw new TyrianError("requirement-missing", "a host of the profile network needs FRRouting", {
    hint: "apt-get install -y --no-install-recommends frr",
  });
}

/**
 * The command log of a router, as seen from this machine.
 * @param folder the lab's
 */
export function routerLog(folder: string, host: Pick<LabHost, "name">): string {
  return join(folder, "hosts", host.name, "router-log", "frr.log");
}

/**
 * The configuration with which a router starts. Each message is written at once, so that the log is whole when a command
 * has been answered, and in the order in which the daemons were asked. Commands are logged from later on, so that those of the
 * configuration, and the token, are not.
 */
export function routerConfiguration(name: string, token: string): string {
  return [
    "frr defaults traditional",
    `hostname ${name}`,
    `log file ${LOG_FOLDER}/frr.log informational`,
    "log immediate-mode",
    "log timestamp precision 6",
    "service integrated-vtysh-config",
    "interface tyrian-lab",
    ` description tyrian-lab-token ${token}`,
    "exit",
    "",
  ].join("\n");
}

/** Writes what a router has beside the files of any host; those are written before. */
export function prepareRouter(place: LabPlace, host: LabHost, token: string): void {
  const folder = hostFolder(place, host);
  const layer = join(folder, "layer");
  makeHostFolder(folder, "router-log", 0o755);
  chownSync(join(folder, "router-log"), FRR_USER, FRR_USER);
  makeHostFolder(layer, LOG_FOLDER, 0o755);
  makeHostFolder(layer, "etc/frr", 0o755);
  writeHostFile(layer, "etc/frr/frr.conf", routerConfiguration(host.name, token));
  writeHostFile(layer, "etc/frr/vtysh.conf", "service integrated-vtysh-config\n");
  // Whoever has a terminal here was let in by sshd.
  const pam = ["auth", "account"].map((type) => `${type} sufficient pam_permit.so\n`).join("");
  writeHostFile(layer, "etc/pam.d/frr", pam);
  const append = (path: string, line: string): void => appendFileSync(join(layer, path), `${line}\n`);
  append("etc/passwd", `frr:x:${String(FRR_USER)}:${String(FRR_USER)}::/nonexistent:/usr/sbin/nologin`);
  append("etc/group", `frr:x:${String(FRR_USER)}:`);
  append("etc/group", `frrvty:x:${String(VTY_GROUP)}:frr,${OPERATOR}`);
}
