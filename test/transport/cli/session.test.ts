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
prompt='r1# '
printf 'Hello\\r\\n%s' "$prompt"
while read -r line; do
  case $line in
    "configure terminal") prompt='r1(config)# ' ;;
    "end") prompt='r1# ' ;;
    "show pid") echo $$ ;;
    "no terminal paginate") ;;
    "show nothing") ;;
    "show colours") printf '\\033[1mbold\\033[0m\\n' ;;
    "show forever") while :; do echo more; sleep 0.02; done ;;
    "exit") exit 0 ;;
    *) echo "% Unknown command: $line" ;;
  esac
  printf %s "$prompt"
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

  test("the prompt stays open for the next one, out of the configuration mode, until the device hangs up", async () => {
    const pid = async (): Promise<string> => (await type("show pid")).stdout;
    const first = await pid();
    await type("configure terminal");
    const dialog = await session.device?.openDialog({ deadlineMs: 5_000 });
    expect(dialog?.inConfiguration).toBe(false);
    dialog?.close();
    expect(await pid()).toBe(first);
    await type("exit");
    expect(await pid()).not.toBe(first);
  });

  test("a prompt that was given back is nobody's", async () => {
    const dialog = await session.device?.openDialog({ deadlineMs: 5_000 });
    dialog?.close();
    dialog?.close();
    expect([dialog?.open, dialog?.interrupt()]).toEqual([false, false]);
    await expect(dialog?.type("show pid", { deadlineMs: 1_000 })).rejects.toThrow("given back");
    expect((await type("show nothing")).ending).toBe("exited");
  });

  test("who waits for the prompt too long is told", async () => {
    const dialog = await session.device?.openDialog({ deadlineMs: 5_000 });
    await expect(session.device?.openDialog({ deadlineMs: 50 })).rejects.toMatchObject({
      code: "deadline-exceeded",
    });
    dialog?.close();
  });

  test("what is aborted before is not typed", async () => {
    const result = await session.exec("show colours", {
      pty: true,
      deadlineMs: 1_000,
      signal: AbortSignal.abort(),
    });
    expect(result).toMatchObject({ ending: "aborted", stdout: "" });
  });

  test("prompts take turns", async () => {
    const results = await Promise.all([type("show colours"), type("show colours"), type("show nothing")]);
    expect(results.map(({ stdout }) => stdout)).toEqual(["bold\n", "bold\n", ""]);
  });
});
