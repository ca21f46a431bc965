import { statfsSync } from "node:fs";
import { keyOf, logOfDaemon } from "./audit.js";
import { type AuditAnswer, ask } from "./audit-asker.js";
import { startTicksOf } from "./processes.js";
import { deadDaemons } from "./router/probe.js";
import { tracerOf } from "./rootless.js";
import { RULES_OF_A_HOST } from "./status.js";
import type { LabState, SensorProbe } from "./types.js";

/** Bytes that must be free where the records go; with less, the newest may be missing. */
const ROOM = 4 * 1024 * 1024;

let running: Promise<AuditAnswer> | null = null;
let next: Promise<AuditAnswer> | null = null;

/** Many trials ask at once, and each answer costs two processes: who comes while one is under way shares the next. */
async function askAudit(): Promise<AuditAnswer> {
  if (running === null) {
    running = ask().finally(() => (running = null));
    return await running;
  }
  // Not the one under way: its numbers may be older than the question.
  next ??= running.then(async () => {
    next = null;
    return await askAudit();
  });
  return await next;
}

function hasRoom(file: string): boolean | null {
  try {
    const { bavail, bsize } = statfsSync(file);
    return bavail * bsize >= ROOM;
  } catch {
    return null;
  }
}

/** Asks this machine how the sensor of a host of the lab does. The host is a target's name or its name in the telemetry. */
export async function probeSensor(state: LabState, host: string): Promise<SensorProbe> {
  const one = state.hosts.find((candidate) => candidate.name === host || candidate.sensorHost === host);
  if (one === undefined) return { lost: null, running: null, detail: `the lab has no host ${host}` };
  if (state.sensor.type === "strace") {
    const room = hasRoom(one.log as string);
    if (tracerOf(one) === null)
      return { lost: null, running: false, detail: `the tracer of ${host} does not live` };
    if (room !== true)
      return { lost: null, running: room, detail: `there is no room for the log ${one.log as string}` };
    return {
      lost: 0,
      running: true,
      detail: "the tracer lives; a traced program waits until it is recorded",
    };
  }
  const { status, rules } = await askAudit();
  if (status === null || rules === null)
    return { lost: null, running: null, detail: "the kernel's audit cannot be asked" };
  const counted = { lost: status.lost, daemon: status.pid };
  const count = rules.filter((rule) => keyOf(rule) === one.sensorHost).length;
  const file = logOfDaemon(status.pid);
  if (status.pid === 0 || startTicksOf(status.pid) === null)
    return { ...counted, running: false, detail: "no audit daemon runs" };
  if (status.enabled === 0)
    return { ...counted, running: false, detail: "the kernel's audit is switched off" };
  if (count < RULES_OF_A_HOST) {
    return {
      ...counted,
      running: false,
      detail: `${String(count)} of ${String(RULES_OF_A_HOST)} audit rules of ${host} are in the kernel`,
    };
  }
  if (file !== state.sensor.file) {
    return {
      ...counted,
      running: false,
      detail: `the audit daemon writes to ${file ?? "no log"}, not to ${state.sensor.file}`,
    };
  }
  const room = hasRoom(state.sensor.file);
  if (room !== true)
    return { ...counted, running: room, detail: `there is no room for the log ${state.sensor.file}` };
  const dead = one.profile === "network" && one.pid !== null ? await deadDaemons(one.pid) : [];
  if (dead.length > 0)
    return {
      ...counted,
      running: false,
      detail: `of ${host}, which logs its commands, ${dead.join(" and ")} does not live`,
    };
  return {
    ...counted,
    running: true,
    detail: `auditd (pid ${String(status.pid)}) and the rules of ${host} are there`,
  };
}
