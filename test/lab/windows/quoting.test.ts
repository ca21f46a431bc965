import { cpSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skippedFor } from "../../skipped.js";
import { noWine } from "../../winrm-server/wine.js";
import { startWindows, windowsTrial, type WindowsHost } from "./host.js";

describe("a program on Wine", { ...skippedFor(noWine), timeout: 90_000 }, () => {
  let windows: WindowsHost;
  beforeAll(async () => {
    windows = await startWindows();
  }, 180_000);
  afterAll(async () => await windows?.stop());

  test.each(["C:\\a b\\c s.exe", "C:\\a&b (100%) ^c\\c.exe"])(
    "%s is started by its whole name",
    async (program) => {
      const copy = windows.path(program);
      mkdirSync(dirname(copy), { recursive: true });
      cpSync(windows.path("C:\\windows\\system32\\cscript.exe"), copy);
      const act = { program, options: ["//nologo"], extension: "vbs" };
      const { execution } = await windows.run(windowsTrial('WScript.Echo "done"', { act }));
      expect({ ...execution, proof: null }).toMatchObject({ status: "ran", stdout: "done\r\n", stderr: "" });
    },
  );
});
