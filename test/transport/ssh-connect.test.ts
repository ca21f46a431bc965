import { spawn } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import ssh2 from "ssh2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TyrianError } from "../../src/errors.js";
import { newSshKey } from "../../src/lab/embedded/keys.js";
import type { Target } from "../../src/model/target.js";
import { createSshTransport } from "../../src/transport/ssh.js";
import { fingerprintOf } from "../../src/transport/ssh/host-key.js";
import { skippedFor } from "../skipped.js";
import { freePort, keygen, noHostKey, noSshd, sshTarget, startSshd, type Sshd } from "./sshd.js";

const warnings: string[] = [];
const secrets: Record<string, string> = { "env:RIGHT": "open sesame", "env:WRONG": "not the words" };
const transport = createSshTransport({
  resolveSecret: (reference) => {
    const secret = secrets[reference];
    return secret === undefined
      ? Promise.reject(new Error(`internals of ${reference}`))
      : Promise.resolve(secret);
  },
  onWarning: (message) => warnings.push(message),
});

async function failure(connecting: Promise<{ close(): Promise<void> }>): Promise<TyrianError> {
  try {
    await (await connecting).close();
  } catch (thrown) {
    if (thrown instanceof TyrianError) return thrown;
    throw thrown;
  }
  throw new Error("it connected");
}

function targetAt(port: number, changes: Record<string, unknown> = {}): Target {
  const authentication = { type: "password", password: "env:RIGHT" };
  return sshTarget(port, { authentication, ...changes });
}

describe("connecting to an OpenSSH server", skippedFor(noSshd), () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.stop());

  const key = (): Buffer => Buffer.from(sshd.hostKey.split(" ")[1] ?? "", "base64");

  test("takes a key line, a fingerprint, and a line with a comment for the pinned host key", async () => {
    for (const hostKey of [
      sshd.hostKey,
      fingerprintOf(key()),
      sshd.hostKey.split(" ").slice(0, 2).join(" "),
    ]) {
      const session = await transport.connect(sshd.target({ hostKey }), { deadlineMs: 10_000 });
      expect((await session.exec("echo in", { deadlineMs: 5_000 })).stdout).toBe("in\n");
      await session.close();
    }
  });

  test("refuses another host key before it authenticates, naming both fingerprints", async () => {
    const other = join(sshd.folder, "other");
    keygen(other, "ed25519");
    const line = readFileSync(`${other}.pub`, "utf8").trim();
    const authenticated = (): number => sshd.log().split("userauth-request").length;
    const before = authenticated();
    for (const hostKey of [line, noHostKey]) {
      const error = await failure(transport.connect(sshd.target({ hostKey }), { deadlineMs: 10_000 }));
      expect(error.code).toBe("host-key-mismatch");
      expect(error.message).toContain(fingerprintOf(key()));
    }
    const error = await failure(transport.connect(sshd.target({ hostKey: line }), { deadlineMs: 10_000 }));
    expect(error.message).toContain(fingerprintOf(Buffer.from(line.split(" ")[1] ?? "", "base64")));
    expect(authenticated()).toBe(before);
  });

  test("a pinned key of a type that the host has not is a mismatch", async () => {
    const other = join(sshd.folder, "ecdsa");
    keygen(other, "ecdsa");
    const hostKey = readFileSync(`${other}.pub`, "utf8").trim();
    const error = await failure(transport.connect(sshd.target({ hostKey }), { deadlineMs: 10_000 }));
    expect(error).toMatchObject({ code: "host-key-mismatch", message: /no host key of the pinned type/ });
  });

  test.each([
    "ssh-ed25519 AAAA",
    "ssh-dss AAAAB3NzaC1kc3M=",
    "SHA256:short",
    "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==",
  ])("a damaged pin is an error of the inventory: %s", async (hostKey) => {
    const error = await failure(transport.connect(sshd.target({ hostKey }), { deadlineMs: 10_000 }));
    expect(error.code).toBe("inventory-invalid");
  });

  test("a wrong user and a wrong key are refused", async () => {
    const user = await failure(
      transport.connect(sshd.target({ user: "no-such-user" }), { deadlineMs: 10_000 }),
    );
    expect(user).toMatchObject({ code: "auth-failed", message: /no-such-user/ });
    const file = join(sshd.folder, "stranger");
    keygen(file, "ed25519");
    const wrong = await failure(
      transport.connect(sshd.target({ authentication: { type: "key", file } }), { deadlineMs: 10_000 }),
    );
    expect(wrong.code).toBe("auth-failed");
  });

  test("a key that is missing, no key, or locked is named, and a key that others can read is warned of", async () => {
    const connect = (file: string, passphrase?: string): Promise<{ close(): Promise<void> }> =>
      transport.connect(
        sshd.target({
          authentication: { type: "key", file, ...(passphrase === undefined ? {} : { passphrase }) },
        }),
        { deadlineMs: 10_000 },
      );
    const missing = join(sshd.folder, "missing");
    expect(await failure(connect(missing))).toMatchObject({ code: "auth-failed", message: /missing/ });
    expect(await failure(connect(`${sshd.userKey}.pub`))).toMatchObject({
      code: "auth-failed",
      message: /private/,
    });
    expect(await failure(connect("/dev/zero"))).toMatchObject({ code: "auth-failed" });
    const locked = join(sshd.folder, "locked");
    keygen(locked, "ed25519", "open sesame");
    writeFileSync(join(sshd.folder, "authorized_keys"), readFileSync(`${locked}.pub`), { flag: "a" });
    expect(await failure(connect(locked))).toMatchObject({ code: "auth-failed" });
    const wrong = await failure(connect(locked, "env:WRONG"));
    expect(wrong.code).toBe("auth-failed");
    expect(JSON.stringify([wrong.message, wrong.hint, String(wrong.cause)])).not.toContain("not the words");
    await (await connect(locked, "env:RIGHT")).close();
    warnings.length = 0;
    chmodSync(locked, 0o644);
    await (await connect(locked, "env:RIGHT")).close();
    expect(warnings).toEqual([expect.stringContaining(locked)]);
  });

  test("RSA and ECDSA user keys work as well as an agent", async () => {
    for (const type of ["rsa", "ecdsa"]) {
      const file = join(sshd.folder, type === "rsa" ? "user-rsa" : "user-ecdsa");
      keygen(file, type);
      writeFileSync(join(sshd.folder, "authorized_keys"), readFileSync(`${file}.pub`), { flag: "a" });
      await (
        await transport.connect(sshd.target({ authentication: { type: "key", file } }), {
          deadlineMs: 10_000,
        })
      ).close();
    }
    const socket = join(sshd.folder, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await new Promise((resolve) => agent.stdout.once("data", resolve));
      const noKeys = await failure(
        transport.connect(sshd.target({ authentication: { type: "agent", socket } }), { deadlineMs: 10_000 }),
      );
      expect(noKeys.code).toBe("auth-failed");
      await new Promise((resolve) =>
        spawn("ssh-add", ["-q", sshd.userKey], { env: { ...process.env, SSH_AUTH_SOCK: socket } }).once(
          "exit",
          resolve,
        ),
      );
      const session = await transport.connect(sshd.target({ authentication: { type: "agent", socket } }), {
        deadlineMs: 10_000,
      });
      await session.close();
    } finally {
      agent.kill();
    }
    const gone = await failure(
      transport.connect(sshd.target({ authentication: { type: "agent", socket } }), { deadlineMs: 10_000 }),
    );
    expect(gone).toMatchObject({ code: "auth-failed", message: /agent/ });
  });

  test("a host name that does not resolve and a port where nothing listens are told apart", async () => {
    const port = await freePort();
    expect(await failure(transport.connect(targetAt(port), { deadlineMs: 5_000 }))).toMatchObject({
      code: "connect-failed",
      message: expect.stringContaining("refused"),
    });
    const unknown = targetAt(port, { host: "no-such-host.invalid" });
    expect(await failure(transport.connect(unknown, { deadlineMs: 20_000 }))).toMatchObject({
      code: "connect-failed",
    });
  });

  test("an aborted signal rejects with its reason, before and while connecting", async () => {
    const reason = new Error("enough");
    await expect(
      transport.connect(sshd.target(), { signal: AbortSignal.abort(reason), deadlineMs: 5_000 }),
    ).rejects.toBe(reason);
    const controller = new AbortController();
    const connecting = transport.connect(sshd.target(), { signal: controller.signal, deadlineMs: 5_000 });
    setTimeout(() => controller.abort(reason), 15);
    await expect(connecting).rejects.toBe(reason);
  });
});

describe("connecting to what is no good SSH server", () => {
  const servers: { close(): unknown }[] = [];
  const sockets = new Set<Socket>();
  const listen = async (server: Server): Promise<number> => {
    servers.push(server);
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
    });
    server.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    return (server.address() as AddressInfo).port;
  };
  afterAll(() => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  });

  const timed = async (port: number, deadlineMs: number): Promise<{ error: TyrianError; took: number }> => {
    const started = performance.now();
    const error = await failure(transport.connect(targetAt(port), { deadlineMs }));
    return { error, took: performance.now() - started };
  };

  test("one that accepts and never answers is given up at the deadline", async () => {
    const { error, took } = await timed(await listen(createServer()), 400);
    expect(error).toMatchObject({ code: "connect-failed", message: /SSH handshake within 400 ms/ });
    expect(took).toBeGreaterThan(390);
  });

  test("one that stops in the middle of the handshake is given up at the deadline", async () => {
    const { error } = await timed(
      await listen(createServer((socket) => socket.write("SSH-2.0-Slow\r\n"))),
      400,
    );
    expect(error).toMatchObject({ code: "connect-failed", message: /SSH handshake within 400 ms/ });
  });

  test("one that closes at once is told", async () => {
    const { error, took } = await timed(await listen(createServer((socket) => socket.destroy())), 60_000);
    expect(error.code).toBe("connect-failed");
    expect(took).toBeLessThan(50_000);
  });

  test("a web server is told, and so is noise", async () => {
    const web = await timed(await listen(createHttpServer()), 60_000);
    expect(web.error).toMatchObject({ code: "connect-failed", message: /does not speak SSH/ });
    const noise = await timed(
      await listen(createServer((socket) => socket.end(Buffer.alloc(200_000, 0xfe)))),
      60_000,
    );
    expect(noise.error.code).toBe("connect-failed");
    const version = await timed(
      await listen(createServer((socket) => socket.end("SSH-1.5-Old\r\n"))),
      60_000,
    );
    expect(version.error.code).toBe("connect-failed");
    expect(Math.max(web.took, noise.took, version.took)).toBeLessThan(50_000);
  });

  test("passwords are sent to the pinned host only, also by keyboard-interactive, and stay out of errors", async () => {
    const { privateText, publicLine: hostKey } = newSshKey("a stand-in");
    const seen: string[] = [];
    const server = new ssh2.Server({ hostKeys: [privateText] }, (client) => {
      client.on("error", () => {});
      client.on("authentication", (context) => {
        seen.push(context.method);
        if (context.method === "password") return context.reject(["keyboard-interactive"]);
        if (context.method !== "keyboard-interactive") return context.reject();
        context.prompt(
          [
            { prompt: "Name? ", echo: true },
            { prompt: "Password: ", echo: false },
          ],
          (answers) => {
            seen.push(...answers);
            if (answers[1] === "open sesame") context.accept();
            else context.reject();
          },
        );
      });
    });
    server.listen(0, "127.0.0.1");
    servers.push(server);
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await failure(transport.connect(targetAt(port), { deadlineMs: 5_000 }));
    expect(seen).toEqual([]);
    const session = await transport.connect(targetAt(port, { hostKey }), { deadlineMs: 5_000 });
    expect(seen).toEqual(["password", "keyboard-interactive", "", "open sesame"]);
    await session.close();
    const authentication = { type: "password", password: "env:WRONG" };
    const error = await failure(
      transport.connect(targetAt(port, { hostKey, authentication }), { deadlineMs: 5_000 }),
    );
    expect(error).toMatchObject({ code: "auth-failed", message: /password/ });
    expect([error.message, error.hint, String(error.cause)].join()).not.toContain("not the words");
  });

  test("a secret that does not resolve names the reference and nothing else", async () => {
    const authentication = { type: "password", password: "env:ABSENT" };
    const error = await failure(transport.connect(targetAt(1, { authentication }), { deadlineMs: 5_000 }));
    expect(error).toMatchObject({ code: "secret-unresolved", message: /env:ABSENT/ });
    expect(error.message).not.toContain("internals");
    expect(error.cause).toBeUndefined();
  });

  test("a secret that takes too long is given up at the deadline", async () => {
    const slow = createSshTransport({ resolveSecret: () => new Promise(() => {}) });
    const error = await failure(slow.connect(targetAt(1), { deadlineMs: 200 }));
    expect(error.code).toBe("connect-failed");
  });

  test("a socket that is opened after the deadline is closed", async () => {
    const port = await listen(createServer());
    let socket: Socket | undefined;
    const { connect } = await import("node:net");
    const late = createSshTransport({
      resolveSecret: () => Promise.resolve(""),
      openSocket: async () => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        socket = connect(port, "127.0.0.1");
        return socket;
      },
    });
    await failure(late.connect(targetAt(port), { deadlineMs: 100 }));
    await expect.poll(() => socket?.destroyed).toBe(true);
  });
});
