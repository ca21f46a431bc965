import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skippedFor } from "../../skipped.js";
import { noWine } from "../../winrm-server/wine.js";
import { startWindows, windowsTrial, type WindowsHost } from "./host.js";

/** Programs that Wine has for show: they say 0 and do nothing. A proof is positive, so none of them ever counts as executed. */
describe("a stub of Wine", { ...skippedFor(noWine), timeout: 90_000 }, () => {
  let windows: WindowsHost;
  beforeAll(async () => {
    windows = await startWindows();
  }, 180_000);
  afterAll(async () => await windows?.stop());

  test.each([
    ["powershell", ["-NoProfile"], "Write-Output done"],
    ["mshta", ["about:done"], "done"],
    ["tasklist", [], "done"],
    ["where", ["cmd"], "done"],
    ["findstr", ["/?"], "done"],
    ["fc", [], "done"],
    ["systeminfo", [], "done"],
    ["certutil", [], "done"],
    ["schtasks", [], "done"],
  ])("%s says 0 and has not run", async (program, options, code) => {
    const trial = windowsTrial(code, { act: { program: `${program}.exe`, options, via: "argument" } });
    const { execution } = await windows.run(trial);
    expect(execution).toMatchObject({ status: "failed", exitCode: 0, reason: { code: "proof-not-met" } });
  });
});
