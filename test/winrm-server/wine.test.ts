import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skippedFor } from "../skipped.js";
import { account, outputOf, RawShell } from "./raw-client.js";
import { startWinrmStandIn, type WinrmStandIn } from "./server.js";
import { noWine, startWine, type WineHost } from "./wine.js";

/** Wine's cmd behind WS-Man. What it is known to get wrong (../shared/notes/windows.md, 4) is not what is tested here. */
describe("a shell of Wine", skippedFor(noWine), () => {
  let wine: WineHost;
  let standIn: WinrmStandIn;
  let shell: RawShell;

  beforeAll(async () => {
    wine = startWine();
    standIn = await startWinrmStandIn({
      interpreter: wine.interpreter,
      accounts: [account],
      authentication: { basic: true },
      allowUnencrypted: true,
    });
    shell = await RawShell.open(standIn.url);
  }, 180_000);

  afterAll(async () => {
    await standIn?.stop();
    wine?.stop();
  });

  async function run(line: string): Promise<{ stdout: string; stderr: string; exitCode: string }> {
    const replies = (await shell.finish(await shell.start(line))).map(outputOf);
    return {
      stdout: replies.map(({ stdout }) => stdout).join(""),
      stderr: replies.map(({ stderr }) => stderr).join(""),
      exitCode: replies.at(-1)?.exitCode ?? "",
    };
  }

  test.each([
    ["echo hi & exit /b 7", "hi \r\n", "7"],
    ["ver", expect.stringContaining("Microsoft Windows"), "0"],
    ["cmd /c exit 500", "", "500"],
    ['echo "a b" & echo c', '"a b" \r\nc\r\n', "0"],
  ])("runs %s", async (line, stdout, exitCode) => {
    expect(await run(line)).toMatchObject({ stdout, exitCode });
  });

  test("says 9009 for what is no command, as Windows does", async () => {
    expect(await run("nosuchcommand")).toMatchObject({ exitCode: "9009" });
  });

  test("runs VBScript, and keeps a quoted argument whole", async () => {
    writeFileSync(
      join(wine.drive, "count.vbs"),
      "WScript.Echo WScript.Arguments.Count\r\nWScript.Quit 9\r\n",
    );
    expect(await run(String.raw`cscript //nologo C:\count.vbs a "b c"`)).toMatchObject({
      stdout: "2\r\n",
      exitCode: "9",
    });
  });

  test("has stubs that do nothing and say 0: what a proof rule has to catch", async () => {
    expect(await run("powershell -Command Write-Output hi")).toMatchObject({ stdout: "", exitCode: "0" });
  });
});
