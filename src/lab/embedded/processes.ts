import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { MARKER, type LabPlace } from "./state.js";

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The start time of a process in ticks since boot, or null when it does not live. With the pid it names a process for good. */
export function startTicksOf(pid: number): string | null {
  const stat = read(`/proc/${String(pid)}/stat`);
  // The name, in parentheses, may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (stat === "" || fields[0] === "Z" || fields[0] === "X") return null;
  return fields[19] ?? null;
}

/** Whether the process that was started then still lives. */
export function isAlive(pid: number | null, startTicks: string | null): boolean {
  return pid !== null && startTicks !== null && startTicksOf(pid) === startTicks;
}

export function allProcesses(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The words of a process's command line; empty when it does not live. */
export function commandLineOf(pid: number): string[] {
  return read(`/proc/${String(pid)}/cmdline`).split("\0");
}

/**
 * All living processes of a lab: those in a network namespace of one of its hosts, and those that carry its marker
 * (sshd overwrites its environment with its title, so the marker alone does not find it).
 */
export function labProcesses(place: LabPlace): number[] {
  const namespaces = new Set<number>();
  for (const name of hostNamespaces(place)) {
    try {
      namespaces.add(statSync(`/run/netns/${name}`).ino);
    } catch {
      continue;
    }
  }
  const mark = `${MARKER}=${place.id}`;
  return allProcesses().filter((pid) => {
    if (pid === process.pid || startTicksOf(pid) === null) return false;
    if (namespaces.size > 0) {
      try {
        const inode = /^net:\[(\d+)\]$/.exec(readlinkSync(`/proc/${String(pid)}/ns/net`))?.[1];
        if (inode !== undefined && namespaces.has(Number(inode))) return true;
      } catch {
        return false;
      }
    }
    return read(`/proc/${String(pid)}/environ`)
      .split("\0")
      .includes(mark);
  });
}

/** Names of the lab's network namespaces that exist, the bridge's included. */
export function labNamespaces(place: LabPlace): string[] {
  try {
    return readdirSync("/run/netns").filter((name) => name.startsWith(place.prefix));
  } catch {
    return [];
  }
}

/** Clients of the lab run in the bridge's namespace; they are not the lab's. */
function hostNamespaces(place: LabPlace): string[] {
  return labNamespaces(place).filter((name) => name !== place.labNamespace);
}

/** Whether something listens on TCP port 22 in the network namespace of a process. */
export function listensOnSsh(pid: number): boolean {
  // Fields: number, local address:port in hexadecimal, remote, state; 0A is LISTEN.
  return /^\s*\d+: [0-9A-F]+:0016 [0-9A-F:]+ 0A /m.test(read(`/proc/${String(pid)}/net/tcp`));
}

/** Mount points of this process's namespace that are at or under a folder. */
export function mountsUnder(folder: string): string[] {
  return read("/proc/self/mountinfo")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point === folder || point.startsWith(`${folder}/`));
}
