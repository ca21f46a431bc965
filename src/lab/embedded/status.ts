import { auditRules, auditStatus, keyOf, logOfDaemon } from "./audit.js";
import { isAlive, labNamespaces, labProcesses, listensOnSsh, mountsUnder } from "./processes.js";
import { folderExists, readState, type LabPlace } from "./state.js";
import { tracerOf } from "./rootless.js";
import type { LabStatus } from "./types.js";

/** Each host has three rules: for its root, its /usr, and its operator's sessions. */
export const RULES_OF_A_HOST = 3;

/** Finds out what is really there. Changes nothing. */
export async function statusOf(place: LabPlace): Promise<LabStatus> {
  const state = readState(place);
  const root = process.getuid?.() === 0;
  const audited = root && (state === null || state.kind === "root");
  const rules = audited ? ((await auditRules()) ?? []) : [];
  const sensor = audited ? await auditStatus() : null;
  const keys = rules.map(keyOf);
  const found = {
    processes: labProcesses(place),
    namespaces: labNamespaces(place),
    rules: rules.filter((rule) => keyOf(rule).startsWith(place.prefix)),
    mounts: mountsUnder(place.folder),
    files: folderExists(place) ? [place.folder] : [],
  };
  const hosts = (state?.hosts ?? []).map((host) => ({
    name: host.name,
    address: host.address,
    running: isAlive(host.pid, host.startTicks) && listensOnSsh(host.pid as number),
    observed:
      state?.kind === "root"
        ? keys.filter((key) => key === host.sensorHost).length >= RULES_OF_A_HOST
        : tracerOf(host) !== null,
  }));
  const sensorRunning =
    state?.kind === "root"
      ? sensor !== null &&
        sensor.enabled > 0 &&
        state.sensor.type === "auditd" &&
        logOfDaemon(sensor.pid) === state.sensor.file
      : hosts.some((host) => host.observed);
  const things = [found.processes, found.namespaces, found.rules, found.mounts, found.files].some(
    (list) => list.length > 0,
  );
  const problems: string[] = [];
  if (state === null) {
    if (things) problems.push("Parts of a lab are there without its state file.");
    return { phase: things ? "broken" : "down", state, hosts, sensorRunning: false, problems, found };
  }
  if (state.phase === "creating") problems.push("The lab was not finished, or is being made at this moment.");
  if (!sensorRunning) problems.push("The sensor does not run.");
  for (const host of hosts) {
    if (!host.running) problems.push(`Host ${host.name} does not run or does not listen on port 22.`);
    else if (!host.observed) problems.push(`The sensor does not watch host ${host.name}.`);
  }
  if (state.kind === "root" && !found.namespaces.includes(place.labNamespace)) {
    problems.push("The network of the lab is gone.");
  }
  if (
    state.kind === "rootless" &&
    !isAlive(state.supervisor?.pid ?? null, state.supervisor?.startTicks ?? null)
  ) {
    problems.push("The process that holds the lab is gone.");
  }
  return { phase: problems.length === 0 ? "up" : "broken", state, hosts, sensorRunning, problems, found };
}
