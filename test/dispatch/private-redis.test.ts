import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open as openFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TyrianError } from "../../src/errors.js";
import { openPrivateRedis } from "../../src/dispatch/private-redis.js";
import { takeLock } from "../../src/dispatch/start-lock.js";
import { openQueueServer, type QueueServer } from "../../src/dispatch/redis.js";
import {
  alive,
  type Child,
  processesOf,
  serversOf,
  socketOf,
  startProcess,
  type StateFolder,
  stateFolder,
  until,
} from "./support.js";

let state: StateFolder;
const children: Child[] = [];
const servers: QueueServer[] = [];

beforeEach(() => {
  state = stateFolder();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const child of children.splice(0)) await child.kill();
  for (const server of servers.splice(0)) await server.close();
  await state.remove();
});

async function open(folder = state.path): Promise<QueueServer> {
  const server = await openQueueServer(folder, "");
  servers.push(server);
  return server;
}

function start(...words: string[]): Child {
  const child = startProcess(...words);
  children.push(child);
  return child;
}

describe("one private Redis for the processes of a state folder", () => {
  test("it is started once for two processes, which see the same data", async () => {
    const server = await open();
    const other = start("hold", state.path);
    expect(await other.line()).toBe(socketOf(server));
    expect(serversOf(state.path)).toEqual([dirname(socketOf(server))]);
    // It fails unless there is one of each.
    processesOf(socketOf(server));
    // The other process has a connection of its own to the server.
    expect(
      String(await server.client.client("LIST"))
        .trim()
        .split("\n"),
    ).toHaveLength(2);
  });

  test("ten that start it at the same time share one", async () => {
    const opened = await Promise.all(Array.from({ length: 10 }, () => open()));
    expect(new Set(opened.map(socketOf)).size).toBe(1);
    expect(serversOf(state.path)).toHaveLength(1);
  });

  test("it ends with its last user, and its folder and socket are gone", async () => {
    const first = await open();
    const second = await open();
    const folder = dirname(socketOf(first));
    const pid = processesOf(folder).server;
    await first.close();
    expect(await second.client.ping()).toBe("PONG");
    await second.close();
    await until(() => !alive(pid) && !existsSync(folder));
    expect(readdirSync(join(state.path, "redis"))).toEqual(["lock"]);
  });

  test("it ends also when its last user was killed", async () => {
    const user = start("hold", state.path);
    const folder = dirname(await user.line());
    const pid = processesOf(folder).server;
    expect(alive(pid)).toBe(true);
    await user.kill();
    await until(() => !alive(pid) && !existsSync(folder));
  });

  test("who comes while it ends gets one that works", async () => {
    for (let round = 0; round < 15; round += 1) {
      const last = await open();
      const [, next] = await Promise.all([last.close(), open()]);
      // Another look after the first one's end has had the time to take the server away.
      const joined = await open();
      expect(await next.client.set("round", String(round))).toBe("OK");
      expect(await joined.client.get("round")).toBe(String(round));
      await Promise.all([next.close(), joined.close()]);
    }
    await until(() => serversOf(state.path).length === 0);
  });

  test("who joins after its keeper has seen the last one leave, but before it ends, keeps it", async () => {
    const server = await open();
    const folder = dirname(socketOf(server));
    const { server: pid } = processesOf(folder);
    const release = await takeLock(join(state.path, "redis", "lock"), 5_000);
    await server.close();
    // The keeper waits for the lock now. What joining does under it:
    await sleep(300);
    const joined = await openFile(join(folder, "owners"), "w");
    await joined.write("joined\n");
    await release();
    await sleep(500);
    expect(alive(pid)).toBe(true);
    await joined.close();
    await until(() => !alive(pid) && !existsSync(folder));
  });

  test("two state folders have two servers", async () => {
    const other = stateFolder();
    try {
      const [one, two] = await Promise.all([open(), open(other.path)]);
      await one.client.set("of", "one");
      expect(await two.client.get("of")).toBeNull();
      expect(socketOf(one).startsWith(state.path)).toBe(true);
      expect(socketOf(two).startsWith(other.path)).toBe(true);
      await two.close();
    } finally {
      await other.remove();
    }
  });

  test("a state folder too deep for the path of a socket has its server elsewhere, for this user alone", async () => {
    const deep = join(state.path, "d".repeat(120));
    const [one, two] = [await open(deep), await open(deep)];
    expect(Buffer.byteLength(socketOf(one))).toBeLessThan(108);
    expect(socketOf(two)).toBe(socketOf(one));
    const folder = dirname(dirname(socketOf(one)));
    await Promise.all([one.close(), two.close()]);
    await until(() => readdirSync(folder).join() === "lock");
    rmSync(folder, { recursive: true });
  });
});

describe("an end that nobody asked for", () => {
  test("the server ends when its keeper is killed, and the next start begins afresh", async () => {
    const server = await open();
    const folder = dirname(socketOf(server));
    const { keeper, server: pid } = processesOf(folder);
    process.kill(keeper, "SIGKILL");
    await until(() => !alive(pid));
    const next = await open();
    expect(socketOf(next)).not.toBe(socketOf(server));
    expect(await next.client.ping()).toBe("PONG");
    expect(serversOf(state.path)).toEqual([dirname(socketOf(next))]);
  });

  test("where the kernel does not end it, the next start ends the server whose keeper was killed", async () => {
    const tools = mkdtempSync(join(tmpdir(), "tyrian-tools-"));
    for (const tool of ["redis-server", "mkfifo", "flock", "rm"])
      symlinkSync(`/usr/bin/${tool}`, join(tools, tool));
    vi.stubEnv("PATH", tools);
    const server = await open();
    const folder = dirname(socketOf(server));
    const { keeper, server: pid } = processesOf(folder);
    process.kill(keeper, "SIGKILL");
    await until(() => !alive(keeper));
    // It is an orphan now, and still answers.
    expect(await server.client.ping()).toBe("PONG");
    const next = await open();
    await until(() => !alive(pid));
    expect(existsSync(folder)).toBe(false);
    expect(await next.client.ping()).toBe("PONG");
    await next.close();
    await until(() => serversOf(state.path).length === 0);
    rmSync(tools, { recursive: true });
  });

  test("a keeper that cannot take the lock any more ends the server all the same", async () => {
    const tools = mkdtempSync(join(tmpdir(), "tyrian-tools-"));
    for (const tool of ["redis-server", "mkfifo", "flock"])
      symlinkSync(`/usr/bin/${tool}`, join(tools, tool));
    vi.stubEnv("PATH", tools);
    const server = await open();
    const { server: pid } = processesOf(socketOf(server));
    rmSync(tools, { recursive: true });
    await server.close();
    await until(() => !alive(pid));
  });

  test("a server that was killed is not joined while runs still use it; the next start waits for their end", async () => {
    const server = await open();
    const folder = dirname(socketOf(server));
    process.kill(processesOf(folder).server, "SIGKILL");
    await until(() => server.client.status !== "ready");
    let started = false;
    const next = open().then((opened) => {
      started = true;
      return opened;
    });
    await sleep(300);
    expect(started).toBe(false);
    await server.close();
    expect(socketOf(await next)).not.toBe(socketOf(server));
    expect(existsSync(folder)).toBe(false);
  });
});

describe("a private Redis that cannot be had is an error with a code", () => {
  async function refusal(folder = state.path): Promise<TyrianError> {
    const thrown: unknown = await openPrivateRedis(folder).then(
      () => null,
      (error: unknown) => error,
    );
    if (!(thrown instanceof TyrianError)) throw new Error(`not refused by a TyrianError: ${String(thrown)}`);
    return thrown;
  }

  test("without redis-server the error names the command that installs it", async () => {
    const tools = mkdtempSync(join(tmpdir(), "tyrian-tools-"));
    symlinkSync("/usr/bin/flock", join(tools, "flock"));
    vi.stubEnv("PATH", tools);
    const error = await refusal();
    expect(error.code).toBe("queue-unavailable");
    expect(error.message).toContain("redis-server");
    expect(error.hint).toContain("apt-get install -y redis-server");
    expect(serversOf(state.path)).toEqual([]);
    rmSync(tools, { recursive: true });
  });

  test("a redis-server that does not run is named at once, with the reason in its log", async () => {
    const tools = join(state.path, "tools");
    mkdirSync(tools);
    writeFileSync(
      join(tools, "redis-server"),
      "#!/bin/sh\necho 'missing: libjemalloc.so.2' >&2; exit 127\n",
      { mode: 0o755 },
    );
    vi.stubEnv("PATH", `${tools}:${process.env["PATH"]}`);
    const begun = Date.now();
    const error = await refusal();
    expect(error.code).toBe("queue-unavailable");
    expect(error.message).toContain("missing: libjemalloc.so.2");
    expect(Date.now() - begun).toBeLessThan(5_000);
  });

  test("a state folder that cannot be made is reported, not thrown as a defect", async () => {
    const file = join(state.path, "file");
    writeFileSync(file, "");
    expect((await refusal(join(file, "state"))).code).toBe("queue-unavailable");
  });

  test("a folder that others can write to is not used: one could answer in the server's place", async () => {
    mkdirSync(join(state.path, "redis"));
    chmodSync(join(state.path, "redis"), 0o777);
    expect((await refusal()).message).toContain("only this user can write to");
  });
});
