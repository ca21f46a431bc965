import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LabState } from "./types.js";

/** The one user of a host that one can log in as. */
export const OPERATOR = "op";

/** Operators of root labs are far from any user that a person is on this machine. */
const FIRST_OPERATOR = 770_000;
/** More than a lab has hosts. */
const OPERATORS_OF_A_LAB = 1000;

/**
 * The uid before those of a new root lab's operators, host h1's being the next. Each host of each lab of this machine
 * has its own, because the kernel's audit knows sessions by this number.
 * @param taken login numbers that audit rules of other labs name
 */
export function freeOperators(taken: readonly number[]): number {
  let base = FIRST_OPERATOR;
  const inUse = (): boolean => taken.some((id) => id >= base && id < base + OPERATORS_OF_A_LAB);
  while (inUse()) base += OPERATORS_OF_A_LAB;
  return base;
}

/** In a rootless lab there is one user only, whatever name and number it has outside. */
export const ROOTLESS_OPERATOR = 1000;

/** Names of the users of a host by uid, as the telemetry needs them. */
export function userNames(operator: number): Record<string, string> {
  return { "0": "root", "74": "sshd", [String(operator)]: OPERATOR, "65534": "nobody" };
}

/** Writes a file of a host, its folders included, with exactly this mode. */
export function writeHostFile(root: string, path: string, text: string | Uint8Array, mode = 0o644): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(file, text, { mode });
  chmodSync(file, mode);
}

/** Makes a folder of a host with exactly this mode. */
export function makeHostFolder(root: string, path: string, mode: number): void {
  mkdirSync(join(root, path), { recursive: true, mode: 0o755 });
  chmodSync(join(root, path), mode);
}

/** Writes a host's user database and the operator's home. */
export function writeAccounts(
  root: string,
  kind: LabState["kind"],
  operator: number,
  operatorKey: string,
  shell: string,
): void {
  const id = String(operator);
  const users = [
    "root:x:0:0:root:/root:/bin/bash",
    "sshd:x:74:74:sshd:/run/sshd:/usr/sbin/nologin",
    `${OPERATOR}:x:${id}:${id}::/home/${OPERATOR}:${shell}`,
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
  ];
  const groups = ["root:x:0:", "sshd:x:74:", `${OPERATOR}:x:${id}:`, "nogroup:x:65534:"];
  // With this group sshd gives terminals to it, which a rootless host cannot.
  if (kind === "root") groups.push("tty:x:5:");
  writeHostFile(root, "etc/passwd", `${users.join("\n")}\n`);
  writeHostFile(root, "etc/group", `${groups.join("\n")}\n`);
  // `*` is no password at all, and, unlike `!`, no locked account either.
  const shadow = users.map((line) => `${line.split(":")[0] as string}:*:19000:0:99999:7:::\n`);
  writeHostFile(root, "etc/shadow", shadow.join(""), 0o600);
  const home = `home/${OPERATOR}`;
  makeHostFolder(root, home, 0o755);
  makeHostFolder(root, `${home}/.ssh`, 0o700);
  writeHostFile(root, `${home}/.ssh/authorized_keys`, `${operatorKey}\n`, 0o600);
  if (kind === "rootless") return;
  for (const path of ["", ".ssh", ".ssh/authorized_keys"])
    chownSync(join(root, home, path), operator, operator);
}
