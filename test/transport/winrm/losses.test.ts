import { afterEach, describe, expect, test, vi } from "vitest";
import type { Session } from "../../../src/transport/transport.js";
import type { Effect } from "../../winrm-server/misbehaviour.js";
import { scriptedInterpreter } from "../../winrm-server/scripted-interpreter.js";
import type { StandInOptions } from "../../winrm-server/server.js";
import { changed, run, startHost, type Host } from "./host.js";

let host: Host;
afterEach(() => host.stop());

async function open(options: Partial<StandInOptions> = {}): Promise<Session> {
  host = await startHost(options);
  return await host.connect();
}

describe("a command is sent once", () => {
  test.each<[string, Effect]>([
    ["the connection breaks before the host has it", { type: "drop-before" }],
    ["the connection breaks before the answer", { type: "drop-after" }],
    ["the connection breaks within the answer", changed({ type: "reset-half-way" })],
    ["the answer is cut", changed({ type: "truncate" })],
    ["the answer is another message's", changed({ type: "relates-to", messageId: "uuid:another" })],
    ["the answer is too large", changed({ type: "oversize", bytes: 1024 * 1024 })],
    ["the answer was changed on the way", changed({ type: "tamper" })],
    ["the answer is not encrypted", changed({ type: "unsealed" })],
    ["a proxy answers", { type: "html", status: 502 }],
    ["the host does not say in time whether it has started it", { type: "fault", fault: "TimedOut" }],
    ["the host answers with a bare 500", { type: "status", status: 500 }],
  ])("when %s, its end is unknown and the shell is deleted", async (_what, effect) => {
    const session = await open();
    host.misbehave("Command", effect);
    expect(await run(session, "echo one")).toMatchObject({ ending: "disconnected", exitCode: null });
    expect(session.open).toBe(false);
    await session.close();
    expect(host.asked("Command")).toBe(1);
    expect(host.standIn.shells()).toEqual([]);
  });

  test("when the host refuses it, it was not run, and the session goes on", async () => {
    const session = await open();
    host.misbehave("Command", { type: "fault", fault: "ProcessesPerShell" }, 1);
    await expect(run(session, "echo one")).rejects.toMatchObject({
      code: "quota-exceeded",
      message: expect.stringContaining("not run"),
    });
    expect(host.asked("Command")).toBe(1);
    expect((await run(session, "echo two")).stdout).toBe("two");
  });

  test("when the host no longer knows who sends it", async () => {
    const session = await open();
    host.misbehave("Command", { type: "unauthorized" }, 1);
    await expect(run(session, "echo one")).rejects.toMatchObject({ code: "disconnected" });
    expect(host.asked("Command")).toBe(1);
  });
});

describe("output", () => {
  test.each<[string, Effect]>([
    ["the connection breaks", { type: "drop-before" }],
    ["an answer with output was lost", { type: "drop-after" }],
    ["an answer breaks off", changed({ type: "reset-half-way" })],
    ["an answer was changed on the way", changed({ type: "tamper" })],
    ["a proxy answers", { type: "html", status: 200 }],
    ["the host has an error", { type: "fault", fault: "InternalError" }],
  ])("may lack something when %s: the command's end is unknown", async (_what, effect) => {
    const session = await open();
    host.misbehave("Receive", effect, 1);
    expect(await run(session, "echo one")).toMatchObject({
      ending: "disconnected",
      exitCode: null,
      stdout: "",
    });
    expect(session.open).toBe(false);
    await session.close();
    expect(host.standIn.shells()).toEqual([]);
  });

  test("is received on when the host wants to know again who asks", async () => {
    const session = await open();
    host.misbehave("Receive", { type: "unauthorized" }, 1);
    expect(await run(session, "echo one")).toMatchObject({ ending: "exited", stdout: "one" });
  });

  test("that comes in small pieces is put together", async () => {
    const session = await open();
    host.misbehave("operation", changed({ type: "trickle", bytes: 7 }));
    expect(await run(session, "echo one")).toMatchObject({ ending: "exited", stdout: "one" });
  });
});

describe("input", () => {
  test("that the host refuses is the command's loss only: it may have ended, or not read", async () => {
    const session = await open();
    host.misbehave("Send", { type: "fault", fault: "InputClosed" });
    expect(await run(session, "echo one", { stdin: "words" })).toMatchObject({
      ending: "exited",
      stdout: "one",
    });
    expect(session.open).toBe(true);
  });

  test("whose mere end the host refuses is no loss to a command that does not wait for it, and is told of", async () => {
    const slow = scriptedInterpreter(async ({ write, signal }) => {
      await vi.waitUntil(() => signal.aborted || host.warnings.length > 0, { timeout: 20_000 });
      write("stdout", "one");
      return 0;
    });
    const session = await open({ interpreter: slow });
    host.misbehave("Send", { type: "fault", fault: "InternalError" });
    expect(await run(session, "x")).toMatchObject({ ending: "exited", stdout: "one" });
    expect(host.warnings).toEqual([expect.stringContaining("input for a command was refused")]);
  });

  test("that the host refuses although the command may wait for it ends the command at once, and is told of", async () => {
    const session = await open();
    host.misbehave("Send", { type: "fault", fault: "InternalError" });
    const result = await run(session, "wait", { stdin: "words", deadlineMs: 60_000 });
    expect(result).toMatchObject({ ending: "disconnected", exitCode: null });
    expect(result.durationMs).toBeLessThan(30_000);
    expect(session.open).toBe(false);
    await session.close();
    expect(host.standIn.shells()).toEqual([]);
    await expect(run(session, "echo on")).rejects.toMatchObject({
      code: "disconnected",
      message: expect.stringContaining("input for a command was refused: The WS-Management service cannot"),
    });
  });

  test.each<[string, Effect]>([
    ["the host does not say in time whether it has taken it", { type: "fault", fault: "TimedOut" }],
    ["the connection breaks", { type: "drop-after" }],
  ])("leaves an unknown end when %s, and is not sent again", async (_what, effect) => {
    const session = await open();
    host.misbehave("Send", effect);
    expect(await run(session, "wait", { stdin: "words" })).toMatchObject({ ending: "disconnected" });
    expect(host.asked("Send")).toBe(1);
    await session.close();
    expect(host.standIn.shells()).toEqual([]);
  });
});

describe("a deadline", () => {
  test("ends a command also while the host holds back an answer", async () => {
    const session = await open();
    host.misbehave("Receive", { type: "silence" });
    expect(await run(session, "wait", { deadlineMs: 500 })).toMatchObject({
      ending: "deadline",
      exitCode: null,
    });
    expect(host.asked("Signal")).toBe(2);
    expect(session.open).toBe(true);
  });

  test("that the host does not confirm leaves an unknown end and no session", async () => {
    const session = await open();
    const running = run(session, "wait", { deadlineMs: 500 });
    host.misbehave("Signal", { type: "silence" });
    expect(await running).toMatchObject({ ending: "disconnected" });
    expect(session.open).toBe(false);
    await session.close();
    expect(host.standIn.shells()).toEqual([]);
  }, 20_000);

  test("before the host has said whether it has started a command leaves an unknown end", async () => {
    const session = await open();
    host.misbehave("Command", { type: "silence" });
    expect(await run(session, "echo one", { deadlineMs: 200 })).toMatchObject({ ending: "disconnected" });
    expect(host.asked("Command")).toBeLessThanOrEqual(1);
    await session.close();
    expect(host.standIn.shells()).toEqual([]);
  }, 20_000);
});

test.each(["Send", "Receive", "Signal", "Delete"] as const)(
  "%s is asked for again while the host is busy, and the command is none the worse for it",
  async (action) => {
    const session = await open();
    host.misbehave(action, { type: "fault", fault: "ProcessesPerShell" }, 1);
    expect(await run(session, "echo one", { stdin: "words" })).toMatchObject({
      ...{ ending: "exited", stdout: "one" },
    });
    await session.close();
    expect(host.standIn.shells()).toEqual([]);
    expect(host.warnings).toEqual([]);
    const ids = host.standIn.requests.flatMap(({ messageId }) => messageId ?? []);
    expect(new Set(ids).size, "each message has an id of its own").toBe(ids.length);
  },
);

describe("a shell", () => {
  test.each<[string, Effect]>([
    ["is lost", { type: "drop-before" }],
    ["is refused", { type: "fault", fault: "InternalError" }],
    ["is answered by a proxy", { type: "html", status: 502 }],
    ["has its answer changed on the way", changed({ type: "tamper" })],
  ])("is deleted also when the first attempt %s", async (_what, effect) => {
    const session = await open();
    host.misbehave("Delete", effect, 1);
    await session.close();
    expect(host.standIn.shells()).toEqual([]);
    expect(host.warnings).toEqual([]);
  });

  test("is deleted also when the host has not read the first attempt, after which the encryption is out of step", async () => {
    const session = await open();
    host.misbehave("request", { type: "status", status: 503 }, 1);
    await session.close();
    expect(host.standIn.shells()).toEqual([]);
    expect(host.standIn.requests.map(({ status }) => status)).not.toContain(400);
  });

  test("that dies takes its command's end with it, and the session", async () => {
    const session = await open();
    host.misbehave("Receive", { type: "fault", fault: "NoSuchShell" });
    expect(await run(session, "wait")).toMatchObject({ ending: "disconnected", exitCode: null });
    expect(session.open).toBe(false);
  });

  test("that cannot be deleted is asked for several times, and left to its idle timeout of minutes", async () => {
    const session = await open();
    host.misbehave("Delete", { type: "fault", fault: "InternalError" });
    await session.close();
    expect(host.asked("Delete")).toBe(5);
    expect(host.standIn.shells()).toMatchObject([{ idleMs: 15 * 60_000 }]);
    expect(host.warnings).toHaveLength(1);
  }, 20_000);

  test("that is not used is deleted by us before the host does it", async () => {
    host = await startHost({ limits: { idleMs: 1_000 } });
    const session = await host.connect();
    expect((await run(session, "echo one")).stdout).toBe("one");
    await expect.poll(() => session.open, { timeout: 20_000 }).toBe(false);
    await session.close();
    expect(host.asked("Delete")).toBe(1);
    await expect(run(session, "echo two")).rejects.toMatchObject({
      code: "disconnected",
      message: expect.stringContaining("idle for too long"),
    });
  });

  test.each(["IdleTimeoutOutOfBounds", "SchemaValidationError"] as const)(
    "of a host that lets none be idle for so long has the time that the host gives it: %s",
    async (fault) => {
      host = await startHost();
      host.misbehave("Create", { type: "fault", fault }, 1);
      expect((await run(await host.connect(), "echo one")).stdout).toBe("one");
      expect(host.asked("Create")).toBe(2);
      expect(host.standIn.shells()).toMatchObject([{ idleMs: 7_200_000 }]);
    },
  );
});
