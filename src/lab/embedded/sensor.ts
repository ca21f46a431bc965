import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { TyrianError } from "../../errors.js";
import { auditRules, auditStatus, keyOf, logNamedBy } from "./audit.js";
import { commandEnvironment, must } from "./commands.js";
import type { StartedHost } from "./host.js";
import { allProcesses, commandLineOf, isAlive, startTicksOf } from "./processes.js";
import { namespaceFolderExists, removeNamespaceFolder } from "./network.js";
import { MARKER, type LabPlace } from "./state.js";
import type { SensorState } from "./types.js";

/**
 * Where our own daemon has its configuration and its log. Not in a lab's folder: labs of several state folders share
 * the daemon, and it outlives any of them but the last.
 */
export const SENSOR_FOLDER = "/var/lib/tyrian-audit";
const BEFORE_FILE = join(SENSOR_FOLDER, "before.json");

/** Records that may wait in the kernel for the daemon. 64, the kernel's default, is lost in a burst of execs. */
const BACKLOG = 8192;

/** What the first lab found on this machine; the last one puts it back. */
const beforeSchema = z.strictObject({
  enabled: z.int(),
  backlogLimit: z.int(),
  /** Whether there was a folder of network namespaces. */
  namespaceFolder: z.boolean(),
});

function configuration(): string {
  return [
    `log_file = ${SENSOR_FOLDER}/audit.log`,
    `plugin_dir = ${SENSOR_FOLDER}/plugins.d`,
    ...[
      "local_events = yes",
      "write_logs = yes",
      "log_group = root",
      "log_format = RAW",
      "name_format = NONE",
    ],
    // Each record reaches the file when it is written; only a crash of the kernel could lose some.
    ...[
      "flush = NONE",
      "max_log_file = 64",
      "num_logs = 8",
      "max_log_file_action = ROTATE",
      "priority_boost = 0",
    ],
    // The lab's log must not stop or shut down anything of the machine.
    ...[
      "space_left = 2",
      "space_left_action = IGNORE",
      "admin_space_left = 1",
      "admin_space_left_action = IGNORE",
    ],
    ...[
      "disk_full_action = IGNORE",
      "disk_error_action = IGNORE",
      "overflow_action = IGNORE",
      "end_of_event_timeout = 2",
      "",
    ],
  ].join("\n");
}

/** Whether a daemon is one that a lab started. */
function isOwn(pid: number): boolean {
  const words = commandLineOf(pid);
  return words[words.indexOf("-c") + 1] === SENSOR_FOLDER;
}

/**
 * Writes down how this machine was, before anything is changed. What an earlier lab found still is what was before, even
 * if its daemon has died meanwhile. The caller holds `SENSOR_LOCK`.
 * @throws TyrianError `lab-failed`.
 */
export async function recordBefore(): Promise<void> {
  const status = await auditStatus();
  if (status === null)
    throw new TyrianError("lab-failed", "the kernel's audit cannot be asked (auditctl -s)");
  if (existsSync(BEFORE_FILE)) return;
  mkdirSync(SENSOR_FOLDER, { recursive: true, mode: 0o700 });
  const { enabled, backlogLimit } = status;
  const found: z.infer<typeof beforeSchema> = {
    enabled,
    backlogLimit,
    namespaceFolder: namespaceFolderExists(),
  };
  writeFileSync(`${BEFORE_FILE}.new`, JSON.stringify(found), { mode: 0o600 });
  renameSync(`${BEFORE_FILE}.new`, BEFORE_FILE);
}

/**
 * Makes sure that an audit daemon runs: the one that does, or one of our own. The caller holds `SENSOR_LOCK` and has
 * called `recordBefore`.
 * @throws TyrianError `lab-failed`.
 */
export async function startSensor(deadline: number): Promise<SensorState> {
  const before = await auditStatus();
  if (before === null)
    throw new TyrianError("lab-failed", "the kernel's audit cannot be asked (auditctl -s)");
  mkdirSync(join(SENSOR_FOLDER, "plugins.d"), { recursive: true, mode: 0o700 });
  if (before.pid !== 0) {
    const { file, reason } = logNamedBy(before.pid);
    if (reason !== null) throw new TyrianError("lab-failed", reason);
    if (before.enabled === 0) await must("auditctl", ["-e", "1"]);
    return { type: "auditd", daemon: isOwn(before.pid) ? "own" : "machine", file };
  }
  // One that is only starting would take the kernel from the one that is started here.
  await end(ownDaemons(), deadline);
  writeFileSync(join(SENSOR_FOLDER, "auditd.conf"), configuration(), { mode: 0o640 });
  const errors = join(SENSOR_FOLDER, "auditd.err");
  const log = openSync(errors, "w", 0o600);
  const child = spawn("auditd", ["-n", "-c", SENSOR_FOLDER], {
    detached: true,
    stdio: ["ignore", log, log],
    env: commandEnvironment(),
    cwd: "/",
  });
  closeSync(log);
  let ended = false;
  child.on("error", () => (ended = true));
  child.on("exit", () => (ended = true));
  child.unref();
  for (;;) {
    const now = await auditStatus();
    if (now !== null && now.pid === child.pid && now.enabled === 1) break;
    if (ended || performance.now() > deadline) {
      const said = readFileSync(errors, "utf8").trim().slice(-500);
      throw new TyrianError("lab-failed", `auditd did not start: ${said}`);
    }
    await sleep(10);
  }
  await must("auditctl", ["-b", String(BACKLOG)]);
  return { type: "auditd", daemon: "own", file: join(SENSOR_FOLDER, "audit.log") };
}

/** Gives the kernel rules and settings. `auditctl -R` wants a file that only root can read, and reads all rules in one process. */
async function load(place: LabPlace, lines: readonly string[]): Promise<void> {
  mkdirSync(place.folder, { recursive: true, mode: 0o700 });
  const file = join(place.folder, "rules");
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  await must("auditctl", ["-R", file], { deadlineMs: 30_000, environment: { [MARKER]: place.id } });
  rmSync(file, { force: true });
}

/**
 * Has the kernel record every exec of the hosts, under each host's key, ahead of the machine's own rules. The overlays'
 * devices cover daemons and sessions alike; the operator's login number covers what a session starts from elsewhere (a
 * file in memory, a mount of its own).
 */
export async function addRules(place: LabPlace, started: readonly StartedHost[]): Promise<void> {
  const lines = started.flatMap(({ host, minors }) =>
    [...minors.map((minor) => `-F devmajor=0 -F devminor=${minor}`), `-F auid=${String(host.operator)}`].map(
      (filter) => `-A exit,always -F arch=b64 -S execve -S execveat ${filter} -k ${host.sensorHost}`,
    ),
  );
  await load(place, lines);
}

/** Removes every rule whose key starts with the lab's prefix, and no other. */
export async function removeRules(place: LabPlace): Promise<void> {
  const ours = (await auditRules())?.filter((rule) => keyOf(rule).startsWith(place.prefix)) ?? [];
  if (ours.length > 0)
    await load(
      place,
      ours.map((rule) => rule.replace(/^-[aA]/, "-d")),
    );
}

/** Our own daemons, also one that the kernel does not know yet because it is starting. */
function ownDaemons(): number[] {
  return allProcesses().filter((pid) => {
    return startTicksOf(pid) !== null && (commandLineOf(pid)[0] ?? "").endsWith("auditd") && isOwn(pid);
  });
}

/** Asks the processes to end, and kills those that have not by the deadline. */
async function end(pids: readonly number[], deadline: number): Promise<void> {
  const signal = (pid: number, name: NodeJS.Signals): void => {
    try {
      process.kill(pid, name);
    } catch {
      // ended meanwhile
    }
  };
  const started = pids.map((pid) => ({ pid, startTicks: startTicksOf(pid) }));
  const living = (): number[] =>
    started.filter((one) => isAlive(one.pid, one.startTicks)).map((one) => one.pid);
  for (const pid of pids) signal(pid, "SIGTERM");
  while (living().length > 0 && performance.now() < deadline) await sleep(10);
  for (const pid of living()) signal(pid, "SIGKILL");
  while (living().length > 0 && performance.now() < deadline + 5000) await sleep(10);
}

/**
 * When no lab has rules left, ends the daemon if a lab started it, and puts the kernel's settings back.
 * The caller holds `SENSOR_LOCK`.
 */
export async function stopSensor(place: LabPlace, deadline: number): Promise<void> {
  const rules = await auditRules();
  if (rules === null || rules.some((rule) => /^tyrian-[0-9a-f]{8}-/.test(keyOf(rule)))) return;
  await end(ownDaemons(), deadline);
  if (existsSync(BEFORE_FILE)) {
    const before = beforeSchema.parse(JSON.parse(readFileSync(BEFORE_FILE, "utf8")));
    const now = await auditStatus();
    const lines: string[] = [];
    // A daemon that still runs is the machine's, and so is the length of its queue.
    if (now?.pid === 0 && now.backlogLimit !== before.backlogLimit)
      lines.push(`-b ${String(before.backlogLimit)}`);
    if (now?.enabled !== before.enabled) lines.push(`-e ${String(before.enabled)}`);
    if (lines.length > 0) await load(place, lines);
    if (!before.namespaceFolder) await removeNamespaceFolder();
  }
  rmSync(SENSOR_FOLDER, { recursive: true, force: true });
}
