import { createRequire } from "node:module";
import { Readable } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Language, Parser } from "web-tree-sitter";
import type { Session } from "../../src/transport/transport.js";
import { createSshTransport } from "../../src/transport/ssh.js";
import { powershellLine } from "../../src/transport/ssh/windows/powershell.js";
import { LIST_COMMAND, processesIn, treeOf } from "../../src/transport/ssh/windows/processes.js";
import { SHELL_QUESTION, shellThatPrints } from "../../src/transport/ssh/windows/shell.js";
import { posixMachine, saying, type Machine } from "../windows-sshd/machine.js";
import { startWindowsSshd, type WindowsSshd, type WindowsSshdOptions } from "../windows-sshd/server.js";
import { isAlive, tryKill } from "./sshd.js";

const transport = createSshTransport({ resolveSecret: () => Promise.resolve("any") });
let servers: WindowsSshd[] = [];
let orphans: number[] = [];
afterEach(async () => {
  for (const pid of orphans) tryKill(pid);
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
  orphans = [];
});

async function serve(options: Partial<WindowsSshdOptions> = {}): Promise<WindowsSshd> {
  const server = await startWindowsSshd({ machine: posixMachine(), ...options });
  servers.push(server);
  return server;
}

async function open(options: Partial<WindowsSshdOptions> = {}): Promise<Session> {
  return await transport.connect((await serve(options)).target(), { deadlineMs: 20_000 });
}

/** A machine that answers each command line after its mark as the test says. */
function scripted(answers: Readonly<Record<string, Parameters<typeof saying>[0]>>): Machine {
  return {
    name: "a script of the test",
    run: (line) => saying(answers[line.replace(/^if not tyrian-[0-9a-f-]+==\. /, "")] ?? {}),
  };
}
const cmd = { [SHELL_QUESTION]: { stdout: "tyrian-Windows_NT-$PSHOME\r\n" } };

describe("the login shell", () => {
  test.each([
    ["tyrian-Windows_NT-$PSHOME\r\n", "cmd"],
    ["tyrian-%OS%-C:\\Windows\\System32\\WindowsPowerShell\\v1.0\r\n", "powershell"],
    ["tyrian-%OS%-C:\\Program Files\\PowerShell\\7\r\n", "powershell"],
    ["tyrian-%OS%-\n", null],
    ["tyrian-%OS%-/opt/microsoft/powershell/7\n", null],
    ["tyrian-Windows_NT-\n", null],
    ["This service allows sftp connections only.", null],
    ["", null],
  ])("that answers %j is %s", (answer, shell) => expect(shellThatPrints(answer)).toBe(shell));

  test("of POSIX at a target of Windows is refused, in the shell's words, before anything else is sent", async () => {
    const server = await serve({ machine: scripted({ [SHELL_QUESTION]: { stdout: "tyrian-%OS%-\n" } }) });
    await expect(transport.connect(server.target(), { deadlineMs: 20_000 })).rejects.toMatchObject({
      code: "connect-failed",
      message: expect.stringContaining('it printed "tyrian-%OS%-"'),
      hint: expect.stringContaining("DefaultShell"),
    });
    expect(server.lines).toEqual([SHELL_QUESTION]);
  });

  test("that does not answer is given up at the deadline", async () => {
    const never = new Promise<number>(() => {});
    const machine: Machine = {
      name: "silence",
      run: () => ({ ...saying({}), stdout: new Readable({ read() {} }), exitCode: never }),
    };
    const server = await serve({ machine });
    await expect(transport.connect(server.target(), { deadlineMs: 300 })).rejects.toMatchObject({
      code: "connect-failed",
      message: expect.stringContaining("the question for its login shell within 300 ms"),
    });
  });

  test("whose connection is cut is a lost connection, not another shell", async () => {
    const server = await serve({
      machine: { name: "cut", run: () => (server.cut(), { ...saying({}), exitCode: new Promise(() => {}) }) },
    });
    await expect(transport.connect(server.target(), { deadlineMs: 20_000 })).rejects.toMatchObject({
      code: "connect-failed",
      message: expect.stringContaining("the connection was lost"),
    });
  });
});

describe("a command", () => {
  test("goes to cmd.exe as it is, behind its mark and the code page", async () => {
    const server = await serve();
    const session = await transport.connect(server.target(), { deadlineMs: 20_000 });
    expect(await session.exec('printf %s "a  b"', { deadlineMs: 20_000 })).toMatchObject({ stdout: "a  b" });
    expect(server.lines.at(-1)).toMatch(
      /^if not tyrian-[0-9a-f]{16}-\d+==\. chcp 65001>nul&printf %s "a {2}b"$/,
    );
    await session.close();
  });

  test("goes to PowerShell without a double quote, which sshd would change", async () => {
    const server = await serve({ shell: "powershell" });
    const session = await transport.connect(server.target(), { deadlineMs: 20_000 });
    expect(await session.exec("printf %s \"a  'b' é\"", { deadlineMs: 20_000 })).toMatchObject({
      stdout: "a  'b' é",
    });
    for (const line of server.lines) expect(line).not.toMatch(/["\r\n]/);
    await session.close();
  });

  test("has an exit code of 32 bits, and on its error stream the words of PowerShell's objects", async () => {
    const said = { stderr: '#< CLIXML\r\n<Objs><S S="Error">no_x000D__x000A_</S></Objs>', code: 0xc000013a };
    const session = await open({ machine: scripted({ ...cmd, "chcp 65001": { code: 1 }, x: said }) });
    expect(await session.exec("x", { deadlineMs: 20_000 })).toMatchObject({
      ...{ ending: "exited", exitCode: 0xc000013a, stderr: "no\r\n" },
    });
    await session.close();
  });

  test("is not given a code page that the host does not have", async () => {
    const server = await serve({ machine: scripted({ ...cmd, "chcp 65001": { code: 1 } }) });
    const session = await transport.connect(server.target(), { deadlineMs: 20_000 });
    await session.exec("ver", { deadlineMs: 20_000 });
    expect(server.lines.at(-1)).toMatch(/==\. ver$/);
    await session.close();
  });

  test.each([
    ["of 9,000 characters", "x".repeat(9_000), "command-too-long"],
    ["that is too long with its mark", "x".repeat(8_180), "command-too-long"],
    ["with a line end", "echo a\necho b", "transport-failed"],
  ])("%s is refused before it is sent", async (_what, command, code) => {
    const server = await serve();
    const session = await transport.connect(server.target(), { deadlineMs: 20_000 });
    const sent = server.lines.length;
    await expect(session.exec(command, { deadlineMs: 20_000 })).rejects.toMatchObject({ code });
    expect(server.lines).toHaveLength(sent);
    await session.close();
  });
});

/** A shell with a child that ignores TERM, and the numbers of both. */
const family = "sh -c 'trap \"\" TERM; echo $$; sleep 60; :' & echo $$; wait";

describe("the end of a command", () => {
  async function endFamily(session: Session): Promise<{ ending: string; alive: boolean[] }> {
    const result = await session.exec(family, { deadlineMs: 500 });
    orphans = result.stdout.trim().split("\n").map(Number);
    expect(orphans).toHaveLength(2);
    await session.close();
    return { ending: result.ending, alive: orphans.map(isAlive) };
  }

  test.each(["cmd", "powershell"] as const)(
    "takes its children along, where %s is the shell and the server knows no signal",
    async (shell) => {
      const session = await open({ shell, signals: false });
      expect(await endFamily(session)).toEqual({ ending: "deadline", alive: [false, false] });
    },
  );

  test("is the server's to bring about where the host does not list its processes", async () => {
    const server = await serve({ machine: posixMachine({ lists: false, job: true }) });
    const session = await transport.connect(server.target(), { deadlineMs: 20_000 });
    const { ending } = await endFamily(session);
    expect(ending).toBe("deadline");
    expect(server.signals).toEqual(["TERM"]);
    await vi.waitUntil(() => !orphans.some(isAlive), { timeout: 20_000 });
  });

  test("is unknown where neither the host nor the server brings it about", async () => {
    const server = await serve({ machine: posixMachine({ lists: false }), signals: false });
    const session = await transport.connect(server.target(), { deadlineMs: 20_000 });
    expect(await endFamily(session)).toEqual({ ending: "disconnected", alive: [true, true] });
    expect(server.signals).toEqual(["TERM", "KILL"]);
  });

  test("is not taken for another's: a process that bears the mark of no command is left alone", async () => {
    const session = await open({ signals: false });
    const other = session.exec("echo $$; sleep 1; echo whole", { deadlineMs: 20_000 });
    const ended = await session.exec("sleep 60", { deadlineMs: 300 });
    expect(ended.ending).toBe("deadline");
    expect(await other).toMatchObject({ ending: "exited", stdout: expect.stringContaining("whole") });
    await session.close();
  });
});

describe("a list of processes", () => {
  const mark = `tyrian-${"0".repeat(16)}-7`;
  const listed = (...lines: string[]): string => [...lines, "end", ""].join("\r\n");

  test("is whole, or none", () => {
    expect(processesIn(listed("4 0 0 ", `812 640 133700000000000000 ${mark}`))).toEqual([
      { pid: 4, parent: 0, born: 0n, mark: "" },
      { pid: 812, parent: 640, born: 133700000000000000n, mark },
    ]);
    expect(processesIn("4 0 0 \r\n")).toBeNull();
    expect(processesIn("")).toBeNull();
    expect(processesIn(listed("4 0 0", "Get-CimInstance : no"))).toBeNull();
  });

  test("tells whose a process is by mark and descent, and takes no number that was given out again for a parent", () => {
    const processes =
      processesIn(
        listed(
          `10 1 100 ${mark}`,
          `11 1 100 tyrian-${"0".repeat(16)}-77`,
          "20 10 150 ",
          "30 20 160 ",
          "21 10 90 ",
          "40 99 170 ",
          "10000 11 120 ",
          `50 1 0 ${mark}`,
          "51 50 180 ",
        ),
      ) ?? [];
    expect([...treeOf(mark, processes)].map(({ pid }) => pid)).toEqual([10, 50, 20, 30]);
  });
});

test("what PowerShell is given is PowerShell by its syntax, and needs no quoting by cmd.exe", async () => {
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve(
    "tree-sitter-powershell/tree-sitter-powershell.wasm",
  );
  const parser = new Parser().setLanguage(await Language.load(grammar));
  const [, script = ""] =
    /^powershell\.exe -NoProfile -NonInteractive -Command "(.*)"$/.exec(LIST_COMMAND) ?? [];
  for (const text of [script, powershellLine('/s /c "echo a"', "tyrian-1")]) {
    expect(text).not.toMatch(/["%\r\n]/);
    expect(parser.parse(text)?.rootNode.hasError).toBe(false);
  }
});
