import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Session } from "../../../src/transport/transport.js";
import { LONGEST_COMMAND_LINE } from "../../../src/transport/windows/command-line.js";
import { upload, UPLOAD_COMMAND } from "../../../src/transport/windows/upload.js";
import { scriptedInterpreter, type Script } from "../../winrm-server/scripted-interpreter.js";
import { startHost, type Host } from "../winrm/host.js";

/** The files of the host, as bytes. */
let files: Map<string, Buffer>;
/** What the host does instead of what PowerShell would. */
let instead: ((script: Script) => Promise<number> | number) | undefined;
let host: Host;
let session: Session;

/** A stand-in for PowerShell that does what the script of an upload says; it proves our side of it, and nothing of PowerShell's. */
const powershell = scriptedInterpreter(async (script) => {
  if (instead !== undefined) return await instead(script);
  const lines: Buffer[] = [];
  for await (const line of createInterface({ input: script.options.stdin })) {
    lines.push(Buffer.from(line, "base64"));
  }
  const [path, ...pieces] = lines;
  const content = Buffer.concat(pieces);
  files.set(String(path), content);
  script.write("stdout", `tyrian-upload ${createHash("sha256").update(content).digest("hex")}\r\n`);
  return 0;
});

beforeEach(async () => {
  files = new Map();
  instead = undefined;
  host = await startHost({ interpreter: powershell });
  session = await host.connect();
});
afterEach(() => host.stop());

test("any bytes arrive under any name, whatever the host's shell would make of it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 5_000 }),
      fc.string({ minLength: 1 }),
      async (content, path) => {
        await upload(session, content, path, { deadlineMs: 20_000 });
        expect(files.get(path)?.equals(content)).toBe(true);
      },
    ),
    { numRuns: 20 },
  );
});

test("a file of 1 MB goes in messages that the host takes", async () => {
  const content = Buffer.alloc(1024 * 1024, "0123456789\r\n");
  const hash = await upload(session, content, "%TEMP%\\large.ps1", { deadlineMs: 20_000 });
  expect(hash).toBe(createHash("sha256").update(content).digest("hex"));
  expect(files.get("%TEMP%\\large.ps1")?.equals(content)).toBe(true);
  expect(host.asked("Send")).toBeGreaterThan(8);
});

test.each<[string, string, (script: Script) => number]>([
  [
    "another hash",
    "not 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    ({ write }) => {
      write("stdout", `tyrian-upload ${"0".repeat(64)}\r\n`);
      return 0;
    },
  ],
  ["no hash, as Wine's powershell.exe does", "printed no hash", () => 0],
  [
    "an error",
    "exit code 1): Access to the path 'C:\\x.ps1' is denied.",
    ({ write }) => {
      write(
        "stderr",
        "#< CLIXML\r\n<Objs><S S=\"Error\">Access to the path 'C:\\x.ps1' is denied_x000D__x000A_</S></Objs>",
      );
      return 1;
    },
  ],
])("%s from the host is a failure of its own", async (_what, words, acts) => {
  instead = acts;
  await expect(
    upload(session, Buffer.from("hello"), "C:\\x.ps1", { deadlineMs: 20_000 }),
  ).rejects.toMatchObject({
    code: "upload-failed",
    message: expect.stringContaining(words),
  });
});

test("an end that is not the upload's own is told apart", async () => {
  instead = ({ signal }) =>
    new Promise<number>((resolve) => signal.addEventListener("abort", () => resolve(1)));
  const begin = (options: { signal?: AbortSignal; deadlineMs: number }): Promise<string> =>
    upload(session, Buffer.from("hello"), "C:\\x.ps1", options);
  await expect(begin({ deadlineMs: 200 })).rejects.toMatchObject({ code: "deadline-exceeded" });
  const reason = new Error("no longer wanted");
  await expect(begin({ deadlineMs: 20_000, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const controller = new AbortController();
  const running = begin({ deadlineMs: 20_000, signal: controller.signal });
  await expect.poll(() => host.asked("Send")).toBeGreaterThan(0);
  controller.abort(reason);
  await expect(running).rejects.toBe(reason);
  const cut = begin({ deadlineMs: 20_000 });
  await expect.poll(() => host.asked("Command")).toBe(3);
  host.cut();
  await expect(cut).rejects.toMatchObject({ code: "disconnected" });
});

test("the command is one that cmd.exe passes on unchanged", () => {
  const [, script = ""] = /^powershell\.exe [^"]*"([^"]*)"$/.exec(UPLOAD_COMMAND) ?? [];
  expect(script).not.toMatch(/[%^!\r\n]|\\$/);
  expect(UPLOAD_COMMAND.length).toBeLessThan(LONGEST_COMMAND_LINE);
});
