import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Act } from "../../../src/model/trial.js";
import { skippedFor } from "../../skipped.js";
import { noWine } from "../../winrm-server/wine.js";
import { reachedOver, startWindows, windowsTrial, type WindowsHost } from "./host.js";

/** The engine, our clients, stand-ins for their servers, and Wine's interpreters: all but Windows. */
describe.each(reachedOver)("a trial on Wine over %s", { ...skippedFor(noWine), timeout: 90_000 }, (over) => {
  let windows: WindowsHost;
  beforeAll(async () => {
    windows = await startWindows(over);
  }, 180_000);
  afterAll(async () => await windows?.stop());

  const host = { program: "cscript.exe", options: ["//nologo"] };
  const files: Act["files"] = [{ name: "data.txt", content: "do%ne\n", executable: false }];
  test.each<[string, Partial<Act>, string, string]>([
    ["batch", { files }, "@type data.txt\n@exit /b 0\n", "do%ne\r\n"],
    ["VBScript", { ...host, extension: "vbs" }, 'WScript.Echo "done"', "done\r\n"],
    ["JScript", { ...host, extension: "js" }, 'WScript.Echo("done");', "done\r\n"],
  ])("of %s runs, is proved, and leaves nothing", async (_name, act, code, stdout) => {
    const trial = windowsTrial(code, { act, proof: { exitCode: 0, stdout: { contains: stdout.trim() } } });
    const { execution, cleanup } = await windows.run(trial);
    expect({ ...execution, ...cleanup, was: execution.status }).toMatchObject({
      ...{ was: "ran", stdout, stderr: "", exitCode: 0, housekeeping: 2, status: "clean" },
    });
    expect(execution.outlived).toBeUndefined();
    expect([existsSync(windows.path(trial.work)), existsSync(windows.path(`${trial.work}.run`))]).toEqual([
      ...[false, false],
    ]);
  });

  test.each([
    ["7", 7],
    ["500", 500],
    ["-1073741510", 0xc000013a],
  ])("that ends with %s has that exit code, of 32 bits", async (code, exitCode) => {
    const quit = `WScript.Echo "done"\nWScript.Quit ${code}\n`;
    const vbs = { program: "cscript.exe", options: ["//nologo"], extension: "vbs" };
    const { execution } = await windows.run(windowsTrial(quit, { act: vbs }));
    expect(execution).toMatchObject({ status: "failed", exitCode, stdout: "done\r\n" });
  });

  test("whose interpreter takes its code by standard input runs, with the line ends of Windows", async () => {
    const act = { program: "cmd.exe", options: ["/q"], via: "stdin" as const };
    const code = "@echo x>begun\n@echo do%ne^&\n@type begun\n@exit /b 3\n";
    const trial = windowsTrial(code, { act, proof: { exitCode: 3, stdout: { contains: "do%ne&" } } });
    const { execution, cleanup } = await windows.run(trial);
    expect({ ...execution, was: execution.status, ...cleanup }).toMatchObject({
      ...{ was: "ran", exitCode: 3, stdout: expect.stringMatching(/do%ne&\r\n.*x\r\n/s), status: "clean" },
    });
  });

  test("whose code is encoded hands it over whole, by a program whose name has blanks", async () => {
    // No PowerShell runs here: this shows what one would be given.
    const program = "C:\\a b\\powershell.cmd";
    mkdirSync(dirname(windows.path(program)), { recursive: true });
    writeFileSync(windows.path(program), "@echo done %*\r\n");
    const code = 'Write-Output "50% & é"';
    const { execution } = await windows.run(windowsTrial(code, { act: { program, via: "encoded" } }));
    expect(execution.status).toBe("ran");
    const [, encoded = ""] = /^done -EncodedCommand (\S+)\s*$/.exec(execution.stdout) ?? [];
    expect(Buffer.from(encoded, "base64").toString("utf16le")).toBe(code);
  });

  test("whose requirement is missing does not run", async () => {
    const trial = windowsTrial("@echo done", {
      requires: [
        { check: "exit /b 0", description: "" },
        { check: "if not exist C:\\no\\such\\file exit 3", description: "a file" },
      ],
    });
    const { execution, cleanup } = await windows.run(trial);
    expect(execution).toMatchObject({
      status: "not-run",
      reason: { code: "requirement-absent" },
      stdout: "",
    });
    expect(execution.reason?.message).toContain("a file");
    expect(cleanup.status).toBe("clean");
  });

  test("that hangs is ended at its deadline, with its children", async () => {
    const hang = "@echo begun\n@cmd.exe /d /c ping -n 600 127.0.0.1\n";
    const trial = windowsTrial(hang, { act: { timeoutMs: 1_500 } });
    const { execution, cleanup } = await windows.run(trial);
    expect(execution).toMatchObject({ status: "failed", reason: { code: "deadline-exceeded" } });
    expect(execution.outlived).toBeUndefined();
    expect(cleanup.status).toBe("clean");
  });

  test("that is interrupted is ended with its children, and cleaned", async () => {
    const trial = windowsTrial("@echo x>begun\n@cmd.exe /d /c ping -n 600 127.0.0.1 >nul\n");
    const stop = new AbortController();
    const running = windows.run(trial, stop.signal);
    await expect.poll(() => windows.begun(trial), { timeout: 40_000 }).toBe(true);
    stop.abort(new Error("tyrian kill"));
    const { execution, cleanup } = await running;
    expect(execution).toMatchObject({
      status: "failed",
      reason: { code: "interrupted", message: expect.stringContaining("tyrian kill") },
    });
    expect(execution.outlived).toBeUndefined();
    expect(cleanup.status).toBe("clean");
  });

  test("whose connection is lost is indeterminate, and cleaned over another", async () => {
    const trial = windowsTrial("@echo x>begun\n@ping -n 600 127.0.0.1 >nul\n");
    const running = windows.run(trial);
    await expect.poll(() => windows.begun(trial), { timeout: 40_000 }).toBe(true);
    windows.cut();
    const { execution, cleanup } = await running;
    expect(execution).toMatchObject({
      status: "indeterminate",
      endedAt: null,
      reason: { code: "disconnected" },
    });
    expect(cleanup.status).toBe("clean");
  });

  test("whose probe stays dirty withholds its target", async () => {
    const trial = windowsTrial("@echo done", { cleanup: { run: "echo undone", probe: "exit /b 1" } });
    const { execution, cleanup } = await windows.run(trial);
    expect(execution.status).toBe("ran");
    expect(cleanup).toMatchObject({ status: "dirty", detail: expect.stringContaining("probe exits 1") });
    const { execution: next } = await windows.run(windowsTrial("@echo done"));
    expect(next).toMatchObject({ status: "not-run", reason: { code: "target-dirty" } });
    await windows.ports.withheld.clear("win1");
  });

  test("whose output is no UTF-8 keeps its place: the bytes that are none are replaced", async () => {
    const { execution } = await windows.run(
      windowsTrial('WScript.Echo "done " & Chr(233) & "."', {
        act: { program: "cscript.exe", options: ["//nologo"], extension: "vbs" },
      }),
    );
    expect(execution).toMatchObject({ status: "ran", stdout: "done \ufffd.\r\n" });
  });

  test("that leaves a process whose starter has ended is outlived, until the server has ended that with its command", async () => {
    const { execution, cleanup } = await windows.run(
      windowsTrial("@echo done\n@cmd.exe /d /c start /b ping -n 30 127.0.0.1 >nul\n"),
    );
    expect(execution).toMatchObject({ status: "ran", outlived: true });
    expect(execution.strays?.length).toBeGreaterThan(0);
    expect(cleanup.status).toBe("clean");
  });

  test("of characters that Wine's echo does not write is refused before anything runs", async () => {
    const { execution } = await windows.run(windowsTrial("@echo é"));
    expect(execution).toMatchObject({ status: "not-run", reason: { code: "upload-failed" } });
  });
});
