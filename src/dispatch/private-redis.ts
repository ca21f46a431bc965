import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { type FileHandle, link, mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
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
rm -f "$folder/owners"
cat > /dev/null
kill "$child"
wait "$child"
rm -rf "$folder"
`;

/**
 * Joins the server of this state folder, or starts it.
 * @throws TyrianError `queue-unavailable` without redis-server or valkey-server on PATH, or when it does not start.
 */
export async function openPrivateRedis(state: string): Promise<PrivateRedis> {
  const servers = serversFolder(state);
  await mkdir(servers, { recursive: true, mode: 0o700 });
  const release = await startLock(servers);
  try {
    return (await joinRunning(servers)) ?? (await start(servers));
  } finally {
    await release();
  }
}

/**
 * Each server has a folder of its own in here: one that ends unlinks its socket, and must not unlink that of its
 * successor.
 */
function serversFolder(state: string): string {
  const folder = join(state, "redis");
  const longest = join(folder, newServerName(), "redis.sock");
  if (Buffer.byteLength(longest) <= LONGEST_SOCKET_PATH) return folder;
  const name = createHash("sha256").update(state).digest("hex").slice(0, 16);
  return join(tmpdir(), `tyrian-${userInfo().uid}-${name}`);
}

function newServerName(): string {
  return `server-${process.pid}-${randomBytes(3).toString("hex")}`;
}

/** A share of the running server, or null when none runs. What dead ones left is taken away. */
async function joinRunning(servers: string): Promise<PrivateRedis | null> {
  for (const name of await readdir(servers)) {
    if (!name.startsWith("server-")) continue;
    const folder = join(servers, name);
    try {
      // Fails with ENXIO when no keeper reads, with ENOENT when it has begun to end.
      return shareOf(folder, await open(join(folder, "owners"), constants.O_WRONLY | constants.O_NONBLOCK));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== "ENOENT" && code !== "ENXIO") {
        const message = `the private Redis in ${folder} cannot be joined: ${messageOf(error)}`;
        throw new TyrianError("queue-unavailable", message, { cause: error });
      }
      await rm(folder, { recursive: true, force: true });
    }
  }
  return null;
}

function shareOf(folder: string, handle: FileHandle): PrivateRedis {
  return { socket: join(folder, "redis.sock"), close: () => handle.close() };
}

async function start(servers: string): Promise<PrivateRedis> {
  const server = serverOnPath();
  const folder = join(servers, newServerName());
  await mkdir(folder, { mode: 0o700 });
  const fifo = join(folder, "owners");
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
    // The file is there before the server listens.
    while (!(await accepts(join(folder, "redis.sock")))) {
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

function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
    connection.once("error", () => resolve(false));
  });
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

/** One starter at a time. A lock whose holder is dead is taken over; it never exists without its holder's number. */
async function startLock(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, "starting");
  const own = join(folder, `starting.${process.pid}.${randomBytes(3).toString("hex")}`);
  await writeFile(own, String(process.pid), { mode: 0o600 });
  const until = Date.now() + START_DEADLINE_MS * 2;
  try {
    for (;;) {
      try {
        await link(own, file);
        return () => rm(file, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const holder = Number(await readFile(file, "utf8").catch(() => ""));
      if (holder > 0 && !isAlive(holder)) await rm(file, { force: true });
      if (Date.now() > until) {
        const message = `another process has been starting the private Redis for too long (${file})`;
        throw new TyrianError("queue-unavailable", message);
      }
      await sleep(10);
    }
  } finally {
    await rm(own, { force: true });
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
