import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { stateFolder } from "../../config.js";
import { messageOf } from "../../errors.js";
import { makeFolder } from "../../folders.js";
import { findNodePowerShell, findPwsh, PWSH_HINT } from "../../transport/powershell/requirements.js";
import { auditStatus, auditUnusable } from "../embedded/audit.js";
import { run } from "../embedded/commands.js";
import { findInFolders } from "./programs.js";

const PROBE_DEADLINE_MS = 5_000;
const CONNECT_DEADLINE_MS = 2_000;

/** Whether something can be used here, found by trying it. */
export interface Finding {
  /** Null when it could not be tried. */
  readonly usable: boolean | null;
  readonly detail: string;
}

export interface AuditFinding extends Finding {
  /** The daemon that receives the kernel's records now; null when there is none or it cannot be asked. */
  readonly daemon: { readonly pid: number; readonly command: string | null } | null;
}

export interface QueueFinding extends Finding {
  /** `url`: REDIS_URL is set. `private`: a server of our own is started when needed. */
  readonly source: "url" | "private" | "none";
}

/** Whether the kernel's audit can be a lab's sensor (the lab's own judgement), and who receives its records now. */
export async function probeAudit(): Promise<AuditFinding> {
  const reason = await auditUnusable();
  const status = process.getuid?.() === 0 ? await auditStatus() : null;
  const daemon =
    status === null || status.pid === 0 ? null : { pid: status.pid, command: await commandOf(status.pid) };
  if (reason !== null) return { usable: false, daemon, detail: reason };
  if (daemon === null) return { usable: true, daemon, detail: "free: no daemon receives its records" };
  const who = `${daemon.command ?? "a process that cannot be seen from here"} (pid ${daemon.pid})`;
  return { usable: true, daemon, detail: `its records go to ${who}, whose log a lab can read` };
}

/** Whether a host's file system can be laid over this machine's: tried in a mount namespace that ends with the trial. */
export async function probeOverlay(root: boolean): Promise<Finding> {
  if (!root) return { usable: null, detail: "not tried: only a lab made by root uses it" };
  let folder: string | undefined;
  try {
    makeFolder(stateFolder());
    folder = await mkdtemp(join(stateFolder(), "doctor-"));
    const [upper, work, merged] = [join(folder, "upper"), join(folder, "work"), join(folder, "merged")];
    for (const each of [upper, work, merged]) await mkdir(each);
    const script =
      'mount -t overlay tyrian-doctor -o "lowerdir=/,upperdir=$1,workdir=$2" "$3" && test -d "$3/etc"';
    const parameters = ["--mount", "--propagation", "private", "sh", "-c", script, "sh", upper, work, merged];
    const answer = await run("unshare", parameters, { deadlineMs: PROBE_DEADLINE_MS });
    if (answer.ok) return { usable: true, detail: `a file system can be laid over / in ${stateFolder()}` };
    return { usable: false, detail: `no overlay mount in ${stateFolder()}: ${firstLine(answer.stderr)}` };
  } catch (thrown) {
    return { usable: null, detail: `could not be tried: ${messageOf(thrown)}` };
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** Whether a lab without root is possible: user, network, mount and process namespaces together. */
export async function probeUserNamespaces(): Promise<Finding> {
  const parameters = [
    "--user",
    "--map-root-user",
    "--net",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "true",
  ];
  const answer = await run("unshare", parameters, { deadlineMs: PROBE_DEADLINE_MS });
  if (answer.ok) return { usable: true, detail: "a lab without root is possible" };
  return { usable: false, detail: `user namespaces cannot be made: ${firstLine(answer.stderr)}` };
}

/** What the procedures of T1059.013 need on a host, whose programs are this machine's. */
const CONTAINER_PROGRAMS = ["podman", "crun", "busybox"] as const;

/**
 * Whether procedures can start containers on the lab's hosts: their programs, and user namespaces for who is not root, as the operator of a
 * host is not.
 * @param folders where the hosts look for programs
 */
export async function probeContainers(root: boolean, folders: readonly string[]): Promise<Finding> {
  const missing = CONTAINER_PROGRAMS.filter((program) => findInFolders(program, folders) === null);
  if (missing.length > 0) {
    const install = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
    return { usable: false, detail: `T1059.013 is skipped without ${missing.join(", ")}: ${install}` };
  }
  const unshare = findInFolders("unshare", folders) ?? "unshare";
  const namespaces = [unshare, "--user", "--map-root-user", "--mount", "true"];
  const ordinary = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const [command = "", ...parameters] = root ? [...ordinary, ...namespaces] : namespaces;
  const answer = await run(command, parameters, { deadlineMs: PROBE_DEADLINE_MS });
  if (answer.ok) return { usable: true, detail: "podman with crun, in user namespaces of ordinary users" };
  const reason = `no user namespaces for ordinary users: ${firstLine(answer.stderr)}`;
  return { usable: false, detail: `T1059.013 is skipped: ${reason}` };
}

/** Where the queue will be: REDIS_URL if it is set (then it must answer), else a private server. */
export async function probeQueue(url: string | undefined, server: string | null): Promise<QueueFinding> {
  if (url === undefined || url === "") {
    if (server !== null)
      return { source: "private", usable: true, detail: `a private ${server}, on a unix socket` };
    return {
      source: "none",
      usable: false,
      detail: "REDIS_URL is not set, and neither redis-server nor valkey-server is installed",
    };
  }
  let address: URL;
  try {
    address = new URL(url);
  } catch {
    return { source: "url", usable: false, detail: "REDIS_URL is not a URL (redis://HOST:PORT)" };
  }
  if (!/^rediss?:$/.test(address.protocol) || address.hostname === "") {
    return {
      source: "url",
      usable: false,
      detail: "REDIS_URL must be redis://HOST:PORT or rediss://HOST:PORT",
    };
  }
  const port = address.port === "" ? 6379 : Number(address.port);
  const where = `${address.hostname}:${port} (REDIS_URL)`;
  const problem = await connectionProblem(address.hostname.replace(/^\[|\]$/g, ""), port);
  return {
    source: "url",
    usable: problem === null,
    detail: problem === null ? where : `${where}: ${problem}`,
  };
}

/** Whether targets of the `powershell` transport can be reached from here: pwsh, and the package that drives it. */
export function probePowerShell(path: string | undefined): Finding {
  const pwsh = findPwsh(path);
  const missing = [
    ...(pwsh === null ? [`pwsh is missing. ${PWSH_HINT}`] : []),
    ...(findNodePowerShell() === null ? ["node-powershell is missing: npm install --include=optional"] : []),
  ];
  if (missing.length === 0) return { usable: true, detail: String(pwsh) };
  return { usable: false, detail: `for the transport powershell alone: ${missing.join("; ")}` };
}

/** Capabilities of capabilities(7) that a lab made by root uses, by their bit. */
const capabilityBits: readonly (readonly [string, number])[] = [
  ["CAP_NET_ADMIN", 12],
  ["CAP_SYS_CHROOT", 18],
  ["CAP_SYS_PTRACE", 19],
  ["CAP_SYS_ADMIN", 21],
  ["CAP_SYS_RESOURCE", 24],
  ["CAP_AUDIT_CONTROL", 30],
];

/** The effective capabilities of this process among those; empty where the kernel does not tell. */
export async function readCapabilities(): Promise<string[]> {
  try {
    const status = await readFile("/proc/self/status", "utf8");
    const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
    return capabilityBits.filter(([, bit]) => (effective >> BigInt(bit)) % 2n === 1n).map(([name]) => name);
  } catch {
    return [];
  }
}

async function commandOf(pid: number): Promise<string | null> {
  try {
    return (await readFile(`/proc/${pid}/comm`, "utf8")).trim();
  } catch {
    return null;
  }
}

function connectionProblem(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (problem: string | null): void => {
      clearTimeout(deadline);
      socket.destroy();
      resolve(problem);
    };
    const deadline = setTimeout(
      () => finish(`no answer within ${CONNECT_DEADLINE_MS / 1000} s`),
      CONNECT_DEADLINE_MS,
    );
    socket.once("connect", () => finish(null));
    socket.once("error", (problem: NodeJS.ErrnoException) => finish(problem.code ?? problem.message));
  });
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0]?.slice(0, 300) || "it did not say why";
}
