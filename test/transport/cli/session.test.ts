import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { targetSchema } from "../../../src/model/target.js";
import { createCliTransport } from "../../../src/transport/cli.js";
import type { Session } from "../../../src/transport/transport.js";
import { skippedFor } from "../../skipped.js";
import { noSshd, startSshd, type Sshd } from "../sshd.js";

/** A prompt that looks like FRR's, as the login shell behind a real sshd and its terminal; it is no router. */
const PROMPT_SHELL = `#!/bin/bash --norc
printf 'Hello\\r\\nr1# '
while read -r line; do
  case $line in
    "no terminal paginate") ;;
    "show nothing") ;;
    "show colours") printf '\\033[1mbold\\033[0m\\n' ;;
    "show forever") while :; do echo more; sleep 0.02; done ;;
    "exit") exit 0 ;;
    *) echo "% Unknown command: $line" ;;
  esac
  printf 'r1# '
done
`;

describe("typed into a terminal", skippedFor(noSshd), () => {
  let sshd: Sshd;
  let session: Session;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tyrian-prompt-"));
    const shell = join(folder, "shell");
    writeFileSync(shell, PROMPT_SHELL);
    chmodSync(shell, 0o755);
    sshd = await startSshd([`ForceCommand ${shell}`]);
    session = await createCliTransport({
      resolveSecret: () => Promise.reject(new Error("none wanted")),
    }).connect(
      targetSchema.parse({
        name: "device-1",
        platform: "network",
        sensor: { type: "none" },
        transport: { ...sshd.target().transport, type: "cli", profile: "frr" },
      }),
      { deadlineMs: 20_000 },
    );
  });

  afterAll(async () => {
    await session?.close();
    await sshd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const type = (lines: string, deadlineMs = 10_000): ReturnType<Session["exec"]> =>
    session.exec(lines, { pty: true, deadlineMs });

  test("a result has no exit code, and sequences of the terminal are left out", async () => {
    expect(await type("show nothing\nshow colours")).toMatchObject({
      ending: "exited",
      exitCode: null,
      signal: null,
      stdout: "bold\n",
      stderr: "",
    });
  });

  test("a line that the device refuses ends the command, and is in stderr", async () => {
    expect(await type("show nothing\nbogus\nshow colours")).toMatchObject({
      ending: "exited",
      exitCode: null,
      stdout: "% Unknown command: bogus\n",
      stderr: "% Unknown command: bogus\n",
    });
  });

  test("a command without an end is given up at the deadline, and the next one has a prompt of its own", async () => {
    expect((await type("show forever", 1_500)).ending).toBe("deadline");
    expect((await type("show colours")).stdout).toBe("bold\n");
  });

  test("a device that hangs up leaves the end unknown", async () => {
    expect((await type("exit")).ending).toBe("disconnected");
  });

  test("what is aborted before is not typed", async () => {
    const result = await session.exec("show colours", {
      pty: true,
      deadlineMs: 1_000,
      signal: AbortSignal.abort(),
    });
    expect(result).toMatchObject({ ending: "aborted", stdout: "" });
  });

  test("one-shot commands and prompts share the one channel of the connection", async () => {
    const results = await Promise.all([type("show colours"), type("show colours"), type("show nothing")]);
    expect(results.map(({ stdout }) => stdout)).toEqual(["bold\n", "bold\n", ""]);
  });
});
