import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Session } from "../../../src/transport/transport.js";
import { skippedFor } from "../../skipped.js";
import { noSshd } from "../../transport/sshd.js";
import { noWine } from "../../winrm-server/wine.js";
import { startWindows, windowsTrial, type WindowsHost } from "./host.js";

/** A real sshd, and a real cmd that is not Windows'. */
describe("Wine's cmd behind OpenSSH's sshd", { ...skippedFor(noWine ?? noSshd), timeout: 90_000 }, () => {
  let windows: WindowsHost;
  let session: Session;
  beforeAll(async () => {
    windows = await startWindows("OpenSSH");
    session = await windows.connect();
  }, 180_000);
  afterAll(async () => {
    await session?.close();
    await windows?.stop();
  });

  const run = (command: string, stdin = ""): ReturnType<Session["exec"]> =>
    session.exec(command, { deadlineMs: 30_000, stdin });

  test.each([
    ["echo a & echo b 1>&2 & exit /b 7", 7, "a \r\n", "b  \r\n"],
    ['echo "a  b" ^& c', 0, '"a  b" & c\r\n', ""],
    ["if exist C:\\windows (echo yes) else (echo no)", 0, "yes\r\n", ""],
    ["echo a>C:\\x.txt&type C:\\x.txt", 0, "a\r\n", ""],
  ])("runs %s", async (command, exitCode, stdout, stderr) => {
    expect(await run(command)).toMatchObject({ ending: "exited", exitCode, stdout, stderr });
  });

  test("keeps a quoted argument whole, and passes input on", async () => {
    const count = "WScript.Echo WScript.Arguments.Count & WScript.Arguments(1)\r\n";
    writeFileSync(windows.path("C:\\count.vbs"), count);
    expect(await run('cscript.exe //nologo "C:\\count.vbs" a "b c"')).toMatchObject({ stdout: "2b c\r\n" });
    expect(await run("set /p word=&call echo %%word%%", "heard\r\n")).toMatchObject({
      stdout: expect.stringContaining("heard"),
    });
  });

  test("runs a trial, and cleans up after it", async () => {
    const cleanup = { run: "del C:\\mark.txt", probe: "if exist C:\\mark.txt exit 1" };
    const trial = windowsTrial("@echo x>C:\\mark.txt\n@echo done\n@exit /b 3\n", {
      ...{ cleanup, proof: { exitCode: 3, stdout: { contains: "done" } } },
    });
    const { execution, cleanup: cleaned } = await windows.run(trial);
    expect(execution).toMatchObject({ status: "ran", exitCode: 3, stdout: "done\r\n", stderr: "" });
    expect(cleaned.status).toBe("clean");
  });

  test("has a trial's act ended at its deadline by the engine, with its children", async () => {
    const hang = "@echo begun\n@cmd.exe /d /c ping -n 600 127.0.0.1\n";
    const { execution, cleanup } = await windows.run(windowsTrial(hang, { act: { timeoutMs: 1_500 } }));
    expect(execution).toMatchObject({ status: "failed", reason: { code: "deadline-exceeded" } });
    expect(execution.outlived).toBeUndefined();
    expect(cleanup.status).toBe("clean");
  });

  test("withholds its target while a process runs whose starter has ended: nothing shows whose it is", async () => {
    const leave = "@echo done\n@cmd.exe /d /c start /b ping -n 20 127.0.0.1 >nul\n";
    const { execution, cleanup } = await windows.run(windowsTrial(leave));
    expect(execution).toMatchObject({ status: "ran", outlived: true });
    expect(cleanup).toMatchObject({
      status: "dirty",
      detail: expect.stringContaining("processes of the trial remain"),
    });
  });
});
