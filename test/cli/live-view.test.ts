import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000 });

const loader = resolve(import.meta.dirname, "../../node_modules/tsx/dist/loader.mjs");
const script = resolve(import.meta.dirname, "live-process.ts");
const { PATH = "", HOME = "" } = process.env;

function start(words: readonly string[], terminal = false) {
  const command = [process.execPath, "--import", loader, script, ...words];
  const [program = "", ...rest] = terminal
    ? ["script", "-qec", `stty cols 90; ${command.map((word) => `'${word}'`).join(" ")}`, "/dev/null"]
    : command;
  const child = spawn(program, rest, {
    env: { PATH, HOME, TERM: "xterm" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (texts.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (texts.stderr += chunk.toString()));
  return { child, texts, closed: once(child, "close") as Promise<[number | null, NodeJS.Signals | null]> };
}

async function ended(words: readonly string[], terminal = false) {
  const { texts, closed } = start(words, terminal);
  return { status: (await closed)[0], ...texts };
}

/** What a terminal shows after these bytes: lines, with `cursor up` and `erase below` done. */
function screen(bytes: string): string[] {
  const lines = [""];
  let row = 0;
  for (const part of bytes.replaceAll("\r", "").split(/(\n|\x1b\[\d*[A-Za-z])/)) {
    const up = /^\x1b\[(\d+)A$/.exec(part);
    if (part === "\n") {
      row += 1;
      lines[row] ??= "";
    } else if (up !== null) row -= Number(up[1]);
    else if (part === "\x1b[J") {
      lines.length = row + 1;
      lines[row] = "";
    } else if (!part.startsWith("\x1b")) lines[row] += part;
  }
  return lines.filter((line) => line !== "");
}

test("on a terminal the block is repainted in place, what is printed goes above it, and nothing of it stays", async () => {
  const { status, stdout } = await ended(["show"], true);
  expect(status).toBe(0);
  expect(stdout).toContain("running decode-and-pipe-to-shell");
  expect(stdout.match(/0\/1 trials/g)?.length).toBeGreaterThanOrEqual(3);
  expect(stdout.match(/0\/1 trials/g)?.length).toBeLessThanOrEqual(12);
  expect(screen(stdout)).toEqual(["data in the middle", "warning: a \\x1b[2Jwarning", "the summary"]);
});

test("without a terminal there are lines and no control sequences, and data stays alone on stdout", async () => {
  const { stdout, stderr } = await ended(["show"]);
  expect(stdout).toBe("data in the middle\nthe summary\n");
  expect(stderr).toBe(
    [
      "run 20261124-0350-abcd: 1 trial",
      "warning: a \\x1b[2Jwarning",
      "[1/1] h1  decode-and-pipe-to-shell: detected (Base64 decoded and piped to a shell)",
      "run 20261124-0350-abcd: completed",
      "",
    ].join("\n"),
  );
});

test("quiet leaves only warnings, and events go to stdout as JSON when asked for", async () => {
  const quiet = await ended(["show", "-q"]);
  expect(quiet.stderr).toBe("warning: a \\x1b[2Jwarning\n");
  expect((await ended(["show", "-q"], true)).stdout).not.toContain("trials");
  const { stdout } = await ended(["events", "-q"]);
  const events = stdout.split("\n").filter((line) => line.startsWith("{"));
  expect(events.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9,
  ]);
});

test("the first interruption lets the work clean up, and says so", async () => {
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    const { child, texts, closed } = start(["wait"]);
    await vi.waitFor(() => expect(texts.stdout).toContain("ready"), { timeout: 30_000 });
    child.kill(name);
    expect((await closed)[0]).toBe(0);
    expect(texts.stdout).toContain(`cleaned up: TyrianError: interrupted by ${name}\nthe summary\n`);
    expect(texts.stderr).toContain(`${name}: cleaning up; once more to stop at once`);
  }
});

test("the second interruption ends the process at once with 130", async () => {
  const { child, texts, closed } = start(["wait"]);
  await vi.waitFor(() => expect(texts.stdout).toContain("ready"), { timeout: 30_000 });
  child.kill("SIGINT");
  await vi.waitFor(() => expect(texts.stderr).toContain("cleaning up"), { timeout: 20_000, interval: 5 });
  child.kill("SIGINT");
  expect((await closed)[0]).toBe(130);
  expect(texts.stdout).not.toContain("cleaned up");
});
