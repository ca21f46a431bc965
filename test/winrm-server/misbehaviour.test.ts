import { afterEach, describe, expect, test, vi } from "vitest";
import type { Effect, Misbehaviour } from "./misbehaviour.js";
import {
  account,
  bodies,
  envelopeOf,
  faultOf,
  oneConnection,
  outputOf,
  post,
  RawShell,
  textOf,
} from "./raw-client.js";
import { scriptedInterpreter } from "./scripted-interpreter.js";
import { startWinrmStandIn, type StandInOptions, type WinrmStandIn } from "./server.js";
import { parseXml } from "./xml.js";

/** Each thing that the stand-in can be told to do wrong does what it says. */

let standIn: WinrmStandIn;
const run: string[] = [];

async function start(
  misbehaviour: readonly Misbehaviour[],
  more: Partial<StandInOptions> = {},
): Promise<string> {
  run.length = 0;
  standIn = await startWinrmStandIn({
    interpreter: scriptedInterpreter(({ commandLine, write }) => {
      run.push(commandLine);
      write("stdout", "output");
      return 0;
    }),
    accounts: [account],
    authentication: { basic: true },
    allowUnencrypted: true,
    misbehaviour,
    ...more,
  });
  return standIn.url;
}

afterEach(() => standIn.stop());

const create = (): string => envelopeOf("Create", { body: bodies.create });
const lost = expect.objectContaining({ code: "ECONNRESET" });

describe("instead of acting", () => {
  test("it answers a fault, to the operation and the time that were named", async () => {
    const url = await start([
      { on: "Command", nth: 2, effect: { type: "fault", fault: "ProcessesPerShell" } },
    ]);
    const shell = await RawShell.open(url);
    await shell.finish(await shell.start("one"));
    expect(faultOf(await shell.ask("Command", bodies.command("two")))).toMatchObject({
      code: "w:QuotaLimit",
    });
    await shell.finish(await shell.start("three"));
    expect(run).toEqual(["one", "three"]);
  });

  test("it drops the connection, and nothing was done", async () => {
    const url = await start([{ on: "Create", effect: { type: "drop-before" } }]);
    await expect(post(url, create())).rejects.toEqual(lost);
    expect(standIn.shells()).toEqual([]);
    expect(standIn.requests).toMatchObject([{ action: "Create", status: undefined }]);
  });

  test("it never answers", async () => {
    const url = await start([{ on: "request", effect: { type: "silence" } }]);
    await expect(post(url, create(), { signal: AbortSignal.timeout(300) })).rejects.toThrow(/aborted/);
  });

  test("it answers a page of HTML, or a bare status", async () => {
    const url = await start([
      { on: "request", nth: 1, effect: { type: "html", status: 502 } },
      { on: "operation", effect: { type: "status", status: 503 } },
    ]);
    const page = await post(url, create());
    expect({ status: page.status, type: page.headers["content-type"] }).toEqual({
      status: 502,
      type: "text/html",
    });
    expect(await post(url, create())).toMatchObject({ status: 503, text: "" });
  });

  test("it forgets who the client is", async () => {
    const url = await start([{ on: "Delete", nth: 1, effect: { type: "unauthorized" } }]);
    const shell = await RawShell.open(url);
    expect(await shell.ask("Delete")).toMatchObject({ status: 401 });
    expect(standIn.shells()).toHaveLength(1);
    expect(await shell.ask("Delete")).toMatchObject({ status: 200 });
  });
});

describe("after acting", () => {
  test("it drops the connection: the command has run, and what a Receive took out is lost", async () => {
    const url = await start([
      { on: "Command", nth: 1, effect: { type: "drop-after" } },
      { on: "Receive", nth: 1, effect: { type: "drop-after" } },
    ]);
    const shell = await RawShell.open(url);
    await expect(shell.start("one")).rejects.toEqual(lost);
    const id = await shell.start("two");
    await expect(shell.ask("Receive", bodies.receive(id))).rejects.toEqual(lost);
    const rest = (await shell.finish(id)).map((reply) => outputOf(reply).stdout).join("");
    expect({ rest, run }).toEqual({ rest: "", run: ["one", "two"] });
  });

  async function changed(
    change: Extract<Effect, { type: "after" }>["change"],
  ): Promise<Awaited<ReturnType<typeof post>>> {
    const url = await start([{ on: "Create", effect: { type: "after", change } }]);
    return await post(url, create());
  }

  test("it resets the connection half-way through the answer", async () => {
    await expect(changed({ type: "reset-half-way" })).rejects.toEqual(lost);
    expect(standIn.shells()).toHaveLength(1);
  });

  test("it answers XML that is cut off", async () => {
    const { text } = await changed({ type: "truncate" });
    expect(() => parseXml(text)).toThrow(Error);
  });

  test("it relates to another request, or to none", async () => {
    const other = "uuid:00000000-0000-0000-0000-000000000000";
    expect(textOf(await changed({ type: "relates-to", messageId: other }), "RelatesTo")).toBe(other);
    await standIn.stop();
    expect((await changed({ type: "relates-to", messageId: undefined })).text).not.toContain("RelatesTo");
  });

  test("it names another content type", async () => {
    expect((await changed({ type: "content-type", value: "text/plain" })).headers["content-type"]).toBe(
      "text/plain",
    );
  });

  test("it answers an envelope that is larger than was asked for", async () => {
    const { text } = await changed({ type: "oversize", bytes: 200_000 });
    expect(text).toHaveLength(200_000);
    expect(parseXml(text).name).toBe("Envelope");
  });

  test("it answers late, or a few bytes at a time, and still rightly", async () => {
    expect((await changed({ type: "delay", ms: 50 })).status).toBe(200);
    await standIn.stop();
    expect(textOf(await changed({ type: "trickle", bytes: 100 }), "ShellId")).toBe(standIn.shells()[0]?.id);
  });
});

test("a client that goes away while it waits loses nothing: its next Receive brings what came", async () => {
  let release: () => void = () => {};
  const interpreter = scriptedInterpreter(async ({ write }) => {
    await new Promise<void>((resolve) => (release = resolve));
    write("stdout", "output");
    return 0;
  });
  const shell = await RawShell.open(await start([], { interpreter }));
  const id = await shell.start("x");
  const envelope = envelopeOf("Receive", { shellId: shell.id, body: bodies.receive(id) });
  await expect(post(standIn.url, envelope, { signal: AbortSignal.timeout(100) })).rejects.toThrow(/aborted/);
  await vi.waitFor(
    () => expect(standIn.requests.at(-1)).toMatchObject({ action: "Receive", status: undefined }),
    { timeout: 20_000 },
  );
  release();
  expect((await shell.finish(id)).map((reply) => outputOf(reply).stdout).join("")).toBe("output");
});

test("what it does wrong can be changed while it runs", async () => {
  const url = await start([{ on: "operation", effect: { type: "status", status: 500 } }]);
  expect((await post(url, create())).status).toBe(500);
  standIn.misbehave([]);
  expect((await post(url, create())).status).toBe(200);
});

test("it closes a connection that is idle for longer than it keeps one, without telling beforehand", async () => {
  const url = await start([], { keepAliveMs: 100 });
  const agent = oneConnection();
  const first = await post(url, create(), { agent });
  expect(first.headers["keep-alive"]).toBeUndefined();
  // Node closes up to a second later than the time that it was given.
  const [socket] = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
  await new Promise((resolve) => socket?.once("close", resolve));
  await post(url, create(), { agent });
  agent.destroy();
  expect(standIn.requests.map(({ connection }) => connection)).toEqual([1, 2]);
});
