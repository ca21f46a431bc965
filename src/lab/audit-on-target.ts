import type { Sensor } from "../model/target.js";
import type { Session } from "../transport/transport.js";
import { parseStatus } from "./embedded/audit.js";
import type { SensorProbe } from "./embedded/types.js";

const DEADLINE_MS = 8_000;

/**
 * Asks a target itself how its kernel's audit does (`auditctl -s`), which counts what was lost before it had a number. With `sudo -n`
 * where the sensor's log is read so. The asking leaves records of its own: give it a login session in which nothing acts.
 *
 * @returns nothing known where it may not be asked
 */
export async function askAuditOn(session: Session, sensor: Sensor): Promise<SensorProbe> {
  if (sensor.type !== "auditd" && sensor.type !== "laurel")
    return unknown(`the losses of the sensor ${sensor.type} cannot be asked on its host`);
  const sudo = sensor.log?.sudo === true ? "sudo -n " : "";
  const { ending, exitCode, stdout, stderr } = await session.exec("/bin/sh", {
    stdin: `PATH=$PATH:/usr/sbin:/sbin\nexec ${sudo}auditctl -s\n`,
    deadlineMs: DEADLINE_MS,
  });
  if (ending !== "exited") return unknown(`asking the host's audit: ${ending}`);
  const status = exitCode === 0 ? parseStatus(stdout) : null;
  if (status === null)
    return unknown(`the host's audit cannot be asked: ${stderr.trim().split("\n")[0] || "no answer"}`);
  const counted = { lost: status.lost, daemon: status.pid };
  if (status.enabled === 0) return { ...counted, running: false, detail: "the host's audit is switched off" };
  if (status.pid === 0) return { ...counted, running: false, detail: "no audit daemon runs" };
  return { ...counted, running: true, detail: `auditd (pid ${String(status.pid)}) is there` };
}

function unknown(detail: string): SensorProbe {
  return { lost: null, running: null, detail };
}
