import { PassThrough } from "node:stream";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import ssh2, { type Connection, type ServerChannel } from "ssh2";
import { afterAll, describe, expect, test, type TestContext, vi } from "vitest";
import type { Target } from "../../src/model/target.js";
import { createSshTransport } from "../../src/transport/ssh.js";
import { newSshKey } from "../../src/lab/embedded/keys.js";
import { HELPER_COMMAND } from "../../src/transport/ssh/helper.js";
import type { Session } from "../../src/transport/transport.js";
import { skippedFor } from "../skipped.js";
import { childrenOf, isAlive, noSshd, sshTarget, startSshd, tryKill, type Sshd } from "./sshd.js";

const transport = createSshTransport({ resolveSecret: () => Promise.resolve("open sesame") });
const connect = (target: Target): Promise<Session> => transport.connect(target, { deadlineMs: 10_000 });

describe.concurrent("a session with an OpenSSH server", skippedFor(noSshd), () => {
  /** A server of one test, which ends with it. */
  async function serverFor({ onTestFinished }: TestContext, settings: readonly string[] = []): Promise<Sshd> {
    const sshd = await startSshd(settings);
    onTestFinished(() => sshd.stop());
    return sshd;
  }

  test("loses no command when the server allows fewer channels than the inventory says", async (context) => {
    const sshd = await serverFor(context, ["MaxSessions 2"]);
    const session = await connect(sshd.target({ maxChannels: 8 }));
    const results = await Promise.all(
      Array.from({ length: 24 }, (_unused, index) =>
        session.exec(`echo ${index}; sleep 0.02`, { deadlineMs: 20_000 }),
      ),
    );
    expect(results.map(({ stdout }) => stdout)).toEqual(results.map((_result, index) => `${index}\n`));
    await session.close();
  });

  test.for<[string, string[], number]>([
    ["the server allows one channel", ["MaxSessions 1"], 8],
    ["we allow ourselves one", [], 1],
  ])(
    "a command that can be spared makes room for another when %s",
    async ([, config, maxChannels], context) => {
      const sshd = await serverFor(context, config);
      const session = await connect(sshd.target({ maxChannels }));
      const spared = session.exec("while read -r word; do :; done; echo ended by itself", {
        stdin: new PassThrough(),
        yields: true,
        deadlineMs: 20_000,
      });
      const wanted = await session.exec("echo here", { deadlineMs: 10_000 });
      expect(wanted).toMatchObject({ ending: "exited", stdout: "here\n" });
      expect(await spared).toMatchObject({ ending: "exited", stdout: "ended by itself\n" });
    },
  );

  test("tells that a command was not sent when no channel came free before its deadline", async (context) => {
    const sshd = await serverFor(context, ["MaxSessions 1"]);
    const session = await connect(sshd.target());
    const long = session.exec("sleep 1.5; echo done", { deadlineMs: 10_000 });
    await pause(200);
    await expect(session.exec("echo never", { deadlineMs: 300 })).rejects.toMatchObject({
      code: "deadline-exceeded",
      message: /not sent/,
    });
    expect((await long).stdout).toBe("done\n");
    expect((await session.exec("echo next", { deadlineMs: 5_000 })).stdout).toBe("next\n");
    await session.close();
  });

  test("never says that it ended a command when it could not: the last channel is taken and root takes no signals", async (context) => {
    const sshd = await serverFor(context, ["MaxSessions 1"]);
    const session = await connect(sshd.target({ maxChannels: 1 }));
    const result = await session.exec("echo $$; sleep 30", { deadlineMs: 500 });
    const pid = Number(result.stdout);
    expect(pid).toBeGreaterThan(1);
    // An ordinary user's command is reached by the signal request; either way the answer must be the truth.
    expect(result.ending).toBe(isAlive(pid) ? "disconnected" : "deadline");
    expect(result.durationMs).toBeLessThan(8_000);
    tryKill(-pid);
    await session.close();
  });

  const account = otherAccount();
  test("ends an ordinary user's command by the helper, and by a signal request without one", async (context) => {
    context.skip(account === null, "there is no account of an ordinary user here");
    // Without PAM, accounts that have no password are taken for locked.
    const serverOfUsers = async (...settings: string[]): Promise<Sshd> => {
      const sshd = await serverFor(context, ["UsePAM yes", ...settings]);
      chmodSync(sshd.folder, 0o755);
      chmodSync(join(sshd.folder, "authorized_keys"), 0o644);
      return sshd;
    };
    const command = "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.1; done' & echo $$; wait";
    const one = await serverOfUsers("MaxSessions 1");
    const limited = await connect(one.target({ user: account, maxChannels: 1 }));
    const bySignal = await limited.exec(command, { deadlineMs: 600 });
    await limited.close();
    const session = await connect((await serverOfUsers()).target({ user: account }));
    const byHelper = await session.exec(command, { deadlineMs: 600 });
    for (const { ending, stdout } of [bySignal, byHelper]) {
      expect(ending).toBe("deadline");
      const pids = stdout.trim().split("\n").map(Number);
      expect(pids).toHaveLength(2);
      expect(pids.map(isAlive)).toEqual([false, false]);
    }
    await session.close();
  });

  test("serves the commands that wait in the order in which they came", async (context) => {
    const sshd = await serverFor(context);
    const session = await connect(sshd.target({ maxChannels: 1 }));
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 6 }, async (_unused, index) => {
        await session.exec("true", { deadlineMs: 10_000 });
        order.push(index);
      }),
    );
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    await session.close();
  });

  test("finds the group of the right command among many that come and go", async (context) => {
    const sshd = await serverFor(context);
    const session = await connect(sshd.target({ maxChannels: 8 }));
    let busy = true;
    const traffic = Promise.all(
      Array.from({ length: 4 }, async () => {
        const endings: string[] = [];
        while (busy) endings.push((await session.exec("sleep 0.03", { deadlineMs: 10_000 })).ending);
        return endings;
      }),
    );
    const steady = session.exec("echo $$; sleep 4; echo whole", { deadlineMs: 20_000 });
    for (let round = 0; round < 4; round += 1) {
      const result = await session.exec("sleep 60 & echo $$ $!; wait", { deadlineMs: 300 });
      expect(result.ending).toBe("deadline");
      expect(result.stdout.trim().split(" ").map(Number).map(isAlive)).toEqual([false, false]);
    }
    busy = false;
    const endings = (await traffic).flat();
    expect(endings.length).toBeGreaterThan(8);
    expect(new Set(endings)).toEqual(new Set(["exited"]));
    expect((await steady).stdout).toContain("whole");
    await session.close();
  });

  test("ends a command whose leader has gone by TERM while others of its group live on", async (context) => {
    const sshd = await serverFor(context);
    const session = await connect(sshd.target());
    const command = "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.1; done' & echo $$; wait";
    const controller = new AbortController();
    let said = "";
    const result = await session.exec(command, {
      deadlineMs: 60_000,
      signal: controller.signal,
      onOutput: (_stream, chunk) => {
        said += Buffer.from(chunk).toString();
        if (/\d+\n\d+\n/.test(said)) controller.abort();
      },
    });
    expect(result.ending).toBe("aborted");
    const pids = result.stdout.trim().split("\n").map(Number);
    expect(pids).toHaveLength(2);
    await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]), { timeout: 20_000 });
    await session.close();
  });

  test("leaves no process and no listener behind after many commands", async (context) => {
    const sshd = await serverFor(context);
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.message);
    process.on("warning", onWarning);
    const session = await connect(sshd.target());
    const controller = new AbortController();
    await Promise.all(
      Array.from({ length: 60 }, () =>
        session.exec("true", { deadlineMs: 20_000, signal: controller.signal }),
      ),
    );
    const [connection] = childrenOf(sshd.pid);
    expect(connection).toBeDefined();
    await context.expect.poll(() => childrenOf(connection as number)).toEqual([]);
    await session.close();
    await context.expect.poll(() => isAlive(connection as number)).toBe(false);
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  test("notices a connection that was cut silently, by its keep-alive", async (context) => {
    const sshd = await serverFor(context);
    // A relay that can stop passing anything on without closing anything.
    const sockets: Socket[] = [];
    const relay = createServer((client) => {
      const server = connectTcp(sshd.port, "127.0.0.1");
      sockets.push(client, server);
      client
        .on("error", () => {})
        .pipe(server.on("error", () => {}))
        .pipe(client);
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => relay.once("listening", resolve));
    const watchful = createSshTransport({ resolveSecret: () => Promise.resolve(""), keepAliveMs: 300 });
    const session = await watchful.connect(sshd.target({ port: (relay.address() as AddressInfo).port }), {
      deadlineMs: 10_000,
    });
    // An answered question is no miss: the session outlives many of them.
    expect((await session.exec("sleep 2.5", { deadlineMs: 10_000 })).ending).toBe("exited");
    const started = performance.now();
    const result = await session.exec("echo begun; sleep 100", {
      deadlineMs: 20_000,
      onOutput: () => {
        for (const socket of sockets) socket.unpipe().pause();
      },
    });
    expect(result).toMatchObject({ ending: "disconnected", stdout: "begun\n" });
    expect(performance.now() - started).toBeLessThan(4_000);
    expect(session.open).toBe(false);
    await session.close();
    for (const socket of sockets) socket.destroy();
    relay.close();
  });

  test("the helper's script is one line that every login shell passes on", () => {
    expect(HELPER_COMMAND).not.toMatch(/[\n!]/);
    expect(HELPER_COMMAND.split("'")).toHaveLength(3);
    execFileSync("sh", ["-n", "-c", HELPER_COMMAND]);
    const member = spawn("sleep", ["30"], { detached: true });
    for (const shell of ["bash", "dash"]) {
      const input = `L\nA ${member.pid}\nA 999999999\n`;
      const answer = execFileSync(shell, ["-c", HELPER_COMMAND], { input }).toString();
      expect(answer).toMatch(new RegExp(`^(\\d+ \\d+\\n)*\\.\\n${member.pid} \\d+\\n\\.\\n\\.\\n$`));
    }
    member.kill("SIGKILL");
  });
});

describe.concurrent("a session with a server of few abilities", () => {
  const { privateText, publicLine: hostKey } = newSshKey("a stand-in");
  const servers: { close(): unknown }[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });

  interface Behaviour {
    readonly exec: (
      command: string,
      accept: () => ServerChannel,
      reject: () => void,
      connection: Connection,
    ) => void;
    readonly signal?: (name: string, channel: ServerChannel | undefined) => void;
    readonly refuseTerminals?: boolean;
  }

  async function serve(behaviour: Behaviour): Promise<Target> {
    let channel: ServerChannel | undefined;
    // ssh2's server has no event for the signal of a command that runs; it only logs the request.
    const debug = (message: string): void => {
      const name = /CHANNEL_REQUEST \(r:\d+, signal: (\w+)\)/.exec(message)?.[1];
      if (name !== undefined) behaviour.signal?.(name, channel);
    };
    const server = new ssh2.Server({ hostKeys: [privateText], debug }, (connection) => {
      connection.on("error", () => {});
      connection.on("authentication", (context) => context.accept());
      connection.on("session", (acceptSession) => {
        const session = acceptSession();
        session.on("pty", (accept, reject) => (behaviour.refuseTerminals === true ? reject() : accept()));
        session.on("exec", (accept, reject, { command }) =>
          behaviour.exec(command, () => (channel = accept()), reject, connection),
        );
      });
    });
    server.listen(0, "127.0.0.1");
    servers.push(server);
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    return sshTarget(port, { hostKey, authentication: { type: "password", password: "env:ANY" } });
  }

  test("the signal request ends a command, also after its input was closed, where the helper cannot run", async () => {
    const signals: string[] = [];
    const session = await connect(
      await serve({
        exec: (command, accept, reject) => {
          if (command === HELPER_COMMAND) reject();
          else accept().write("running\n");
        },
        signal: (name, channel) => {
          signals.push(name);
          channel?.exit(`${name}`, false, "");
          channel?.end();
        },
      }),
    );
    const result = await session.exec("anything", { deadlineMs: 300, stdin: "input" });
    expect(result).toMatchObject({ ending: "deadline", stdout: "running\n", exitCode: null, signal: null });
    expect(signals).toEqual(["KILL"]);
    await session.close();
  });

  test("a helper that answers nonsense is not believed", async () => {
    const session = await connect(
      await serve({
        exec: (command, accept) => {
          const channel = accept();
          if (command === HELPER_COMMAND) channel.write("Welcome!\n1 1\n.\n");
          else channel.write("running\n");
        },
      }),
    );
    const result = await session.exec("anything", { deadlineMs: 200 });
    expect(result.ending).toBe("disconnected");
    await session.close();
  });

  test("a refused command and a refused terminal are told as not run", async () => {
    const session = await connect(
      await serve({ refuseTerminals: true, exec: (_command, _accept, reject) => reject() }),
    );
    await expect(session.exec("ls", { deadlineMs: 2_000 })).rejects.toMatchObject({
      code: "transport-failed",
      message: /not run/,
    });
    await expect(session.exec("ls", { deadlineMs: 2_000, pty: true })).rejects.toMatchObject({
      code: "transport-failed",
      message: /terminal.*not run/,
    });
    expect(session.open).toBe(true);
    await session.close();
  });

  test("a request that is never answered is an unknown end, not a second try", async () => {
    let asked = 0;
    const session = await connect(await serve({ exec: () => void (asked += 1) }));
    const result = await session.exec("ls", { deadlineMs: 200 });
    expect(result).toMatchObject({ ending: "disconnected", stdout: "" });
    expect(asked).toBe(1);
    await session.close();
  });

  test("a connection that is lost between the request and its answer is an unknown end", async () => {
    const session = await connect(
      await serve({ exec: (_command, _accept, _reject, connection) => connection.end() }),
    );
    const result = await session.exec("ls", { deadlineMs: 5_000 });
    expect(result.ending).toBe("disconnected");
    await expect(session.exec("ls", { deadlineMs: 5_000 })).rejects.toMatchObject({ code: "disconnected" });
    await session.close();
  });

  test("a channel that is closed without a status is an unknown end", async () => {
    const session = await connect(await serve({ exec: (_command, accept) => accept().close() }));
    expect(await session.exec("ls", { deadlineMs: 5_000 })).toMatchObject({
      ending: "disconnected",
      exitCode: null,
    });
    await session.close();
  });

  test("output, status and close that come in one packet with the answer are not lost", async () => {
    const session = await connect(
      await serve({
        exec: (_command, accept) => {
          const channel = accept();
          channel.stderr.write("error\n");
          channel.write("output\n");
          channel.exit(9);
          channel.close();
        },
      }),
    );
    const results = await Promise.all(
      Array.from({ length: 20 }, () => session.exec("ls", { deadlineMs: 5_000 })),
    );
    for (const result of results) {
      expect(result).toMatchObject({ ending: "exited", exitCode: 9, stdout: "output\n", stderr: "error\n" });
    }
    await session.close();
  });
});

/** An account other than root's that has a shell, when the tests run as root. */
function otherAccount(): string | null {
  if (userInfo().uid !== 0) return null;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  const found = lines
    .map((line) => line.split(":"))
    .find(([, , uid, , , , shell]) => uid !== "0" && /\/(ba)?sh$/.test(shell ?? ""));
  return found?.[0] ?? null;
}
