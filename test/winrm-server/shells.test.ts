import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { isAlive } from "../transport/sshd.js";
import type { Interpreter } from "./interpreter.js";
import { posixShell } from "./posix-shell.js";
import { account, bodies, envelopeOf, faultOf, outputOf, post, RawShell, type Reply } from "./raw-client.js";
import { scriptedInterpreter } from "./scripted-interpreter.js";
import { startWinrmStandIn, type WinrmStandIn } from "./server.js";
import type { Limits } from "./shells.js";

/** Shells and commands as MS-WSMV has them. */

let standIn: WinrmStandIn;

async function start(interpreter: Interpreter, limits: Partial<Limits> = {}): Promise<WinrmStandIn> {
  standIn = await startWinrmStandIn({
    interpreter,
    accounts: [account, { user: "other", password: "Other1!" }],
    authentication: { basic: true },
    allowUnencrypted: true,
    limits,
  });
  return standIn;
}

afterEach(() => standIn.stop());

const short = { OperationTimeout: "<w:OperationTimeout>PT0.1S</w:OperationTimeout>" };

function last(replies: Reply[]): Reply {
  return replies.at(-1) as Reply;
}

describe("a command", () => {
  test("is run once, and its streams, their end and its exit code are handed out", async () => {
    const lines: string[] = [];
    const interpreter = scriptedInterpreter(({ commandLine, write }) => {
      lines.push(commandLine);
      write("stdout", "out & <");
      write("stderr", "err");
      return 0xc0000005;
    });
    const shell = await RawShell.open((await start(interpreter)).url);
    const reply = last(await shell.finish(await shell.start("echo a & b <c>")));
    expect(lines).toEqual(["echo a & b <c>"]);
    expect(outputOf(reply)).toMatchObject({ state: "Done", exitCode: "3221225477" });
    expect(reply.text.match(/End="true"/g)).toHaveLength(2);
  });

  test("gets its arguments behind it, with entities and CDATA decoded", async () => {
    const interpreter = scriptedInterpreter(({ commandLine, write }) => {
      write("stdout", commandLine);
      return 0;
    });
    const shell = await RawShell.open((await start(interpreter)).url);
    const started = await shell.ask(
      "Command",
      "<rsp:CommandLine><rsp:Command>a&amp;&#x62;</rsp:Command><rsp:Arguments>&quot;c d&quot;</rsp:Arguments>" +
        "<rsp:Arguments><![CDATA[&amp;]]></rsp:Arguments></rsp:CommandLine>",
    );
    const [, id = ""] = /<rsp:CommandId>(.*)<\/rsp:CommandId>/.exec(started.text) ?? [];
    expect(outputOf(last(await shell.finish(id))).stdout).toBe('a&b "c d" &amp;');
  });

  test("gets what the shell was created with", async () => {
    const seen: unknown[] = [];
    const interpreter = scriptedInterpreter(({ options }) => {
      const { environment, codePage, workingDirectory } = options;
      seen.push({ environment, codePage, workingDirectory });
      return 0;
    });
    const body =
      "<rsp:Shell><rsp:Environment><rsp:Variable Name='a&lt;b'>1</rsp:Variable></rsp:Environment>" +
      "<rsp:WorkingDirectory>C:\\x</rsp:WorkingDirectory></rsp:Shell>";
    const headers = {
      OptionSet: '<w:OptionSet><w:Option Name="WINRS_CODEPAGE">65001</w:Option></w:OptionSet>',
    };
    const shell = await RawShell.open((await start(interpreter)).url, { body, headers });
    await shell.finish(await shell.start("x"));
    expect(seen).toEqual([
      { environment: { "a<b": "1" }, codePage: 65001, workingDirectory: String.raw`C:\x` },
    ]);
  });

  test("answers a Receive only when there is something, or the operation's time is over", async () => {
    let release: () => void = () => {};
    const interpreter = scriptedInterpreter(async ({ write }) => {
      await new Promise<void>((resolve) => (release = resolve));
      write("stdout", "late");
      await pause(60_000, undefined, { ref: false });
      return 0;
    });
    const shell = await RawShell.open((await start(interpreter)).url);
    const id = await shell.start("x");
    expect(faultOf(await shell.ask("Receive", bodies.receive(id), short))).toMatchObject({
      code: "w:TimedOut",
      number: 2150858793,
    });
    const waiting = shell.ask("Receive", bodies.receive(id));
    release();
    expect(outputOf(await waiting)).toMatchObject({ stdout: "late", state: "Running", exitCode: "" });
  });

  test("does not answer two Receives at once", async () => {
    const shell = await RawShell.open((await start(posixShell)).url);
    const id = await shell.start("sleep 20");
    const [one, other] = await Promise.all([1, 2].map(() => shell.ask("Receive", bodies.receive(id), short)));
    expect([one, other].map((reply) => faultOf(reply as Reply).code).toSorted()).toEqual([
      "w:Concurrency",
      "w:TimedOut",
    ]);
  });

  test("has its output cut anywhere, into several elements and envelopes no larger than asked for", async () => {
    const text = Array.from({ length: 20_000 }, (_unused, index) => `${index}é`).join("\n");
    const interpreter = scriptedInterpreter(({ write }) => {
      write("stdout", text);
      return 0;
    });
    const shell = await RawShell.open((await start(interpreter, { streamBytes: 1_001 })).url);
    const id = await shell.start("x");
    const small = { MaxEnvelopeSize: "<w:MaxEnvelopeSize>8192</w:MaxEnvelopeSize>" };
    const replies: Reply[] = [];
    do replies.push(await shell.ask("Receive", bodies.receive(id), small));
    while (outputOf(last(replies)).state !== "Done");
    expect(Buffer.from(replies.map((reply) => outputOf(reply).stdout).join(""), "latin1").toString()).toBe(
      text,
    );
    expect(Math.max(...replies.map((reply) => reply.text.length))).toBeLessThanOrEqual(8_192);
    expect(outputOf(replies[0] as Reply).pieces).toBeGreaterThan(1);
  });

  test("reads its input until the end of it, and then takes no more", async () => {
    const shell = await RawShell.open((await start(posixShell)).url);
    const id = await shell.start("cat; sleep 20");
    expect((await shell.ask("Send", bodies.send(id, "one "))).status).toBe(200);
    expect((await shell.ask("Send", bodies.send(id, "two", true))).status).toBe(200);
    expect(faultOf(await shell.ask("Send", bodies.send(id, "more")))).toMatchObject({
      code: "w:InternalError",
    });
    expect(outputOf(await shell.ask("Receive", bodies.receive(id))).stdout).toContain("one");
  });

  test("is not known any more when its end has been fetched, but can be signalled", async () => {
    const shell = await RawShell.open((await start(posixShell)).url);
    const id = await shell.start("exit 3");
    expect(outputOf(last(await shell.finish(id))).exitCode).toBe("3");
    expect(faultOf(await shell.ask("Receive", bodies.receive(id)))).toMatchObject({ number: 2150858843 });
    expect((await shell.ask("Signal", bodies.signal(id, "terminate"))).status).toBe(200);
    expect(faultOf(await shell.ask("Signal", bodies.signal(id, "terminate")))).toMatchObject({
      number: 2150858843,
    });
  });

  test("ends with all its processes when terminated, and the Receive that waits says so", async () => {
    const shell = await RawShell.open((await start(posixShell)).url);
    const id = await shell.start("sleep 60 & echo $$ $!; wait");
    const pids = outputOf(await shell.ask("Receive", bodies.receive(id)))
      .stdout.trim()
      .split(" ")
      .map(Number);
    const waiting = shell.ask("Receive", bodies.receive(id));
    await vi.waitFor(() => expect(standIn.shells()[0]?.commands).toHaveLength(1), { timeout: 20_000 });
    await shell.ask("Signal", bodies.signal(id, "terminate"));
    const reply = await waiting;
    // The Receive may also have come after the signal: then there is no such command.
    if (reply.status === 200)
      expect(outputOf(reply)).toMatchObject({ state: "Done", exitCode: "3221225786" });
    else expect(faultOf(reply).number).toBe(2150858843);
    await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]), { timeout: 20_000 });
  });

  test("may clean up after ctrl+c", async () => {
    const shell = await RawShell.open((await start(posixShell)).url);
    const id = await shell.start(
      "trap 'echo cleaned; exit 4' TERM; echo ready; while :; do sleep 0.05; done",
    );
    expect(outputOf(await shell.ask("Receive", bodies.receive(id))).stdout).toBe("ready\n");
    await shell.ask("Signal", bodies.signal(id, "interrupt"));
    const replies = await shell.finish(id);
    expect(replies.map((reply) => outputOf(reply).stdout).join("")).toBe("cleaned\n");
    expect(outputOf(last(replies)).exitCode).toBe("4");
  });

  test("is done although a process in the background holds its output open", async () => {
    const shell = await RawShell.open((await start(posixShell)).url);
    expect(outputOf(last(await shell.finish(await shell.start("sleep 60 & exit 5")))).exitCode).toBe("5");
  });

  test("hands out 5 MB whole to a client that is slow to ask", async () => {
    const shell = await RawShell.open((await start(posixShell)).url);
    const id = await shell.start("seq 1 750000");
    await vi.waitFor(() => expect(standIn.shells()[0]?.commands[0]?.running).toBe(true), { timeout: 20_000 });
    const text = (await shell.finish(id)).map((reply) => outputOf(reply).stdout).join("");
    expect(text === Array.from({ length: 750_000 }, (_unused, index) => `${index + 1}\n`).join("")).toBe(
      true,
    );
  });

  test("whose line is too long for cmd.exe does nothing and says 0, the trap that a client has to avoid", async () => {
    const interpreter = scriptedInterpreter(() => 1);
    const shell = await RawShell.open((await start(interpreter)).url);
    const reply = last(await shell.finish(await shell.start("x".repeat(8_192))));
    expect(outputOf(reply)).toMatchObject({ stdout: "", stderr: "", exitCode: "0" });
    expect(outputOf(last(await shell.finish(await shell.start("x".repeat(8_191))))).exitCode).toBe("1");
  });
});

describe("a shell", () => {
  test("ends its commands when deleted, and is then not known", async () => {
    const shell = await RawShell.open((await start(posixShell)).url);
    const id = await shell.start("echo $$; sleep 60");
    const pid = Number(outputOf(await shell.ask("Receive", bodies.receive(id))).stdout);
    expect(standIn.shells()).toMatchObject([{ user: "lab", commands: [{ running: true }] }]);
    expect((await shell.ask("Delete")).status).toBe(200);
    expect(standIn.shells()).toEqual([]);
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
    expect(faultOf(await shell.ask("Command", bodies.command("x")))).toMatchObject({
      code: "w:InvalidSelectors",
      number: 2150858843,
      message: expect.stringContaining("shell was not found"),
    });
  });

  test("is the one of its user", async () => {
    const shell = await RawShell.open((await start(posixShell)).url);
    const Authorization = `Basic ${Buffer.from("other:Other1!").toString("base64")}`;
    const reply = await post(standIn.url, envelopeOf("Delete", { shellId: shell.id }), {
      headers: { Authorization },
    });
    expect(faultOf(reply)).toMatchObject({ code: "w:AccessDenied", number: 5 });
  });

  test("expires when it is not used, but not while a Receive waits", async () => {
    const shell = await RawShell.open((await start(posixShell, { idleMs: 300 })).url);
    const id = await shell.start("sleep 60");
    const waits = { OperationTimeout: "<w:OperationTimeout>PT1S</w:OperationTimeout>" };
    expect(faultOf(await shell.ask("Receive", bodies.receive(id), waits)).code).toBe("w:TimedOut");
    await vi.waitFor(() => expect(standIn.shells()).toEqual([]), { timeout: 20_000 });
  });
});

describe("a quota", () => {
  test("of shells holds for each user, and a deleted shell makes room", async () => {
    await start(posixShell, { shellsPerUser: 1 });
    const shell = await RawShell.open(standIn.url);
    const create = (): string => envelopeOf("Create", { body: bodies.create });
    expect(faultOf(await post(standIn.url, create()))).toMatchObject({
      code: "w:QuotaLimit",
      number: 0x803381a5,
    });
    await shell.ask("Delete");
    expect((await post(standIn.url, create())).status).toBe(200);
  });

  test("of processes holds for those that run", async () => {
    const shell = await RawShell.open((await start(posixShell, { processesPerShell: 1 })).url);
    await shell.finish(await shell.start("exit 0"));
    await shell.start("sleep 20");
    expect(faultOf(await shell.ask("Command", bodies.command("x")))).toMatchObject({ number: 0x803381e9 });
  });

  test("of operations counts commands that were terminated too, until their shell is deleted", async () => {
    const shell = await RawShell.open((await start(posixShell, { operationsPerUser: 1 })).url);
    const id = await shell.start("exit 0");
    await shell.finish(id);
    await shell.ask("Signal", bodies.signal(id, "terminate"));
    expect(faultOf(await shell.ask("Command", bodies.command("x")))).toMatchObject({ number: 0x803381a6 });
    await shell.ask("Delete");
    expect(await (await RawShell.open(standIn.url)).start("exit 0")).toMatch(/^[0-9A-F-]{36}$/);
  });
});
