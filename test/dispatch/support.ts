import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { QueueServer } from "../../src/dispatch/redis.js";
import { freePort } from "../free-port.js";

/** A state folder of its own, so that no test meets the server of another or of the user. */
export interface StateFolder {
  readonly path: string;
  /** Removes it. Fails when a server or a keeper stays behind in it. */
  remove(): Promise<void>;
}

export function stateFolder(): StateFolder {
  const path = mkdtempSync(join(tmpdir(), "tyrian-dispatch-"));
  return {
    path,
    remove: async () => {
      await until(() => !processIds().some((pid) => commandLine(pid).join(" ").includes(path)));
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function processIds(): string[] {
  return readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
}

/** Folders of the private servers in a state folder. */
export function serversOf(state: string): string[] {
  const folder = join(state, "redis");
  return readdirSync(folder)
    .filter((name) => name.startsWith("server-"))
    .map((name) => join(folder, name));
}

/** The processes of a private server, found by their command lines. */
export interface ServerProcesses {
  readonly keeper: number;
  readonly server: number;
}

/** Whose folder or socket is given. Exactly one of each must run. */
export function processesOf(path: string): ServerProcesses {
  const folder = path.replace(/\/redis\.sock$/, "");
  const keepers: number[] = [];
  const servers: number[] = [];
  for (const name of processIds()) {
    const words = commandLine(name);
    if (words.includes("tyrian-redis-keeper") && words.includes(folder)) keepers.push(Number(name));
    // A server writes its address over its command line; its working folder stays.
    else if (/redis-server|valkey-server/.test(words[0] ?? "") && workingFolder(name) === folder)
      servers.push(Number(name));
  }
  const [keeper, server] = [keepers[0], servers[0]];
  if (keeper === undefined || server === undefined || keepers.length + servers.length > 2)
    throw new Error(`expected one keeper and one server of ${folder}: ${keepers.join()}; ${servers.join()}`);
  return { keeper, server };
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // It ended meanwhile.
  }
}

/** The socket of a private server. */
export function socketOf(server: QueueServer): string {
  if (!("path" in server.options)) throw new Error("the server is not private");
  return server.options.path;
}

function workingFolder(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, "");
  } catch {
    return "";
  }
}

/** Whether a process runs; one that has ended and that nobody has asked about yet does not. */
export function alive(pid: number): boolean {
  return commandLine(String(pid)).join("") !== "";
}

/** Waits until something holds; fails after `deadlineMs`. */
export async function until(holds: () => boolean | Promise<boolean>, deadlineMs = 5_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > end)
      throw new Error(`it did not come to hold within ${deadlineMs} ms: ${String(holds)}`);
    await sleep(20);
  }
}

export interface Child {
  readonly process: ChildProcess;
  /** Waits for the next line of its standard output. */
  line(): Promise<string>;
  /** Ends it with SIGKILL, as a crash would. */
  kill(): Promise<void>;
}

/** Runs `dispatch-process.ts` in a process of its own. */
export function startProcess(...words: string[]): Child {
  const program = resolve(import.meta.dirname, "dispatch-process.ts");
  const child = spawn(process.execPath, ["--import", "tsx", program, ...words], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    line: async () => {
      const next = await lines.next();
      if (next.done === true) throw new Error("the process ended without a further line");
      return next.value;
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** A server that is nobody's but the test's, on a port of loopback: what REDIS_URL names. */
export interface SharedRedis {
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

export async function startSharedRedis(): Promise<SharedRedis> {
  for (let attempt = 1; ; attempt += 1) {
    const redis = await tryToStartRedis(await freePort());
    if (redis !== null) return redis;
    if (attempt === MOST_ATTEMPTS) throw new Error(`redis-server ended at once, ${attempt} times`);
  }
}

/** A port that was free may be taken by the time that it is used. */
const MOST_ATTEMPTS = 3;

/** Null when it ended before it answered. */
async function tryToStartRedis(port: number): Promise<SharedRedis | null> {
  const folder = mkdtempSync(join(tmpdir(), "tyrian-shared-redis-"));
  const words = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    "--save",
    "",
    "--requirepass",
    "s3cret",
  ];
  const child = spawn("redis-server", words, { stdio: "ignore" });
  const ended = once(child, "exit");
  const answers = (): boolean => {
    try {
      const words = ["-h", "127.0.0.1", "-p", String(port), "-a", "s3cret", "--no-auth-warning", "ping"];
      return (
        execFileSync("redis-cli", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }) ===
        "PONG\n"
      );
    } catch {
      return false;
    }
  };
  await until(() => child.exitCode !== null || answers());
  if (child.exitCode !== null) {
    rmSync(folder, { recursive: true, force: true });
    return null;
  }
  return {
    url: `redis://:s3cret@127.0.0.1:${port}/2`,
    pid: child.pid ?? 0,
    close: async () => {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
