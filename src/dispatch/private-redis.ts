import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { TyrianError, messageOf } from "../errors.js";
import { makeFolder } from "../folders.js";
import { takeLock } from "./start-lock.js";

/**
 * A Redis of our own on a unix socket, shared by the runs of one user and state folder and gone with the last of them.
 *
 * Every run that uses it holds the write end of a fifo open. A keeper reads the fifo: the kernel tells it when the last
 * writer is gone, by SIGKILL too, and it ends the server. Should the keeper be killed, the kernel ends the server with it
 * (where setpriv has --pdeathsig); else the next start does. Nothing polls and no process id is trusted.
 */
export interface PrivateRedis {
  /** Path of the unix socket. */
  readonly socket: string;
  /** Gives up this process's share; the server ends when it was the last. */
  close(): Promise<void>;
}

const START_DEADLINE_MS = 10_000;

/** Milliseconds for a server without a keeper to end. */
const END_DEADLINE_MS = 2_000;

/** The longest path that a unix socket may have (sockaddr_un, 108 bytes with the final zero). */
const LONGEST_SOCKET_PATH = 107;

/** The file whose lock is held while a server is started, joined or ended. */
const LOCK_FILE = "lock";

/**
 * Starts the server and ends it at the end of its input. Who joins does so under the lock and writes a line: after the end
 * of the input, a line that is read under the lock tells of one who joined in between, and no line that none did. Without
 * the lock it ends the server all the same: a run is told of its loss, an orphan would stay for ever.
 */
const keeper = `
server=$1; folder=$2; lock=$3
trap '' INT HUP
tie='setpriv --pdeathsig KILL'
$tie "$server" --version > /dev/null 2>&1 || tie=
[ -n "$tie" ] || "$server" --version > /dev/null 2> "$folder/redis.log" || exit 1
$tie "$server" --port 0 --unixsocket "$folder/redis.sock" --unixsocketperm 700 --dir "$folder" --save '' --appendonly no \
  --maxmemory-policy noeviction --daemonize no --logfile "$folder/redis.log" 2>> "$folder/redis.log" &
exec 9>> "$lock"
while :; do
  while read -r joined; do :; done
  flock -x 9 || break
  read -r joined || break
  flock -u 9
done
kill -KILL "$!"
wait "$!"
rm -rf "$folder"
`;

/**
 * Joins the server of this state folder, or starts it.
 * @throws TyrianError `queue-unavailable` without redis-server or valkey-server on PATH, or when it does not start.
 */
export async function openPrivateRedis(state: string): Promise<PrivateRedis> {
  const servers = serversFolder(state);
  try {
    makeFolder(servers);
    await assertOwn(servers);
    return await joinOrStart(servers);
  } catch (error) {
    if (error instanceof TyrianError) throw error;
    const message = `the private Redis in ${servers} cannot be used: ${messageOf(error)}`;
    throw new TyrianError("queue-unavailable", message, {
      cause: error,
      hint: "Set XDG_STATE_HOME to a folder in which you can write, or set REDIS_URL.",
    });
  }
}

async function joinOrStart(servers: string): Promise<PrivateRedis> {
  const until = Date.now() + START_DEADLINE_MS;
  for (;;) {
    const release = await takeLock(join(servers, LOCK_FILE), START_DEADLINE_MS * 2);
    try {
      const joined = await joinRunning(servers);
      if (joined === null) return await start(servers);
      if (joined !== "lost") return joined;
    } finally {
      await release();
    }
    if (Date.now() > until) {
      const message = `the private Redis in ${servers} was lost, and runs that used it have not ended`;
      throw new TyrianError("queue-unavailable", message, {
        hint: "They clean up. Wait until they have ended.",
      });
    }
    // Its keeper needs the lock to take it away.
    await sleep(50);
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
  return join(tmpdir(), `tyrian-${process.geteuid?.()}-${name}`);
}

function newServerName(): string {
  return `server-${process.pid}-${randomBytes(3).toString("hex")}`;
}

/** In a folder that all may write to, another user may have made ours first and could answer in the server's place. */
async function assertOwn(folder: string): Promise<void> {
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === process.geteuid?.() && (found.mode & 0o022) === 0) return;
  const message = `${folder} is not a folder that only this user can write to`;
  throw new TyrianError("queue-unavailable", message, { hint: "Remove it, or set REDIS_URL." });
}

/**
 * A share of the running server, null when none runs, or `lost` when the server has ended before those who use it. What
 * dead ones left is taken away. The caller holds the lock.
 */
async function joinRunning(servers: string): Promise<PrivateRedis | "lost" | null> {
  let lost = false;
  for (const name of await readdir(servers)) {
    if (!name.startsWith("server-")) continue;
    const folder = join(servers, name);
    const handle = await openOwners(folder);
    if (handle === null) {
      await endOwnerless(join(folder, "redis.sock"));
      await rm(folder, { recursive: true, force: true });
    } else if (await accepts(join(folder, "redis.sock"))) {
      return shareOf(folder, handle);
    } else {
      await handle.close();
      lost = true;
    }
  }
  return lost ? "lost" : null;
}

/** The write end of the fifo, its line written; null when no keeper reads it. */
async function openOwners(folder: string): Promise<FileHandle | null> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(join(folder, "owners"), constants.O_WRONLY | constants.O_NONBLOCK);
    await handle.write("joined\n");
    return handle;
  } catch (error) {
    await handle?.close();
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (["ENOENT", "ENXIO", "EPIPE"].includes(code)) return null;
    throw error;
  }
}

/**
 * Ends a server whose keeper was killed: nobody else would. A run that still uses it is told by its loss, and must not go
 * on beside a second server that knows nothing of its leases.
 */
async function endOwnerless(socket: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const connection = connect(socket, () => connection.write("SHUTDOWN NOSAVE\r\n"));
    // One that is stopped finds the command when it goes on.
    connection.setTimeout(END_DEADLINE_MS, () => connection.destroy());
    connection.on("error", () => undefined);
    connection.once("close", () => resolve());
    connection.resume();
  });
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
  // Neither end of a fifo opens before the other; this process must not be a reader, or nobody would miss the keeper.
  const both = await open(fifo, "r+");
  const owner = await open(fifo, "w");
  const reader = await open(fifo, "r");
  await both.close();
  try {
    const script = ["-c", keeper, "tyrian-redis-keeper", server, folder, join(servers, LOCK_FILE)];
    const child = spawn("/bin/sh", script, { detached: true, stdio: [reader.fd, "ignore", "ignore"] });
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
