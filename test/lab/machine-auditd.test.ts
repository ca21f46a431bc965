import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  auditRules,
  auditStatus,
  auditUnusable,
  SENSOR_LOCK,
  type AuditStatus,
} from "../../src/lab/embedded/audit.js";
import { recordBefore, SENSOR_FOLDER, startSensor, stopSensor } from "../../src/lab/embedded/sensor.js";
import { labDown, labStatus, labUp, probeSensor, type LabHost } from "../../src/lab/embedded/index.js";
import { lockFolder } from "../../src/lab/embedded/lock.js";
import { placeOf } from "../../src/lab/embedded/state.js";
import { skippedFor } from "../skipped.js";
import { execute, newStateFolder, onHost, otherLabs, whyNoRootLab } from "./helpers.js";

const configuration = (folder: string): string =>
  [
    `log_file = ${folder}/machine.log`,
    `plugin_dir = ${folder}/plugins.d`,
    "local_events = yes",
    "log_group = root",
    "log_format = ENRICHED",
    "flush = INCREMENTAL_ASYNC",
    "freq = 50",
    "max_log_file = 8",
    "num_logs = 5",
    "max_log_file_action = ROTATE",
    "space_left = 2",
    "space_left_action = IGNORE",
    "admin_space_left = 1",
    "admin_space_left_action = IGNORE",
    "disk_full_action = IGNORE",
    "disk_error_action = IGNORE",
    "",
  ].join("\n");

/** Waits until no lab of another state folder is there, which would take this test's daemon for the machine's. */
async function alone(): Promise<boolean> {
  for (let attempt = 0; attempt < 80; attempt += 1) {
    const status = await auditStatus();
    if (status !== null && status.pid === 0 && !(await otherLabs("none"))) return true;
    await sleep(500);
  }
  return false;
}

const reason =
  (await whyNoRootLab()) ?? ((await alone()) ? null : "an audit daemon or another lab is in use");

const execs = ["-F", "arch=b64", "-S", "execve"];
/** The machine's own rules: one that it wants, and one by which it hears nothing of op, so that a rule in front is needed. */
const watched = ["always,exit", ...execs, "-F", "path=/usr/bin/whoami", "-k", "machine"];
const unheard = ["never,exit", ...execs, "-F", "auid=770002"];

describe("where an audit daemon runs already", skippedFor(reason), () => {
  // A skipped suite is collected too, and would leave its folder.
  const state = reason === null ? newStateFolder() : "";
  const folder = join(state, "machine");
  const log = join(folder, "machine.log");
  let daemon: ChildProcess;
  let before: AuditStatus;

  beforeAll(async () => {
    before = (await auditStatus()) as AuditStatus;
    mkdirSync(join(folder, "plugins.d"), { recursive: true });
    writeFileSync(join(folder, "auditd.conf"), configuration(folder), { mode: 0o640 });
    daemon = spawn("auditd", ["-n", "-c", folder], { stdio: "ignore" });
    while ((await auditStatus())?.pid !== daemon.pid) await sleep(20);
    await execute("auditctl", ["-a", ...watched]);
    await execute("auditctl", ["-a", ...unheard]);
  });
  afterAll(async () => {
    await labDown({ state });
    await execute("auditctl", ["-d", ...unheard]);
    await execute("auditctl", ["-d", ...watched]);
    // Another lab that came meanwhile has taken this daemon for the machine's.
    for (let attempt = 0; attempt < 200 && (await otherLabs("none")); attempt += 1) await sleep(500);
    const gone = new Promise((settle) => daemon.once("exit", settle));
    daemon.kill("SIGTERM");
    await gone;
    await execute("auditctl", ["-e", String(before.enabled)]);
    rmSync(state, { recursive: true });
  }, 120_000);

  test("a lab reads its log, adds only rules of its own in front, and takes only these away", async () => {
    const settings = (await auditStatus()) as AuditStatus;
    const own = statSync(join(folder, "auditd.conf")).mtimeMs;
    const rules = (await auditRules())?.filter((rule) => !rule.includes("key=tyrian-"));
    const lab = await labUp({ targets: 2, state });
    expect(lab.sensor).toEqual({ type: "auditd", daemon: "machine", file: log });
    expect(await labStatus({ state })).toMatchObject({ phase: "up", problems: [] });
    expect(await probeSensor(lab, "h2")).toMatchObject({ running: true });
    expect((await auditRules())?.slice(-2)).toEqual(rules);
    await onHost(lab, lab.hosts[1] as LabHost, "/bin/echo seen-by-the-machine");
    await expect.poll(() => readFileSync(log, "utf8").includes('a1="seen-by-the-machine"')).toBe(true);
    expect(readFileSync(log, "utf8")).toContain(`key="${(lab.hosts[1] as LabHost).sensorHost}"`);
    await labDown({ state });
    expect((await auditRules())?.filter((rule) => !rule.includes("key=tyrian-"))).toEqual(rules);
    const after = (await auditStatus()) as AuditStatus;
    expect({ ...after, lost: 0 }).toEqual({ ...settings, lost: 0 });
    expect(after.pid).toBe(daemon.pid);
    expect(statSync(join(folder, "auditd.conf")).mtimeMs).toBe(own);
    if (!(await otherLabs(lab.id))) expect(() => statSync(SENSOR_FOLDER)).toThrow("ENOENT");
  });

  // Both change what every lab of this machine sees, so no other may be there nor come meanwhile.
  async function aloneWith(work: () => Promise<void>): Promise<boolean> {
    const lock = await lockFolder(SENSOR_LOCK, 20_000);
    try {
      if (await otherLabs("none")) return false;
      await work();
      return true;
    } finally {
      await lock.release();
    }
  }

  test("audit that was switched off is switched off again", async ({ skip }) => {
    const done = await aloneWith(async () => {
      await execute("auditctl", ["-e", "0"]);
      await recordBefore();
      const sensor = await startSensor(performance.now() + 5000);
      expect(sensor).toEqual({ type: "auditd", daemon: "machine", file: log });
      expect((await auditStatus())?.enabled).toBe(1);
      await stopSensor(placeOf({ state }), performance.now() + 5000);
      expect(await auditStatus()).toMatchObject({ enabled: 0, pid: daemon.pid });
      await execute("auditctl", ["-e", "1"]);
    });
    skip(!done, "another lab is up");
  });

  test("a machine whose audit cannot be used says why", async ({ skip }) => {
    const done = await aloneWith(async () => {
      expect(await auditUnusable()).toBeNull();
      const file = join(folder, "auditd.conf");
      const text = readFileSync(file, "utf8");
      writeFileSync(file, `${text}write_logs = no\n`);
      expect(await auditUnusable()).toContain("writes no log");
      writeFileSync(file, text.replace("machine.log", "missing.log"));
      expect(await auditUnusable()).toContain("missing.log");
      writeFileSync(file, text);
      await execute("auditctl", ["-a", "never,task"]);
      expect(await auditUnusable()).toContain("never,task");
      await execute("auditctl", ["-d", "never,task"]);
      await execute("auditctl", ["-a", "always,exclude", "-F", "msgtype=EXECVE"]);
      expect(await auditUnusable()).toContain("exclude");
      await execute("auditctl", ["-d", "always,exclude", "-F", "msgtype=EXECVE"]);
      expect(await auditUnusable()).toBeNull();
    });
    skip(!done, "another lab is up");
  });
});
