import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { targetSchema, type Target } from "../../src/model/target.js";

const program = "/usr/sbin/sshd";

/** Why tests against a real sshd cannot run here; null when they can. */
export const noSshd: string | null = existsSync(program)
  ? null
  : `${program} is absent (apt-get install openssh-server)`;

/** An OpenSSH server on loopback with its own keys, for the user who runs the tests. */
export interface Sshd {
  readonly folder: string;
  readonly port: number;
  readonly userKey: string;
  /** The public key line of the host. */
  readonly hostKey: string;
  readonly pid: number;
  /** What the server has logged. */
  log(): string;
  target(changes?: Record<string, unknown>): Target;
  stop(): Promise<void>;
}

export async function startSshd(
  settings: readonly string[] = [],
  options: { readonly address?: string; readonly command?: readonly string[] } = {},
): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), "tyrian-sshd-"));
  const hostKeyFile = join(folder, "host");
  const userKey = join(folder, "user");
  for (const file of [hostKeyFile, userKey]) keygen(file, "ed25519");
  writeFileSync(join(folder, "authorized_keys"), readFileSync(`${userKey}.pub`), { mode: 0o600 });
  // sshd of root wants this folder; the distribution's service makes it when it starts.
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const address = options.address ?? "127.0.0.1";
  const port = options.address === undefined ? await freePort() : 2222;
  const config = join(folder, "sshd_config");
  const logFile = join(folder, "log");
  writeFileSync(
    config,
    [
      // The first mention of a setting counts.
      ...settings,
      `ListenAddress ${address}`,
      `Port ${port}`,
      `HostKey ${hostKeyFile}`,
      `AuthorizedKeysFile ${join(folder, "authorized_keys")}`,
      `PidFile none`,
      "StrictModes no",
      "UsePAM no",
      "PasswordAuthentication no",
      "PermitRootLogin yes",
      "PrintMotd no",
      "LogLevel DEBUG1",
      // An empty home: what the user's own shell start-up files do is no business of a test, nor is killing it half-way.
      `SetEnv HOME=${folder}`,
    ].join("\n"),
  );
  const [first = program, ...rest] = [...(options.command ?? []), program, "-D", "-E", logFile, "-f", config];
  const server = spawn(first, rest, { stdio: "ignore" });
  const log = (): string => (existsSync(logFile) ? readFileSync(logFile, "utf8") : "");
  for (let waited = 0; !log().includes("Server listening"); waited += 20) {
    if (server.exitCode !== null || waited > 10_000) throw new Error(`sshd did not start: ${log()}`);
    await pause(20);
  }
  const hostKey = readFileSync(`${hostKeyFile}.pub`, "utf8").trim();
  return {
    folder,
    port,
    userKey,
    hostKey,
    pid: server.pid as number,
    log,
    target: (changes = {}) =>
      sshTarget(port, {
        host: address,
        user: userInfo().username,
        hostKey,
        authentication: { type: "key", file: userKey },
        ...changes,
      }),
    stop: () => stop(server, folder),
  };
}

/** A host key that is well-formed, and nobody's. */
export const noHostKey = `SHA256:${"A".repeat(43)}`;

/** A target behind a server on loopback; what is not said of its transport is an agent's key for somebody. */
export function sshTarget(port: number, transport: Record<string, unknown> = {}): Target {
  return targetSchema.parse({
    name: "host-1",
    platform: "linux",
    sensor: { type: "none" },
    transport: {
      ...{ type: "ssh", host: "127.0.0.1", port, user: "someone", hostKey: noHostKey },
      authentication: { type: "agent" },
      ...transport,
    },
  });
}

/** Makes a key pair `file` and `file.pub`. */
export function keygen(file: string, type: string, passphrase = ""): void {
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "test", "-f", file]);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function stop(server: ChildProcess, folder: string): Promise<void> {
  for (const pid of descendants(server.pid as number)) tryKill(pid);
  const ended =
    server.exitCode !== null ? Promise.resolve() : new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGKILL");
  await ended;
  rmSync(folder, { recursive: true, force: true });
}

/** The processes below one, the nearest first. */
export function descendants(pid: number): number[] {
  const children = childrenOf(pid);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** The processes that one has started, the oldest first: by time, because numbers come round again. */
export function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), ...originOf(Number(name)) }))
    .filter(({ parent }) => parent === pid)
    .toSorted((one, other) => one.start - other.start || one.pid - other.pid)
    .map((child) => child.pid);
}

function originOf(pid: number): { readonly parent: number; readonly start: number } {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    return { parent: Number(fields[1]), start: Number(fields[19]) };
  } catch {
    return { parent: 0, start: 0 };
  }
}

export function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The process has ended.
  }
}

/** Whether a process lives; a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
