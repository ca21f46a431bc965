import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { runAct } from "../../src/engine/act.js";
import type { Trial } from "../../src/model/trial.js";
import type { Session } from "../../src/transport/transport.js";
import {
  armed,
  freshFolder,
  isAct,
  never,
  processesOf,
  scripted,
  shell,
  shellTrial,
  tidy,
} from "./workbench.js";

/** How an act is ended that must not go on: its time is up, or the run is interrupted. */

const trials: Trial[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const trial of trials.splice(0)) {
    for (const pid of processesOf(trial)) process.kill(Number(pid), "SIGKILL");
  }
  tidy();
});

async function act(trial: Trial, signal = never, session?: Session) {
  trials.push(trial);
  return (await runAct(session ?? (await shell()), trial, freshFolder(), signal, armed)).execution;
}

/** Three processes: the procedure, a child of it, and one that left its group and ignores what asks it to end. */
const tree =
  "setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 0.1; done' </dev/null >/dev/null 2>&1 & sleep 60 & echo begun; wait";

describe("the deadline", () => {
  test("ends the act with all its children, and makes it failed", async () => {
    const trial = shellTrial(tree, { act: { timeoutMs: 500 } });
    const execution = await act(trial);
    expect(execution).toMatchObject({
      status: "failed",
      reason: { code: "deadline-exceeded", message: "it was still running after 0.5 s and was ended" },
      stdout: "begun\n",
    });
    expect(execution.durationMs).toBeGreaterThanOrEqual(500);
    expect(execution.durationMs).toBeLessThan(8_000);
    expect(processesOf(trial)).toEqual([]);
  });

  test("ends what runs in the background too, when the act itself has ended", async () => {
    const trial = shellTrial("setsid sleep 60 </dev/null >/dev/null 2>&1 & echo done", {
      act: { timeoutMs: 700 },
    });
    expect(await act(trial)).toMatchObject({
      ...{ status: "failed", reason: { code: "deadline-exceeded" }, exitCode: 0, stdout: "done\n" },
    });
    expect(processesOf(trial)).toEqual([]);
  });

  test("counts from the start of the procedure, not from the checks before it", async () => {
    const requires = [{ check: "sleep 0.8", description: "" }];
    const trial = shellTrial("echo done", { requires, act: { timeoutMs: 500 } });
    expect(await act(trial)).toMatchObject({ status: "ran", stdout: "done\n" });
  });

  test("is the procedure's own: what its start may take at most does not end it", async () => {
    vi.useFakeTimers();
    const session = scripted(async ({ say, options }) => {
      say("started");
      await new Promise((resolve) => setTimeout(resolve, 600_000));
      if (options.signal?.aborted === true) return { ending: "aborted", exitCode: null };
      say("ended 0");
      return {};
    });
    const acting = act(shellTrial("x", { act: { timeoutMs: 3_600_000 } }), never, session);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(await acting).toMatchObject({ status: "ran", exitCode: 0 });
  });

  test("does not take an act for ended by force that had ended by itself", async () => {
    // The act reports its end at once; the shell that reports it is slow, and by then the time is up.
    const session = scripted(async (command) => {
      if (!isAct(command)) {
        command.say("swept 0");
        return {};
      }
      command.say("started");
      command.say("ended 0");
      await sleep(120);
      return { stdout: "done\n" };
    });
    const trial = shellTrial("echo done", { act: { timeoutMs: 50 } });
    expect(await act(trial, never, session)).toMatchObject({ status: "ran", reason: null });
  });
});

/** Its work folder is there: its shell has the script. */
async function begun(trial: Trial): Promise<void> {
  await vi.waitFor(() => expect(existsSync(trial.work)).toBe(true), { timeout: 20_000 });
}

describe("an interrupt", () => {
  test("ends the act with all its children, and makes it failed", async () => {
    const trial = shellTrial(tree);
    const stop = new AbortController();
    const acting = act(trial, stop.signal);
    await vi.waitFor(() => expect(processesOf(trial).length).toBeGreaterThanOrEqual(3), { timeout: 20_000 });
    stop.abort(new Error("the lease on the target was lost"));
    expect(await acting).toMatchObject({
      status: "failed",
      reason: { code: "interrupted", message: "it was ended: the lease on the target was lost" },
      stdout: "begun\n",
    });
    expect(processesOf(trial)).toEqual([]);
  });

  test("that comes before the procedure's start ends it as soon as it starts", async () => {
    const stop = new AbortController();
    const trial = shellTrial("sleep 60; echo done", { requires: [{ check: "sleep 0.5", description: "" }] });
    const acting = act(trial, stop.signal);
    await begun(trial);
    stop.abort();
    const { status, reason, durationMs } = await acting;
    // Who aborts may say nothing.
    expect([status, reason]).toEqual([
      "failed",
      { code: "interrupted", message: "it was ended: the run was interrupted" },
    ]);
    expect(durationMs).toBeLessThan(10_000);
  });

  test("before a requirement that is absent leaves nothing to interrupt", async () => {
    const witness = join(freshFolder(), "ran");
    const stop = new AbortController();
    const trial = shellTrial(`touch ${witness}`, {
      requires: [{ check: "sleep 0.3; false", description: "" }],
    });
    const acting = act(trial, stop.signal);
    await begun(trial);
    stop.abort();
    expect(await acting).toMatchObject({ status: "not-run", reason: { code: "requirement-absent" } });
    expect(existsSync(witness)).toBe(false);
  });
});

test("an act that was told to end before its start was reported did not begin, for the reason given", async () => {
  const stop = new AbortController();
  const session = scripted(({ options }) => {
    if (options.onOutput === undefined) return {};
    stop.abort(new Error("`tyrian kill` ended the run"));
    return { ending: "aborted", exitCode: null };
  });
  expect(await act(shellTrial("x"), stop.signal, session)).toMatchObject({
    status: "not-run",
    reason: { code: "interrupted", message: "the act did not begin: `tyrian kill` ended the run" },
  });
});

describe("a wrapper that reports no end although its act was told to end", () => {
  /** The shell hangs until it is told to stop by the transport's own means. */
  function hanging(reports: readonly string[], onSweep: () => void): Session {
    return scripted(async (command) => {
      if (!isAct(command)) {
        onSweep();
        command.say("swept 1");
        return {};
      }
      for (const report of reports) command.say(report);
      const { signal } = command.options;
      await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
      return { ending: "aborted", exitCode: null };
    });
  }

  test("is swept again and again, and given up after half a minute", async () => {
    vi.useFakeTimers();
    let sweeps = 0;
    const stop = new AbortController();
    const acting = act(
      shellTrial("x"),
      stop.signal,
      hanging(["started"], () => (sweeps += 1)),
    );
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sweeps).toBe(0);
    stop.abort();
    await vi.advanceTimersByTimeAsync(31_000);
    expect(await acting).toMatchObject({ status: "failed", reason: { code: "interrupted" } });
    expect(sweeps).toBeGreaterThan(20);
  });

  test("is given up also while it only checks the requirements: nothing ran", async () => {
    vi.useFakeTimers();
    const acting = act(
      shellTrial("x"),
      never,
      hanging([], () => undefined),
    );
    await vi.advanceTimersByTimeAsync(31_000);
    expect(await acting).toMatchObject({
      ...{ status: "not-run", startedAt: null },
      reason: {
        code: "wrapper-failed",
        message: "its files were not placed and its requirements not checked within 30 s",
      },
    });
  });
});

test("no sweep is under way any more when the act's outcome is known: it would be taken for the next act's", async () => {
  let sweeping = 0;
  const session = scripted(async (command) => {
    if (isAct(command)) {
      command.say("started");
      await sleep(100);
      command.say("ended 143");
      return {};
    }
    sweeping += 1;
    await sleep(300);
    sweeping -= 1;
    command.say("swept 1");
    return {};
  });
  const execution = await act(shellTrial("x", { act: { timeoutMs: 50 } }), never, session);
  expect(execution.reason?.code).toBe("deadline-exceeded");
  expect(sweeping).toBe(0);
});
