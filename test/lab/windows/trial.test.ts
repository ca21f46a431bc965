import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skippedFor } from "../../skipped.js";
import { noWine } from "../../winrm-server/wine.js";
import { startWindows, windowsTrial, type WindowsHost } from "./host.js";

describe("a trial on Wine", skippedFor(noWine), () => {
  let windows: WindowsHost;
  beforeAll(async () => {
    windows = await startWindows();
  }, 180_000);
  afterAll(async () => await windows?.stop());

  test("batch", { timeout: 60_000 }, async () => {
    const acted = await windows.run(windowsTrial("@echo off\necho done\n"));
    console.log(acted.execution, acted.cleanup);
    expect(acted.execution.status).toBe("ran");
    expect(acted.cleanup.status).toBe("clean");
  });
});
