import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { auditUnusable } from "../../src/lab/embedded/audit.js";
import type { LabHost, LabState } from "../../src/lab/embedded/index.js";

export const execute = promisify(execFile);

/** Why this machine cannot have a root lab; null when it can. */
export async function whyNoRootLab(): Promise<string | null> {
  const reason = await auditUnusable();
  return reason === null ? null : `no root lab on this machine: ${reason}`;
}

export function newStateFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "tyrian-lab-test-")));
}

interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Runs a command on a host with the real ssh client, in the lab's namespace, with the host's key pinned. */
export async function onHost(
  state: LabState,
  host: LabHost,
  command: string,
  options: readonly string[] = [],
): Promise<Said> {
  const known = join(state.folder, `known-${host.name}`);
  writeFileSync(known, `${host.address} ${host.hostKey}\n`);
  const { namespace, rootless } = state.network;
  const enter = rootless
    ? [`--user=${namespace.replace(/net$/, "user")}`, `--net=${namespace}`, "--preserve-credentials"]
    : [`--net=${namespace}`];
  const ssh = ["ssh", "-F", "none", "-i", join(state.folder, "operator_key"), ...options];
  for (const option of [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${known}`,
    "ConnectTimeout=10",
  ]) {
    ssh.push("-o", option);
  }
  try {
    const { stdout, stderr } = await execute("nsenter", [
      ...enter,
      ...ssh,
      "-o",
      "LogLevel=ERROR",
      `op@${host.address}`,
      command,
    ]);
    return { stdout, stderr, exitCode: 0 };
  } catch (error) {
    const { stdout, stderr, code } = error as { stdout: string; stderr: string; code: number };
    return { stdout, stderr, exitCode: code };
  }
}

/** Whether labs of other state folders are up, which share the audit daemon. */
export async function otherLabs(id: string): Promise<boolean> {
  const rules = await execute("auditctl", ["-l"]);
  return rules.stdout.split("\n").some((rule) => /key=tyrian-/.test(rule) && !rule.includes(`tyrian-${id}-`));
}

/** Lists what of a lab is on the machine, by other means than the lab's own code where that is possible. */
export async function leftovers(state: string, prefix: string): Promise<string[]> {
  const found: string[] = [];
  if (existsSync("/run/netns"))
    found.push(...readdirSync("/run/netns").filter((name) => name.startsWith(prefix)));
  const rules = await execute("auditctl", ["-l"]).catch(() => ({ stdout: "" }));
  found.push(...rules.stdout.split("\n").filter((line) => line.includes(prefix)));
  const mounts = readFileSync("/proc/self/mountinfo", "utf8");
  found.push(...mounts.split("\n").filter((line) => line.includes(state) || line.includes(prefix)));
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      // Hosts have the state folder in the mount options that they see, their starters in their command line.
      const sees = readFileSync(`/proc/${pid}/mountinfo`, "utf8");
      if (text.includes(state) || sees.includes(`${state}/lab`))
        found.push(`process ${pid}: ${text.replaceAll("\0", " ")}`);
    } catch {
      continue;
    }
  }
  if (existsSync(join(state, "lab")))
    found.push(...readdirSync(join(state, "lab"), { recursive: true }).map(String));
  return found;
}

export interface Elsewhere {
  readonly pid: number;
  /** The call of labUp is about to happen. */
  readonly began: Promise<void>;
  /** Its exit status: 0 when the lab is up, null when it was killed. */
  readonly done: Promise<number | null>;
}

/** A process of its own that starts a lab, so that it can be killed. */
export function labUpElsewhere(state: string, targets: number, rootless: boolean): Elsewhere {
  const module = resolve(import.meta.dirname, "../../src/lab/embedded/index.ts");
  const code = [
    `const { labUp } = await import(${JSON.stringify(module)});`,
    `process.stdout.write("begin\\n");`,
    `await labUp(${JSON.stringify({ targets, state, rootless })});`,
  ].join("\n");
  const child = spawn(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", code],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  return {
    pid: child.pid as number,
    began: new Promise((settle) => child.stdout.once("data", () => settle())),
    done: new Promise((settle) => child.once("exit", (status) => settle(status))),
  };
}

/** Starts to make a lab in another process and kills that after some milliseconds; a quick machine may have made it by then. */
export async function killWhileMade(state: string, rootless: boolean, milliseconds: number): Promise<void> {
  const maker = labUpElsewhere(state, 3, rootless);
  await maker.began;
  await sleep(milliseconds);
  try {
    process.kill(maker.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
  await maker.done;
}
