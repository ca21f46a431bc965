import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { TyrianError, messageOf } from "../errors.js";

/**
 * A Redis of our own on a unix socket, shared by the runs of one user and state folder and gone with the last of them.
 *
 * Every run that uses it holds the write end of a fifo open. A keeper reads the fifo: the kernel tells it when the last
 * writer is gone, by SIGKILL too, and it ends the server. Nothing polls and no process id is trusted.
 */
export interface PrivateRedis {
  /** Path of the unix socket. */
  readonly socket: string;
  /** Gives up this process's share; the server ends when it was the last. */
  close(): Promise<void>;
}

const START_DEADLINE_MS = 10_000;

/** The longest path that a unix socket may have (sockaddr_un, 108 bytes with the final zero). */
const LONGEST_SOCKET_PATH = 107;

/** Ends the server at the end of its input. A run that joins between the two reads is still served. */
const keeper = `
server=$1; folder=$2
"$server" --port 0 --unixsocket "$folder/redis.sock" --unixsocketperm 700 --dir "$folder" --save '' --appendonly no \\
  --maxmemory-policy noeviction --daemonize no --logfile "$folder/redis.log" &
child=$!
trap '' INT HUP
cat > /dev/null
mv "$folder/owners" "$folder/owners.$$"
cat > /dev/null
kill "$child"
wait "$child"
rm -f "$folder/owners.$$"
`;

/**
 * Joins the server of this state folder, or starts it.
 * @throws TyrianError `queue-unavailable` without redis-server or valkey-server on PATH, or when it does not start.
 */
export async function openPrivateRedis(state: string): Promise<PrivateRedis> {
  const folder = socketFolder(state);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const release = await startLock(folder);
  try {
    const joined = await joinRunning(folder);
    if (joined !== null) return joined;
    return await start(folder);
  } finally {
    await release();
  }
}

function socketFolder(state: string): string {
  const folder = join(state, "redis");
  if (Buffer.byteLength(join(folder, "redis.sock")) <= LONGEST_SOCKET_PATH) return folder;
  const name = createHash("sha256").update(state).digest("hex").slice(0, 16);
  return join(tmpdir(), `tyrian-${userInfo().uid}-${name}`);
}

/** A share of the running server, or null when none runs. */
async function joinRunning(folder: string): Promise<PrivateRedis | null> {
  try {
    // Fails with ENXIO when no keeper reads.
    const handle = await open(join(folder, "owners"), constants.O_WRONLY | constants.O_NONBLOCK);
    return shareOf(folder, handle);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENXIO") return null;
    throw new TyrianError(
      "queue-unavailable",
      `the private Redis in ${folder} cannot be joined: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function shareOf(folder: string, handle: FileHandle): PrivateRedis {
  return { socket: join(folder, "redis.sock"), close: () => handle.close() };
}

async function start(folder: string): Promise<PrivateRedis> {
  const server = serverOnPath();
  const fifo = join(folder, "owners");
  await rm(fifo, { force: true });
  await rm(join(folder, "redis.sock"), { force: true });
  await promisify(execFile)("mkfifo", ["-m", "600", fifo]);
  const owner = await open(fifo, "r+");
  const reader = await open(fifo, "r");
  try {
    const child = spawn("/bin/sh", ["-c", keeper, "tyrian-redis-keeper", server, folder], {
      detached: true,
      stdio: [reader.fd, "ignore", "ignore"],
    });
    child.unref();
    await started(child, folder);
    return shareOf(folder, owner);
  } catch (error) {
    await owner.close();
    throw error;
  } finally {
    await reader.close();
  }
}

async function started(child: ChildProcess, folder: string): Promise<void> {
  const problem = new Promise<never>((_resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error("it ended at once")));
  });
  const ready = async (): Promise<void> => {
    const until = Date.now() + START_DEADLINE_MS;
    while (!existsSync(join(folder, "redis.sock"))) {
      if (Date.now() > until) throw new Error(`it was not ready within ${START_DEADLINE_MS / 1000} s`);
      await sleep(5);
    }
  };
  try {
    await Promise.race([problem, ready()]);
  } catch (error) {
    const log = await readFile(join(folder, "redis.log"), "utf8").catch(() => "");
    throw new TyrianError(
      "queue-unavailable",
      `the private Redis did not start: ${messageOf(error)}${lastLine(log)}`,
      { cause: error },
    );
  } finally {
    child.removeAllListeners();
    problem.catch(() => undefined);
  }
}

function lastLine(log: string): string {
  const line = log.trim().split("\n").at(-1) ?? "";
  return line === "" ? "" : ` (its log ends: ${line})`;
}

function serverOnPath(): string {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  for (const name of ["redis-server", "valkey-server"]) {
    const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  throw new TyrianError(
    "queue-unavailable",
    "neither redis-server nor valkey-server is on PATH, and REDIS_URL is not set",
    {
      hint: "Install one (Debian: apt-get install -y redis-server) or set REDIS_URL.",
    },
  );
}

/** One starter at a time. A lock whose holder is dead is taken over. */
async function startLock(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, "starting");
  const until = Date.now() + START_DEADLINE_MS * 2;
  for (;;) {
    try {
      const handle = await open(file, "wx", 0o600);
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = Number(await readFile(file, "utf8").catch(() => ""));
    if (holder > 0 && !isAlive(holder)) await rm(file, { force: true });
    if (Date.now() > until) {
      throw new TyrianError(
        "queue-unavailable",
        `another process has been starting the private Redis for too long (${file})`,
      );
    }
    await sleep(10);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
