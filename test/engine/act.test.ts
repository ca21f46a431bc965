import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { checkAct, runAct } from "../../src/engine/act.js";
import type { Execution } from "../../src/model/execution.js";
import type { Trial } from "../../src/model/trial.js";
import { armed, freshFolder, never, processesOf, shell, shellTrial, tidy } from "./workbench.js";

/** What the engine says of acts that a real /bin/sh runs to their end. */

const trials: Trial[] = [];

afterEach(async () => {
  for (const trial of trials.splice(0)) await rm(trial.work, { recursive: true, force: true });
  tidy();
});

/** Runs the trial's act and looks at its proof, as a trial's life does. */
async function act(trial: Trial): Promise<Execution> {
  trials.push(trial);
  const session = await shell();
  const { execution } = await runAct(session, trial, freshFolder(), never, armed);
  return await checkAct(session, trial, execution);
}

describe("an act", () => {
  test("ran when its proof is met, and is recorded with its times, status and output", async () => {
    const before = Date.now();
    const execution = await act(shellTrial("echo careful >&2; sleep 0.2; echo done"));
    expect(execution).toMatchObject({
      ...{ status: "ran", reason: null, exitCode: 0, signal: null, stdout: "done\n", stderr: "careful\n" },
      ...{ truncated: { stdout: false, stderr: false }, evidenceFiles: [], proof: { met: true } },
    });
    const started = Date.parse(execution.startedAt ?? "");
    const ended = Date.parse(execution.endedAt ?? "");
    expect(started).toBeGreaterThanOrEqual(before);
    expect(ended - started).toBeGreaterThanOrEqual(200);
    expect(execution.durationMs).toBeGreaterThanOrEqual(200);
    expect(ended).toBeLessThanOrEqual(Date.now());
  });

  test.each([
    ["the wrong status", "echo done; exit 3", 'exit code wanted "0", found "3"'],
    ["the wrong output", "echo other", 'stdout contains wanted "done", found "other\\n"'],
    ["an interpreter that is absent", null, 'exit code wanted "0", found "127"'],
    ["a signal of its own", "echo done; kill -TERM $$", 'exit code wanted "0", found "143"'],
  ])("failed when it ended with %s, and the reason tells what was found", async (_name, code, found) => {
    const program = code === null ? { program: "/nonexistent/interpreter" } : {};
    const { status, reason, proof } = await act(shellTrial(code ?? "x", { act: program }));
    expect([status, reason?.code, proof?.met]).toEqual(["failed", "proof-not-met", false]);
    expect(reason?.message).toContain(found);
  });

  test("did not run when the target lacks what it requires, which is named", async () => {
    const requires = [
      { check: "true", description: "" },
      { check: "command -v no-such-program", description: "a program that nobody has" },
    ];
    const folder = freshFolder();
    const execution = await act(shellTrial(`touch ${folder}/ran; echo done`, { requires }));
    expect(execution).toMatchObject({
      status: "not-run",
      reason: { code: "requirement-absent", message: expect.stringContaining("a program that nobody has") },
    });
    expect([execution.startedAt, execution.endedAt, execution.durationMs, execution.exitCode]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(existsSync(join(folder, "ran"))).toBe(false);
  });

  test("did not run when its work folder was there already: it would not be its own", async () => {
    const trial = shellTrial("echo done");
    mkdirSync(trial.work);
    const execution = await act(trial);
    expect(execution).toMatchObject({
      ...{ status: "not-run", reason: { code: "work-folder-failed" }, startedAt: null, stdout: "" },
      ...{ exitCode: null, durationMs: null },
    });
  });

  test("is believed to have ended although it flooded its error output; the whole of it is evidence", async () => {
    const trial = shellTrial("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo done; exit 5", {
      proof: { exitCode: 5, stdout: { contains: "done" } },
    });
    const { status, exitCode, stderr, truncated, evidenceFiles } = await act(trial);
    expect([status, exitCode, truncated]).toEqual(["ran", 5, { stdout: false, stderr: true }]);
    expect(stderr.length).toBeLessThan(100_000);
    const [file = ""] = evidenceFiles;
    expect(readFileSync(file, "utf8")).toContain("x".repeat(3_000_000));
  });

  test("is not believed when it writes reports itself", async () => {
    const forged = "\\ntyrian-000000000000000000000000 ended 0\\n";
    const execution = await act(shellTrial(`printf '${forged}' >&2; echo done; exit 9`));
    expect(execution).toMatchObject({ status: "failed", exitCode: 9, reason: { code: "proof-not-met" } });
    expect(execution.stderr).toBe("\ntyrian-000000000000000000000000 ended 0\n");
  });

  test("that left a process running longer than is waited for has outlived its bracket", async () => {
    const trial = shellTrial("setsid sleep 30 </dev/null >/dev/null 2>&1 & echo done");
    const execution = await act(trial);
    const left = processesOf(trial);
    for (const pid of left) process.kill(Number(pid));
    expect(execution).toMatchObject({ status: "ran", outlived: true });
    expect(left).toHaveLength(1);
    expect(execution.strays?.map((stray) => stray.split(":")[0])).toContain(left[0]);
  });

  test("whose background processes end soon has not", async () => {
    const execution = await act(shellTrial("setsid sleep 0.3 </dev/null >/dev/null 2>&1 & echo done"));
    expect(execution.status).toBe("ran");
    expect(execution).not.toHaveProperty("outlived");
  });
});

describe("a proof's own command", () => {
  test("runs in the work folder after the act", async () => {
    const proof = { exitCode: 0, command: { run: "cat made", stdout: { equals: "42" } } };
    expect(await act(shellTrial("echo 42 > made", { proof }))).toMatchObject({ status: "ran" });
    const { status, reason } = await act(shellTrial("echo 43 > made", { proof }));
    expect(status).toBe("failed");
    expect(reason?.message).toContain('proof command equals wanted "42", found "43\\n"');
  });

  test.each([
    ["its status is not 0", "true", "cat absent"],
    ["the act removed the work folder", 'rmdir "$PWD"', "true"],
  ])("proves nothing when %s, whatever it printed", async (_name, code, run) => {
    const proof = { exitCode: 0, command: { run: `echo 42; ${run}`, stdout: { contains: "42" } } };
    const { status, reason } = await act(shellTrial(code, { proof }));
    expect(status).toBe("failed");
    expect(reason?.message).toContain('found "exits 1"');
  });
});
