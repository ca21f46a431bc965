import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TyrianError } from "../../src/errors.js";
import { targetSchema, type Target } from "../../src/model/target.js";
import { createLocalTransport } from "../../src/transport/local.js";
import { SessionPool } from "../../src/transport/pool.js";
import { createSshTransport } from "../../src/transport/ssh.js";
import type { Session, Transport } from "../../src/transport/transport.js";
import { skippedFor } from "../skipped.js";
import { childrenOf, noSshd, sshTarget, startSshd, tryKill, type Sshd } from "./sshd.js";

const ssh = createSshTransport({ resolveSecret: () => Promise.reject(new Error("none wanted")) });

/** Counts what goes through a transport, and can make it slow. */
function counted(inner: Transport, delayMs = 0): Transport & { connections: number } {
  const transport = {
    connections: 0,
    connect: async (target: Target, options: Parameters<Transport["connect"]>[1]): Promise<Session> => {
      transport.connections += 1;
      await pause(delayMs, undefined, options.signal === undefined ? {} : { signal: options.signal });
      return await inner.connect(target, options);
    },
  };
  return transport;
}

const local = targetSchema.parse({
  name: "here",
  platform: "linux",
  sensor: { type: "none" },
  transport: { type: "local" },
});

describe("a pool of sessions with an OpenSSH server", skippedFor(noSshd), () => {
  let sshd: Sshd;
  beforeEach(async () => {
    sshd = await startSshd();
  });
  afterEach(() => sshd.stop());

  test("connects once for all who ask at the same time, and later", async () => {
    const transport = counted(ssh);
    const pool = new SessionPool(transport);
    const sessions = await Promise.all(
      Array.from({ length: 10 }, () => pool.acquire(sshd.target(), { deadlineMs: 10_000 })),
    );
    sessions.push(await pool.acquire(sshd.target(), { deadlineMs: 10_000 }));
    expect(new Set(sessions).size).toBe(1);
    expect(transport.connections).toBe(1);
    expect(childrenOf(sshd.pid)).toHaveLength(1);
    await pool.close();
    expect(sessions[0]?.open).toBe(false);
    await expect.poll(() => childrenOf(sshd.pid)).toEqual([]);
    await expect(pool.acquire(sshd.target(), { deadlineMs: 1_000 })).rejects.toMatchObject({
      code: "connect-failed",
    });
  });

  test("connects again after the connection was lost, and checks again", async () => {
    let checks = 0;
    const pool = new SessionPool(ssh, { onConnect: async () => void (checks += 1) });
    const first = await pool.acquire(sshd.target(), { deadlineMs: 10_000 });
    for (const pid of childrenOf(sshd.pid)) tryKill(pid);
    await expect.poll(() => first.open).toBe(false);
    const second = await pool.acquire(sshd.target(), { deadlineMs: 10_000 });
    expect(second).not.toBe(first);
    expect((await second.exec("echo on", { deadlineMs: 5_000 })).stdout).toBe("on\n");
    expect(checks).toBe(2);
    await pool.close();
  });

  test("gives a new connection after it was renewed, and the others keep theirs", async () => {
    const pool = new SessionPool(ssh);
    const other = { ...sshd.target(), name: "other" };
    const [first, kept] = [
      await pool.acquire(sshd.target(), { deadlineMs: 10_000 }),
      await pool.acquire(other, { deadlineMs: 10_000 }),
    ];
    await pool.renew(sshd.target());
    expect([first.open, kept.open]).toEqual([false, true]);
    expect(await pool.acquire(sshd.target(), { deadlineMs: 10_000 })).not.toBe(first);
    expect(await pool.acquire(other, { deadlineMs: 10_000 })).toBe(kept);
    await pool.renew({ ...other, name: "unknown" });
    await pool.close();
  });

  test("hands out no session whose check has failed, and closes it", async () => {
    let passes = false;
    const pool = new SessionPool(ssh, {
      onConnect: async (session) => {
        const { stdout } = await session.exec("echo token", { deadlineMs: 5_000 });
        if (!passes) throw new TyrianError("lab-token-missing", `no token: ${stdout}`);
      },
    });
    const results = await Promise.allSettled(
      Array.from({ length: 4 }, () => pool.acquire(sshd.target(), { deadlineMs: 10_000 })),
    );
    for (const result of results) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "lab-token-missing" } });
    }
    await expect.poll(() => childrenOf(sshd.pid)).toEqual([]);
    passes = true;
    expect((await pool.acquire(sshd.target(), { deadlineMs: 10_000 })).open).toBe(true);
    await pool.close();
  });

  test("a check that hangs is given up at the deadline, and its session closed", async () => {
    const pool = new SessionPool(ssh, { onConnect: () => new Promise(() => {}) });
    await expect(pool.acquire(sshd.target(), { deadlineMs: 700 })).rejects.toMatchObject({
      code: "connect-failed",
    });
    await expect.poll(() => childrenOf(sshd.pid), { timeout: 20_000 }).toEqual([]);
    await pool.close();
  });
});

describe("a pool of sessions", () => {
  test("who gives up does not end the connecting for the others", async () => {
    const transport = counted(createLocalTransport(), 200);
    const pool = new SessionPool(transport);
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    const impatient = pool.acquire(local, { deadlineMs: 5_000, signal: controller.signal });
    const patient = pool.acquire(local, { deadlineMs: 5_000 });
    controller.abort(reason);
    await expect(impatient).rejects.toBe(reason);
    expect((await patient).open).toBe(true);
    expect(transport.connections).toBe(1);
    await pool.close();
  });

  test("a short deadline of the first does not become that of the others", async () => {
    const slow = counted(createLocalTransport(), 400);
    const bounded: Transport = {
      connect: async (target, options) => {
        const signal = AbortSignal.timeout(options.deadlineMs);
        return await slow.connect(target, { ...options, signal });
      },
    };
    const pool = new SessionPool(bounded);
    const short = pool.acquire(local, { deadlineMs: 100 });
    const long = pool.acquire(local, { deadlineMs: 5_000 });
    await expect(short).rejects.toThrow();
    expect((await long).open).toBe(true);
    await pool.close();
  });

  test("when nobody waits any more the attempt is ended, and who comes later begins anew", async () => {
    let aborted = 0;
    const transport: Transport = {
      connect: async (target, options) => {
        options.signal?.addEventListener("abort", () => (aborted += 1));
        await pause(150);
        return await createLocalTransport().connect(target, { deadlineMs: options.deadlineMs });
      },
    };
    const pool = new SessionPool(transport);
    const controller = new AbortController();
    const first = pool.acquire(local, { deadlineMs: 5_000, signal: controller.signal });
    controller.abort(new Error("gone"));
    await expect(first).rejects.toThrow("gone");
    expect(aborted).toBe(1);
    expect((await pool.acquire(local, { deadlineMs: 5_000 })).open).toBe(true);
    await pool.close();
  });

  test("closing ends what is being connected", async () => {
    const pool = new SessionPool(counted(createLocalTransport(), 60_000));
    const waiting = pool.acquire(local, { deadlineMs: 90_000 });
    const outcome = waiting.then(
      () => "connected",
      () => "refused",
    );
    await pool.close();
    expect(await outcome).toBe("refused");
  });

  test("a target whose settings have changed gets a session of its own", async () => {
    const transport = counted({
      connect: (target, options) =>
        createLocalTransport().connect({ ...target, transport: { type: "local" } }, options),
    });
    const pool = new SessionPool(transport);
    const one = await pool.acquire(sshTarget(1), { deadlineMs: 1_000 });
    const other = await pool.acquire(sshTarget(2), { deadlineMs: 1_000 });
    expect(one).not.toBe(other);
    await pool.close();
  });
});
