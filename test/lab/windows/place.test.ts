import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PERCENT_QUESTION, percentSignOf, place } from "../../../src/engine/windows/place.js";
import type { Session } from "../../../src/transport/transport.js";
import { skippedFor } from "../../skipped.js";
import { noWine } from "../../winrm-server/wine.js";
import { startWindows, type WindowsHost } from "./host.js";

describe("files that cmd.exe of Wine writes", { ...skippedFor(noWine), timeout: 90_000 }, () => {
  let windows: WindowsHost;
  let session: Session;
  beforeAll(async () => {
    windows = await startWindows();
    session = await windows.connect();
  }, 180_000);
  afterAll(async () => await windows?.stop());

  test("arrive byte for byte, whatever cmd.exe makes of their characters elsewhere", async () => {
    const { stdout } = await session.exec(PERCENT_QUESTION, { deadlineMs: 20_000 });
    const options = {
      ...{ percentSign: percentSignOf(stdout), deadlineMs: 20_000 },
      signal: AbortSignal.timeout(80_000),
    };
    const special = fc.constantFrom(..."%%%^^&|<>()\"'!~=;,@/?* \t1ab".split(""));
    const line = fc.oneof(fc.string({ unit: special }), fc.constantFrom("/?", "%PATH%", "%~f0"));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 40 }), async (lines) => {
        const content = lines.map((text) => `${text}\r\n`).join("");
        await place(session, [{ folder: "C:\\Windows\\Temp", name: "placed.txt", content }], options);
        expect(readFileSync(windows.path("C:\\Windows\\Temp\\placed.txt"), "latin1")).toBe(content);
      }),
      { numRuns: 12 },
    );
    // Wine's echo takes these for its switch, which Windows does not behind a point: the check finds it, and nothing is run.
    const file = { folder: "C:\\Windows\\Temp", name: "placed.txt", content: "on\r\na\r\n" };
    await expect(place(session, [file], options)).rejects.toMatchObject({ code: "upload-failed" });
  });
});
