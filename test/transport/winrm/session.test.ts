import { Readable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Session } from "../../../src/transport/transport.js";
import type { Interpreter } from "../../winrm-server/interpreter.js";
import { scriptedInterpreter } from "../../winrm-server/scripted-interpreter.js";
import type { StandInOptions } from "../../winrm-server/server.js";
import { account, changed, startHost, words, run, type Host } from "./host.js";

let host: Host;
afterEach(() => host.stop());

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes that are really held: other tests of this process leave garbage. */
function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function open(
  options: Partial<StandInOptions> = {},
  changes: Record<string, unknown> = {},
): Promise<Session> {
  host = await startHost(options);
  return await host.connect(changes);
}

describe("a session", () => {
  test("encrypts everything by default, ends each command, and leaves no shell behind", async () => {
    const session = await open();
    expect(await run(session, "echo hello")).toMatchObject({
      ending: "exited",
      exitCode: 0,
      stdout: "hello",
    });
    expect(host.standIn.shells()).toHaveLength(1);
    await session.close();
    expect(host.standIn.shells()).toEqual([]);
    const operations = host.standIn.requests.filter((request) => request.action !== undefined);
    expect(operations.every((request) => request.sealed)).toBe(true);
    expect(host.asked("Signal")).toBe(1);
    expect(host.asked("Delete")).toBe(1);
    expect(host.warnings).toEqual([]);
  });

  test.each([
    ["exit 0", 0],
    ["exit 3", 3],
    ["exit 3221225786", 0xc000013a],
    ["exit -1", 0xffffffff],
  ])("reports the code of `%s` as an unsigned number of 32 bits", async (command, exitCode) => {
    expect(await run(await open(), command)).toMatchObject({ ending: "exited", exitCode });
  });

  test("asks again while there is no output", async () => {
    const timedOut = (): number =>
      host.standIn.requests.filter(({ refusal }) => refusal?.startsWith("TimedOut")).length;
    const slow = scriptedInterpreter(async ({ write }) => {
      write("stdout", "one ");
      await vi.waitUntil(() => timedOut() >= 2, { timeout: 20_000 });
      write("stdout", "two");
      return 5;
    });
    const session = await open({ interpreter: slow }, { operationTimeoutMs: 500 });
    expect(await run(session, "slow")).toMatchObject({ exitCode: 5, stdout: "one two" });
  });

  test("decodes the output's code page, and what PowerShell writes to its error stream", async () => {
    const powershell = scriptedInterpreter(({ options, write }) => {
      write("stdout", String(options.codePage));
      write("stdout", Buffer.from([0xe9]));
      write("stderr", '#< CLIXML\r\n<Objs><S S="Error">caf');
      write("stderr", Buffer.concat([Buffer.from([0xe9]), Buffer.from("_x000D__x000A_</S></Objs>")]));
      return 1;
    });
    const session = await open({ interpreter: powershell }, { codePage: 1252 });
    expect(await run(session, "x")).toMatchObject({ exitCode: 1, stdout: "1252é", stderr: "café\r\n" });
  });

  test("keeps what an ended command has begun to say in an unfinished document of PowerShell's", async () => {
    const session = await open({
      interpreter: scriptedInterpreter(({ write, signal }) => {
        write("stderr", '#< CLIXML\r\n<Objs><S S="Error">begun');
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve(1)));
      }),
    });
    expect(await run(session, "x", { deadlineMs: 300 })).toMatchObject({
      ending: "deadline",
      stderr: '#< CLIXML\r\n<Objs><S S="Error">begun',
    });
  });

  test("works on when the host has closed its idle connections", async () => {
    const session = await open({ keepAliveMs: 50 });
    expect((await run(session, "echo one")).stdout).toBe("one");
    const before = new Set(host.standIn.requests.map(({ connection }) => connection));
    await vi.waitUntil(() => host.connections() === 0, { timeout: 20_000 });
    expect((await run(session, "echo two")).stdout).toBe("two");
    expect(before).not.toContain(host.standIn.requests.at(-1)?.connection);
    expect(host.asked("Command")).toBe(2);
  });

  test("refuses locally what the host would cut off, and goes on", async () => {
    const session = await open({}, { maxEnvelopeBytes: 8_192 });
    await expect(run(session, "x".repeat(9_000))).rejects.toMatchObject({ code: "command-too-long" });
    // Within cmd.exe's limit, and beyond the envelope's by its escapes.
    await expect(run(session, "<".repeat(8_000))).rejects.toMatchObject({
      code: "command-too-long",
      message: expect.stringContaining("maxEnvelopeBytes"),
    });
    expect(host.asked("Command")).toBe(0);
    expect((await run(session, "echo on")).stdout).toBe("on");
  });

  test("takes 100 MB of output, and keeps the first bytes in little memory", async () => {
    const chunk = Buffer.alloc(64 * 1024, "0123456789abcdef");
    const chunks = (100 * 1024 * 1024) / chunk.length;
    const flood: Interpreter = {
      ...words,
      run: (...given) => {
        const running = words.run(...given);
        let left = chunks;
        const stdout = new Readable({
          read() {
            this.push(left > 0 ? chunk : null);
            left -= 1;
          },
        });
        return { ...running, stdout };
      },
    };
    const session = await open(
      { interpreter: flood, allowUnencrypted: true, authentication: { basic: true } },
      { authentication: { type: "basic", user: account.user, password: "env:P", allowUnencrypted: true } },
    );
    let bytes = 0;
    let kept = Infinity;
    const before = memoryInUse();
    const result = await run(session, "exit 0", {
      deadlineMs: 100_000,
      onOutput: (_stream, piece) => {
        // What is just under way comes and goes; what is kept is there each time.
        const step = 5 * 1024 * 1024;
        const passed = Math.floor((bytes + piece.length) / step) > Math.floor(bytes / step);
        bytes += piece.length;
        if (passed && bytes > 75 * 1024 * 1024) kept = Math.min(kept, memoryInUse() - before);
      },
    });
    expect(result).toMatchObject({ ending: "exited", exitCode: 0, truncated: { stdout: true } });
    expect(result.stdout).toHaveLength(64 * 1024);
    expect(bytes).toBe(100 * 1024 * 1024);
    expect(kept).toBeLessThan(30 * 1024 * 1024);
  }, 120_000);
});

describe("a shell", () => {
  test("is asked for again while the host has no room for it", async () => {
    host = await startHost();
    host.misbehave("Create", { type: "fault", fault: "ShellsPerUser" }, 1);
    expect((await run(await host.connect(), "echo one")).stdout).toBe("one");
    expect(host.asked("Create")).toBe(2);
  });

  test("that the host never has room for is given up, in the host's words", async () => {
    host = await startHost();
    host.misbehave("Create", { type: "fault", fault: "ShellsPerUser" });
    await expect(host.connect()).rejects.toMatchObject({
      code: "quota-exceeded",
      message: expect.stringContaining("maximum number of concurrent shells"),
    });
    expect(host.asked("Create")).toBe(5);
  });

  test("that is refused to the user is a matter of rights", async () => {
    host = await startHost();
    host.misbehave("Create", { type: "fault", fault: "AccessDenied" });
    await expect(host.connect()).rejects.toMatchObject({
      code: "access-denied",
      message: expect.stringContaining("Access is denied"),
    });
    expect(host.asked("Create")).toBe(1);
  });

  test("that the host makes after the connecting was given up is deleted", async () => {
    host = await startHost();
    host.misbehave("Create", changed({ type: "delay", ms: 800 }));
    await expect(host.connect({}, 300)).rejects.toMatchObject({
      code: "connect-failed",
      message: expect.stringContaining("within 300 ms"),
    });
    await expect.poll(() => host.asked("Delete"), { timeout: 20_000 }).toBe(1);
    expect(host.standIn.shells()).toEqual([]);
  });

  test("that the host has deleted is lost, and the command not run", async () => {
    const session = await open();
    host.misbehave("Command", { type: "fault", fault: "NoSuchShell" });
    await expect(run(session, "echo one")).rejects.toMatchObject({
      code: "disconnected",
      message: expect.stringContaining("the shell was not found"),
    });
    expect(session.open).toBe(false);
  });

  test("whose commands are used up is given up, so that the next session gets another", async () => {
    const session = await open();
    host.misbehave("Command", { type: "fault", fault: "OperationsPerUser" });
    await expect(run(session, "echo one")).rejects.toMatchObject({ code: "disconnected" });
    expect(session.open).toBe(false);
    await session.close();
    expect(host.standIn.shells()).toEqual([]);
  });
});

test("a shell that the host does not confirm to have deleted is told of", async () => {
  const session = await open();
  host.misbehave("Delete", { type: "fault", fault: "InternalError" });
  await session.close();
  expect(host.warnings).toEqual([
    expect.stringMatching(/^win1 did not confirm that the shell [0-9A-F-]{36} was deleted/),
  ]);
});
