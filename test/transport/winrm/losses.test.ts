import { afterEach, describe, expect, test } from "vitest";
import type { Session } from "../../../src/transport/transport.js";
import type { Effect } from "../../winrm-server/misbehaviour.js";
import { changed, run, startHost, type Host } from "./host.js";

let host: Host;
afterEach(() => host.stop());

async function open(): Promise<Session> {
  host = await startHost();
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

test("a shell is deleted also when the first attempt is lost", async () => {
  const session = await open();
  host.misbehave("Delete", { type: "drop-before" }, 1);
  await session.close();
  expect(host.standIn.shells()).toEqual([]);
  expect(host.warnings).toEqual([]);
});
