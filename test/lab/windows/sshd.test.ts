import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Session } from "../../../src/transport/transport.js";
import { skippedFor } from "../../skipped.js";
import { noSshd, startSshd, type Sshd } from "../../transport/sshd.js";
import { noWine, scripts, startWine, type WineHost } from "../../winrm-server/wine.js";
import { sshTransport } from "./host.js";

/**
 * What sshd starts instead of a shell: as our stand-ins do, it has Wine's cmd read the line from a batch file, because from the arguments
 * of a program of Unix Wine makes other quotes. The exit code has the eight bits of Unix.
 */
function shellOfWine({ drive }: WineHost): string {
  const folder = join(drive, scripts);
  return `#!/bin/sh
export WINEDEBUG=-all DISPLAY= WINEPREFIX='${dirname(drive)}'
name=$(cat /proc/sys/kernel/random/uuid)
file='${folder}/'"$name"
printf '@echo off\\r\\n%s\\r\\n@>C:\\\\${scripts}\\\\%s.code echo %%ERRORLEVEL%%\\r\\n' "$SSH_ORIGINAL_COMMAND" "$name" >"$file.bat"
cd '${drive}'
wine cmd /c "C:\\\\${scripts}\\\\$name.bat"
code=$?
if [ -e "$file.code" ]; then code=$(tr -d '\\r ' <"$file.code"); fi
exit $((code & 255))
`;
}

/** A real sshd, and a real cmd that is not Windows'. */
describe("Wine's cmd behind OpenSSH's sshd", { ...skippedFor(noWine ?? noSshd), timeout: 90_000 }, () => {
  let wine: WineHost;
  let sshd: Sshd;
  let session: Session;
  beforeAll(async () => {
    wine = startWine();
    const shell = join(wine.drive, "shell-of-wine");
    writeFileSync(shell, shellOfWine(wine), { mode: 0o755 });
    sshd = await startSshd([`ForceCommand ${shell}`]);
    const target = { ...sshd.target(), platform: "windows" as const, fidelity: "wine" as const };
    session = await sshTransport.connect(target, { deadlineMs: 30_000 });
  }, 180_000);
  afterAll(async () => {
    await session?.close();
    await sshd?.stop();
    wine?.stop();
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
    writeFileSync(join(wine.drive, "count.vbs"), count);
    expect(await run('cscript.exe //nologo "C:\\count.vbs" a "b c"')).toMatchObject({ stdout: "2b c\r\n" });
    expect(await run("set /p word=&call echo %%word%%", "heard\r\n")).toMatchObject({
      stdout: expect.stringContaining("heard"),
    });
  });
});
