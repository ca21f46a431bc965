import type { Sensor } from "../model/target.js";
import type { Session } from "../transport/transport.js";
import { parseRules, parseStatus } from "./embedded/audit.js";
import type { SensorProbe } from "./embedded/types.js";

const DEADLINE_MS = 8_000;

/**
 * Asks a target itself how its kernel's audit does: what was lost before it had a number (`auditctl -s`), and whether a rule records
 * started programs (`auditctl -l`), without which a daemon that runs proves nothing. With `sudo -n` where the sensor's log is read so.
 * The asking leaves records of its own: give it a login session in which nothing acts.
 *
 * @returns nothing known where it may not be asked
 */
export async function askAuditOn(session: Session, sensor: Sensor): Promise<SensorProbe> {
  if (sensor.type !== "auditd" && sensor.type !== "laurel")
    return unknown(`the losses of the sensor ${sensor.type} cannot be asked on its host`);
  const sudo = sensor.log?.sudo === true ? "sudo -n " : "";
  const { ending, exitCode, stdout, stderr } = await session.exec("/bin/sh", {
    stdin: `PATH=$PATH:/usr/sbin:/sbin\n${sudo}auditctl -s </dev/null || exit\n${sudo}auditctl -l </dev/null 2>/dev/null || :\n`,
    deadlineMs: DEADLINE_MS,
  });
  if (ending !== "exited") return unknown(`asking the host's audit: ${ending}`);
  const status = exitCode === 0 ? parseStatus(stdout) : null;
  if (status === null)
    return unknown(`the host's audit cannot be asked: ${stderr.trim().split("\n")[0] || "no answer"}`);
  const counted = { lost: status.lost, daemon: status.pid };
  if (status.enabled === 0) return { ...counted, running: false, detail: "the host's audit is switched off" };
  if (status.pid === 0) return { ...counted, running: false, detail: "no audit daemon runs" };
  if (!parseRules(stdout).some(recordsStarts))
    return {
      ...counted,
      running: null,
      detail: "no rule that records started programs is seen in the kernel",
    };
  return { ...counted, running: true, detail: `auditd (pid ${String(status.pid)}) is there` };
}

/** Of calls that execute, or of files that are executed. */
function recordsStarts(rule: string): boolean {
  return /^-a (?:always,exit|exit,always) .*-S \S*\bexecve/.test(rule) || /^-w .* -p [rwa]*x/.test(rule);
}

function unknown(detail: string): SensorProbe {
  return { lost: null, running: null, detail };
}
