import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labDown, labStatus, labUp, type LabHost, type LabState } from "../../../src/lab/embedded/index.js";
import { loadInventory } from "../../../src/lab/inventory.js";
import type { HostEvent } from "../../../src/model/event.js";
import { parserOf } from "../../../src/telemetry/sources.js";
import { skippedFor } from "../../skipped.js";
import { eventsOf } from "../../telemetry/fixtures.js";
import { leftovers, onHost } from "../helpers.js";
import { whyNoWineLab, wineState } from "./wine-lab.js";

describe("a Windows host that Wine plays", skippedFor(await whyNoWineLab()), () => {
  let state = "";
  let lab: LabState;
  let host: LabHost;
  const says = async (command: string): Promise<Awaited<ReturnType<typeof onHost>>> =>
    await onHost(lab, host, command);
  /** A file in the operator's folder, which is where a command begins. */
  const file = (name: string): string =>
    join(lab.folder, "hosts", host.name, "prefix/drive_c/users/op", name);

  beforeAll(async () => {
    state = wineState();
    await labDown({ state });
    lab = await labUp({ state, targets: 1, profile: "windows-wine", rootless: false });
    host = lab.hosts[0] as LabHost;
    writeFileSync(
      file("count.vbs"),
      'WScript.Echo WScript.Arguments.Count & ": " & WScript.Arguments(1)\r\n',
    );
    writeFileSync(file("count.js"), "WScript.Echo(WScript.Arguments(0));\r\nWScript.Quit(7);\r\n");
  }, 120_000);
  afterAll(async () => await labDown({ state }));

  test("says so in the inventory", async () => {
    const { targets } = await loadInventory(lab.inventory);
    expect(targets).toMatchObject([{ name: "w1", platform: "windows", fidelity: "wine" }]);
  });

  test("runs a line of cmd as written, with quotes, ampersands and percent signs", async () => {
    expect(await says('echo "a b" & echo second')).toEqual({
      stdout: '"a b" \r\nsecond\r\n',
      stderr: "",
      exitCode: 0,
    });
    expect((await says("for %i in (1 2) do @echo [%i]")).stdout).toBe("[1]\r\n[2]\r\n");
    expect((await says("echo %USERNAME% %nosuch% 100%")).stdout).toBe("op %nosuch% 100%\r\n");
  });

  test("runs VBScript and JScript with their arguments and exit codes", async () => {
    expect(await says('cscript //nologo count.vbs a "b c"')).toEqual({
      stdout: "2: b c\r\n",
      stderr: "",
      exitCode: 0,
    });
    expect(await says('cscript //nologo count.js "x y"')).toEqual({
      stdout: "x y\r\n",
      stderr: "",
      exitCode: 7,
    });
  });

  test("gives the eight lower bits of an exit code, 9009 of an unknown command among them", async () => {
    expect((await says("exit /b 7")).exitCode).toBe(7);
    expect((await says("no-such-command")).exitCode).toBe(9009 & 0xff);
  });

  test("passes standard input, and output byte for byte; what Wine cannot read of a line is refused", async () => {
    writeFileSync(file("utf-8.txt"), "é € 日本\r\n");
    expect((await says("type utf-8.txt")).stdout).toBe("é € 日本\r\n");
    await says("echo é> ansi.txt");
    expect(readFileSync(file("ansi.txt"))).toEqual(Buffer.from([0xe9, 0x0d, 0x0a]));
    const asks = connection("set /p answer=& set answer");
    asks.stdin.end("yes\r\n");
    expect(await text(asks.stdout)).toMatch(/^answer=yes\r/);
    const refused = await says("echo €");
    expect(refused).toMatchObject({ stdout: "", exitCode: 1 });
    expect(refused.stderr).toContain("code page 437");
  });

  test("shows a stub for what it is: it ends well and prints nothing", async () => {
    expect(await says('powershell -NoProfile -Command "Get-Date"')).toEqual({
      stdout: "",
      stderr: "",
      exitCode: 0,
    });
  });

  test("ends what runs with the connection", async () => {
    const client = connection("echo started & ping -n 100 127.0.0.1");
    await new Promise((settle) => client.stdout.once("data", settle));
    await expect.poll(() => running(/^ping -n 100/), { timeout: 10_000 }).toBe(1);
    client.kill("SIGKILL");
    await expect.poll(() => running(/^ping -n 100|windows-shell/), { timeout: 10_000 }).toBe(0);
    const scripts = join(lab.folder, "hosts", host.name, "prefix/drive_c/tyrian");
    await expect.poll(() => readdirSync(scripts), { timeout: 10_000 }).toEqual([]);
  });

  test("ends what a command has left running, with a console of its own too", async () => {
    expect((await says("start ping -n 101 127.0.0.1")).exitCode).toBe(0);
    expect(running(/ping -n 101/)).toBe(0);
    await expect
      .poll(async () => (await events()).some(({ argv }) => argv.includes("101")), { timeout: 10_000 })
      .toBe(true);
  });

  test("is watched: each launch is a process creation of Windows", async () => {
    await says("cmd.exe /d /c rem tyrian-sentinel begin 01LAB");
    await expect
      .poll(async () => (await events()).map(({ fields }) => fields["CommandLine"]), { timeout: 10_000 })
      .toEqual(
        expect.arrayContaining([
          'cscript //nologo count.vbs a "b c"',
          'cscript //nologo count.js "x y"',
          "powershell -NoProfile -Command Get-Date",
          "cmd.exe /d /c rem tyrian-sentinel begin 01LAB",
        ]),
      );
  });

  test("joins a lab of Linux hosts, and leaves no process and no prefix when the lab goes down", async () => {
    const grown = await labUp({ state, targets: 1 });
    expect(grown.hosts.map(({ name, profile }) => [name, profile])).toEqual([
      ["w1", "windows-wine"],
      ["h2", "linux"],
    ]);
    expect((await onHost(grown, grown.hosts[1] as LabHost, "uname")).stdout).toBe("Linux\n");
    expect((await labStatus({ state })).phase).toBe("up");
    await labDown({ state });
    expect(await leftovers(state, `tyrian-${lab.id}-`)).toEqual([]);
  });

  /** A client of ssh that is left running; the host's key is pinned by a test before. */
  function connection(command: string): ChildProcessWithoutNullStreams {
    return spawn("nsenter", [
      `--net=${lab.network.namespace}`,
      ...["ssh", "-F", "none", "-i", join(lab.folder, "operator_key"), "-o", "BatchMode=yes"],
      ...["-o", `UserKnownHostsFile=${join(lab.folder, `known-${host.name}`)}`],
      ...[`op@${host.address}`, command],
    ]);
  }

  /** Processes of this machine whose command line begins so. */
  function running(line: RegExp): number {
    return readdirSync("/proc").filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return line.test(words);
      } catch {
        return false;
      }
    }).length;
  }

  /** The process creations of Windows that the lab's log tells. */
  async function events(): Promise<HostEvent[]> {
    const { telemetry } = await loadInventory(lab.inventory);
    const [source] = telemetry;
    if (source === undefined) throw new Error("the lab has no telemetry");
    const lines = readFileSync(source.file, "utf8").split("\n").slice(0, -1);
    return eventsOf(parserOf(source), lines).filter(({ logsource }) => logsource.product === "windows");
  }
});
