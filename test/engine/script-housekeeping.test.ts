import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { actScript } from "../../src/engine/script.js";
import { StraceParser } from "../../src/telemetry/strace.js";
import { bracketOf } from "../../src/verify/bracket.js";
import { noStrace, skippedFor } from "../skipped.js";
import { give, nonce, type Shell, shells, unmarked } from "./script-shells.js";
import { freshFolder, shellTrial, tidy } from "./workbench.js";

/**
 * The wrapper says how many programs it executed itself between its sentinels. The verifier accounts for missing records with
 * that number, so it must never be more than what was really executed. Seen by strace, which shares nothing with it.
 */

afterEach(tidy);

/** What the wrapper said, and what it executed between its sentinels beside the act. */
async function looked(
  shell: Shell,
  code: (log: string) => string,
): Promise<{ said: number; executed: string[] }> {
  const log = join(freshFolder(), "strace.log");
  const trial = shellTrial(code(log));
  const word = nonce();
  const traced: Shell = {
    name: shell.name,
    command: [
      "strace",
      // Without it every system call stops for strace, and looks are too slow to come to an end on a busy machine.
      ...["-f", "--seccomp-bpf"],
      "-ttt",
      "-s",
      "65535",
      "-v",
      "-e",
      "trace=execve,clone,clone3,fork,vfork",
      "-o",
      log,
      ...shell.command,
    ],
  };
  const ran = await give(traced, actScript(trial, word), word);
  expect(ran.stdout, ran.stderr).toContain("done");
  const parser = new StraceParser("here");
  const lines = readFileSync(log, "utf8").split("\n").slice(0, -1);
  const events = [...lines.flatMap((line, index) => parser.push(line, index, 0)), ...parser.flush(100_000)];
  const session = events.map((event) => ({ ...event, session: "1" }));
  const bracket = bracketOf(trial, session);
  if (!("act" in bracket) || bracket.begin === null || bracket.end === null) throw new Error(bracket.state);
  const { begin, end } = bracket;
  const own = new Set(bracket.act.map(({ id }) => id));
  const executed = session
    .filter(({ sequence }) => sequence > begin.sequence && sequence < end.sequence)
    .filter(({ id }) => !own.has(id))
    .map(({ argv }) => argv.slice(0, 2).join(" "));
  return { said: Number(ran.said("looked")), executed };
}

const everyShell = [...shells, ...shells.map(unmarked)];

describe.each(everyShell)("the wrapper under $name", skippedFor(noStrace), (shell) => {
  test("counts what it executes, and never more", async () => {
    const { said, executed } = await looked(shell, () => "echo done");
    expect(said).toBeLessThanOrEqual(executed.length);
    // A grep with a path is counted; a shell with a grep of its own executes none, and counts none.
    expect(said).toBe(executed.filter((words) => /^\/.* |^\/bin\/sleep/.test(words)).length);
  });

  test("counts each wait for what the act left running", async () => {
    // What is left ends when the wrapper was seen to wait for it, however long its first look takes. A quote within an argument
    // stands behind a backslash in strace's log, so the search does not find itself.
    const wait = `execve("/bin/sleep", ["/bin/sleep", "0.05"]`;
    const left = (log: string): string =>
      `for i in $(seq 100); do grep -qF '${wait}' ${log} && exit; sleep 0.02; done`;
    const { said, executed } = await looked(shell, (log) => `(${left(log)}) & echo done`);
    expect(executed.filter((words) => words === "/bin/sleep 0.05").length).toBeGreaterThan(0);
    expect(said).toBeLessThanOrEqual(executed.length);
    expect(said).toBeGreaterThan(0);
  });
});
