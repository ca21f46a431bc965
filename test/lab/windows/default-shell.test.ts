import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skippedFor } from "../../skipped.js";
import { noWine } from "../../winrm-server/wine.js";
import { startWindows, windowsTrial, type WindowsHost } from "./host.js";

/** No PowerShell runs here: the stand-in reads what one would be given, and Wine's cmd is what that then starts. */
describe(
  "a trial on Wine over SSH, where the server's shell is PowerShell",
  { ...skippedFor(noWine), timeout: 90_000 },
  () => {
    let windows: WindowsHost;
    beforeAll(async () => {
      windows = await startWindows("SSH", "powershell");
    }, 180_000);
    afterAll(async () => await windows?.stop());

    test("runs, is proved, and leaves nothing", async () => {
      const code = '@echo "do%%ne" ^& ^| done\n@exit /b 5\n';
      const trial = windowsTrial(code, { proof: { exitCode: 5, stdout: { contains: "done" } } });
      const { execution, cleanup } = await windows.run(trial);
      expect({ ...execution, was: execution.status, ...cleanup }).toMatchObject({
        ...{ was: "ran", stdout: '"do%ne" & | done\r\n', stderr: "", exitCode: 5, status: "clean" },
      });
    });

    test("that hangs is ended at its deadline", async () => {
      const trial = windowsTrial("@ping -n 600 127.0.0.1 >nul\n", { act: { timeoutMs: 1_500 } });
      const { execution, cleanup } = await windows.run(trial);
      expect(execution).toMatchObject({ status: "failed", reason: { code: "deadline-exceeded" } });
      expect(cleanup.status).toBe("clean");
    });
  },
);
