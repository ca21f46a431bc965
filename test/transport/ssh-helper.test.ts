import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "vitest";
import { HELPER_COMMAND } from "../../src/transport/ssh/helper.js";

/** The helper's own script, as a child of what also started a command, as sshd is. */

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

function start(command: string): ChildProcess & { readonly pid: number } {
  const child = spawn("sh", ["-c", command], { detached: true, stdio: ["pipe", "pipe", "ignore"] });
  running.push(child);
  if (child.pid === undefined) throw new Error("sh is not started");
  return child as ChildProcess & { readonly pid: number };
}

/** Asks the helper and gives the lines of its answer. */
async function answers(helper: ChildProcess, question: string): Promise<string[]> {
  const lines: string[] = [];
  const reader = createInterface({ input: helper.stdout as NonNullable<typeof helper.stdout> });
  const answered = new Promise<void>((resolve) => {
    reader.on("line", (line) => (line === "." ? resolve() : lines.push(line)));
  });
  helper.stdin?.write(`${question}\n`);
  await answered;
  reader.close();
  return lines;
}

describe.each([
  ["Linux, from /proc", HELPER_COMMAND],
  ["macOS and the BSDs, from ps", HELPER_COMMAND.replaceAll("/proc/self/stat", "/nonexistent")],
])("on %s", (_name, command) => {
  test("a command of the connection is listed, ended only as the one that it is, and then has no live member", async () => {
    const [asked, other] = [start("sleep 77; :"), start("sleep 77; :")];
    const helper = start(command);
    const listed = await answers(helper, "L");
    const line = listed.find((one) => one.startsWith(`${asked.pid} `)) ?? "";
    expect(line).toMatch(/^\d+ \d+$/);
    expect(listed.some((one) => one.startsWith(`${helper.pid} `))).toBe(false);
    const member = await answers(helper, `A ${asked.pid}`);
    expect(member).toContain(line);

    expect(await answers(helper, `T ${asked.pid} 1`)).toEqual([]);
    expect(await answers(helper, `A ${asked.pid}`)).toContain(line);
    const ended = once(asked, "exit");
    await answers(helper, `T ${line}`);
    await ended;
    expect(await answers(helper, `A ${asked.pid}`)).toEqual([]);
    const killed = once(other, "exit");
    await answers(helper, `K ${other.pid}`);
    await killed;
  });
});
