import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { userInfo } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Target } from "../../src/model/target.js";
import { NamespaceSockets } from "../../src/transport/namespace-socket.js";
import { createSshTransport } from "../../src/transport/ssh.js";
import { skippedFor } from "../skipped.js";
import { childrenOf, isAlive, noSshd, sshTarget, startSshd, tryKill, type Sshd } from "./sshd.js";

const noNamespaces = ((): string | null => {
  if (userInfo().uid !== 0) return "network namespaces are made by root only";
  return ["/usr/sbin/ip", "/usr/bin/ip"].some(existsSync) ? null : "ip is absent (apt-get install iproute2)";
})();

const signal = (): AbortSignal => AbortSignal.timeout(10_000);

const targetIn = (network: Record<string, unknown>, port: number): Target => sshTarget(port, { network });

/** A server that greets at once and sends back what it gets. */
const echoServer = `require("node:net").createServer((s) => { s.on("error", () => {}); s.write("hello\\n"); s.pipe(s); }).listen(2223, "127.0.0.1", () => console.log("ready"));`;

async function firstLine(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`ended with ${code}`)));
  });
}

async function echoed(socket: Socket, text: string): Promise<string> {
  let received = "";
  socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
  socket.end(text);
  await new Promise((resolve) => socket.once("close", resolve));
  return received;
}

describe("sockets in a network namespace", skippedFor(noNamespaces), () => {
  const name = `tyr-t-${process.pid}`;
  const path = `/run/netns/${name}`;
  let server: ChildProcess;
  let sockets: NamespaceSockets;

  beforeAll(async () => {
    execFileSync("ip", ["netns", "add", name]);
    execFileSync("ip", ["-n", name, "link", "set", "lo", "up"]);
    server = spawn("nsenter", [`--net=${path}`, process.execPath, "-e", echoServer]);
    await firstLine(server);
    sockets = new NamespaceSockets();
  });

  afterAll(async () => {
    await sockets?.close();
    server?.kill("SIGKILL");
    execFileSync("ip", ["netns", "del", name]);
  });

  test("reach a server that is there only, and lose nothing of what it says first", async () => {
    await expect(sockets.open(sshTarget(2223), { signal: signal() })).rejects.toMatchObject({
      code: "connect-failed",
    });
    const socket = await sockets.open(targetIn({ namespace: path }, 2223), { signal: signal() });
    expect(await echoed(socket, "there and back")).toBe("hello\nthere and back");
  });

  test("lose nothing when they are read late, and carry a megabyte", async () => {
    const socket = await sockets.open(targetIn({ namespace: path }, 2223), { signal: signal() });
    await pause(300);
    const text = "0123456789abcdef".repeat(65_536);
    expect(await echoed(socket, text)).toBe(`hello\n${text}`);
  });

  test("are opened fifty at once by one child process", async () => {
    const children = childrenOf(process.pid).length;
    const opened = await Promise.all(
      Array.from({ length: 50 }, () =>
        sockets.open(targetIn({ namespace: path }, 2223), { signal: signal() }),
      ),
    );
    expect(childrenOf(process.pid).length).toBe(children);
    expect(await Promise.all(opened.map((socket, index) => echoed(socket, `word ${index}`)))).toEqual(
      opened.map((_socket, index) => `hello\nword ${index}`),
    );
  });

  test("a namespace may be named by a process that lives in it", async () => {
    const socket = await sockets.open(targetIn({ namespace: String(server.pid) }, 2223), {
      signal: signal(),
    });
    expect(await echoed(socket, "by process")).toBe("hello\nby process");
  });

  test("a refused port, a missing namespace and a wrong name are coded errors", async () => {
    const open = (namespace: string, port: number): Promise<unknown> =>
      sockets.open(targetIn({ namespace }, port), { signal: signal() });
    await expect(open(path, 1)).rejects.toMatchObject({ code: "connect-failed", message: /refused/ });
    await expect(open("/run/netns/tyr-t-none", 1)).rejects.toMatchObject({
      code: "connect-failed",
      message: /tyr-t-none.*No such file/,
    });
    await expect(open("relative", 1)).rejects.toMatchObject({ code: "inventory-invalid" });
    await expect(
      sockets.open(targetIn({ namespace: path, rootless: true }, 1), { signal: signal() }),
    ).rejects.toMatchObject({ code: "inventory-invalid" });
  });

  test("an aborted signal rejects with its reason at once", async () => {
    const reason = new Error("no longer wanted");
    const controller = new AbortController();
    const opening = sockets.open(targetIn({ namespace: path }, 2223), { signal: controller.signal });
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
  });

  test("a connector that was killed is replaced, and what it had handed over stays open", async () => {
    const own = new NamespaceSockets();
    const socket = await own.open(targetIn({ namespace: path }, 2223), { signal: signal() });
    const connector = connectors().at(-1) as number;
    tryKill(connector);
    const second = await own.open(targetIn({ namespace: path }, 2223), { signal: signal() });
    expect(await echoed(second, "second")).toBe("hello\nsecond");
    expect(await echoed(socket, "first")).toBe("hello\nfirst");
    await own.close();
  });

  test("the connector has none of our environment, and is gone after close", async () => {
    const own = new NamespaceSockets();
    process.env["TYRIAN_TEST_SECRET"] = "hidden";
    const socket = await own.open(targetIn({ namespace: path }, 2223), { signal: signal() });
    delete process.env["TYRIAN_TEST_SECRET"];
    const connector = connectors().at(-1) as number;
    const environment = readFileSync(`/proc/${connector}/environ`, "latin1").split("\0").filter(Boolean);
    expect(
      environment.map((entry) => entry.split("=")[0]).filter((key) => !key?.startsWith("NODE_CHANNEL")),
    ).toEqual(["PATH"]);
    const started = performance.now();
    await own.close();
    expect(isAlive(connector)).toBe(false);
    expect(performance.now() - started).toBeLessThan(900);
    expect(await echoed(socket, "still open")).toBe("hello\nstill open");
    await expect(own.open(targetIn({ namespace: path }, 2223), { signal: signal() })).rejects.toMatchObject({
      code: "connect-failed",
    });
  });

  test("the connector ends when its parent is killed, and does not keep its parent alive", async () => {
    const program = `
      const { NamespaceSockets } = await import(${JSON.stringify(new URL("../../src/transport/namespace-socket.ts", import.meta.url).href)});
      const sockets = new NamespaceSockets();
      const target = ${JSON.stringify(targetIn({ namespace: path }, 2223))};
      (await sockets.open(target, { signal: AbortSignal.timeout(5000) })).destroy();
      console.log("ready");
      if (process.argv.includes("stay")) setInterval(() => {}, 1000);
    `;
    const start = (...rest: string[]): ChildProcess =>
      spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program, ...rest], {
        stdio: ["ignore", "pipe", "inherit"],
      });
    const staying = start("stay");
    await firstLine(staying);
    const connector = connectors(staying.pid as number).at(-1) as number;
    expect(isAlive(connector)).toBe(true);
    staying.kill("SIGKILL");
    await expect.poll(() => isAlive(connector), { timeout: 20_000 }).toBe(false);
    const ending = start();
    const code = await new Promise((resolve) => ending.once("exit", resolve));
    expect(code).toBe(0);
  });

  test("a namespace of a user namespace is entered through that", async () => {
    const rootless = spawn(
      "setpriv",
      [
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "unshare",
        "-Urn",
        "sh",
        "-c",
        `ip link set lo up; exec "${process.execPath}" -e '${echoServer}'`,
      ],
      { stdio: ["ignore", "pipe", "inherit"], env: { PATH: process.env["PATH"] ?? "" } },
    );
    try {
      await firstLine(rootless);
      const socket = await sockets.open(
        targetIn({ namespace: `/proc/${rootless.pid}/ns/net`, rootless: true }, 2223),
        {
          signal: signal(),
        },
      );
      expect(await echoed(socket, "rootless")).toBe("hello\nrootless");
    } finally {
      rootless.kill("SIGKILL");
    }
  });

  describe("with an sshd", skippedFor(noSshd), () => {
    let sshd: Sshd;
    beforeAll(async () => {
      sshd = await startSshd([], { address: "127.0.0.1", command: ["nsenter", `--net=${path}`] });
    });
    afterAll(() => sshd.stop());

    test("a session works as everywhere", async () => {
      const transport = createSshTransport({
        resolveSecret: () => Promise.reject(new Error("none wanted")),
        openSocket: (target, options) => sockets.open(target, options),
      });
      const session = await transport.connect(sshd.target({ network: { namespace: path } }), {
        deadlineMs: 10_000,
      });
      const result = await session.exec("readlink /proc/self/ns/net", { deadlineMs: 10_000 });
      expect(result.stdout.trim()).not.toBe(
        execFileSync("readlink", ["/proc/self/ns/net"]).toString().trim(),
      );
      expect(result.exitCode).toBe(0);
      await session.close();
    });

    test("a target in a namespace is refused when nothing opens sockets there", async () => {
      const transport = createSshTransport({ resolveSecret: () => Promise.reject(new Error("none wanted")) });
      await expect(
        transport.connect(sshd.target({ network: { namespace: path } }), { deadlineMs: 1_000 }),
      ).rejects.toMatchObject({ code: "transport-failed" });
    });
  });
});

/** The connector processes that a process has started, the newest last. */
function connectors(parent = process.pid): number[] {
  return childrenOf(parent).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("timeoutMs");
    } catch {
      return false;
    }
  });
}
