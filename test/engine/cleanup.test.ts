import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runAct } from "../../src/engine/act.js";
import { cleanUp } from "../../src/engine/cleanup.js";
import { TyrianError } from "../../src/errors.js";
import type { Trial } from "../../src/model/trial.js";
import type { Session } from "../../src/transport/transport.js";
import {
  armed,
  type Command,
  freshFolder,
  processesOf,
  scripted,
  shell,
  shellTrial,
  tidy,
} from "./workbench.js";

afterEach(() => {
  vi.useRealTimers();
  tidy();
});

function trialWith(cleanup: Trial["cleanup"], code = "true"): Trial {
  return shellTrial(code, { cleanup });
}

/** For cleanups that no real process takes part in: their pauses take no time. */
async function afterItsPauses<T>(cleaning: Promise<T>): Promise<T> {
  await vi.advanceTimersByTimeAsync(10_000);
  return await cleaning;
}

const refused = (): Promise<Session> => Promise.reject(new TyrianError("connect-failed", "no route to h1"));

describe("a cleanup on a real shell", () => {
  test("of a trial that declares none still removes its work folder and ends its processes", async () => {
    const trial = trialWith("none", 'trap "" TERM; echo x > made; while :; do sleep 0.1; done');
    const stop = new AbortController();
    const acting = runAct(await shell(), trial, freshFolder(), stop.signal, armed);
    await vi.waitFor(() => expect(processesOf(trial)).not.toEqual([]), { timeout: 20_000 });
    expect(await cleanUp(shell, trial)).toEqual({ status: "clean", detail: "", attempts: 1 });
    expect([existsSync(trial.work), processesOf(trial)]).toEqual([false, []]);
    stop.abort();
    await acting;
  });

  test("runs the procedure's own cleanup in the work folder, then the probe when that folder is gone", async () => {
    const folder = freshFolder();
    const made = join(folder, "made");
    const trial = trialWith({
      run: `pwd > ${folder}/where; rm -f ${made}`,
      probe: `[ ! -e ${made} ] && [ ! -e "$(cat ${folder}/where)" ]`,
    });
    mkdirSync(trial.work);
    writeFileSync(made, "x");
    expect(await cleanUp(shell, trial)).toEqual({ status: "clean", detail: "", attempts: 1 });
    expect(readFileSync(join(folder, "where"), "utf8")).toBe(`${trial.work}\n`);
    expect(existsSync(made)).toBe(false);
  });

  test("is tried again until the probe is met, and says how often", async () => {
    const count = join(freshFolder(), "count");
    const trial = trialWith({ run: `echo x >> ${count}`, probe: `[ "$(wc -l < ${count})" -ge 2 ]` });
    expect(await cleanUp(shell, trial)).toEqual({ status: "clean", detail: "", attempts: 2 });
  });

  test("leaves a dirty target when the probe is never met, and says what the probe said", async () => {
    const trial = trialWith({ run: "true", probe: "exit 7" });
    expect(await cleanUp(shell, trial)).toEqual({
      status: "dirty",
      detail: "the cleanup's probe exits 7",
      attempts: 3,
    });
  });
});

test("a cleanup connects again where the connection failed, and is clean when that goes well", async () => {
  let tries = 0;
  const acquire = (): Promise<Session> => (++tries === 1 ? refused() : shell());
  expect(await cleanUp(acquire, trialWith("none"))).toMatchObject({ status: "clean", attempts: 2 });
});

test.each([
  { timeoutMs: 5_000, deadlineMs: 30_000 },
  { timeoutMs: 90_000, deadlineMs: 90_000 },
])("a cleanup of a procedure of $timeoutMs ms has $deadlineMs ms", async ({ timeoutMs, deadlineMs }) => {
  const given: unknown[] = [];
  const acquire = (): Promise<Session> =>
    Promise.resolve(
      scripted(({ options, say }) => {
        given.push(options.deadlineMs);
        say("probe 0");
        say("remaining 0");
        say("work-folder gone");
        return {};
      }),
    );
  const trial = shellTrial("true", { cleanup: { run: "true", probe: "true" }, act: { timeoutMs } });
  expect(await cleanUp(acquire, trial)).toMatchObject({ status: "clean", attempts: 1 });
  expect(given).toEqual([deadlineMs]);
});

describe("a cleanup of a host that does not answer", () => {
  beforeEach(() => void vi.useFakeTimers());

  test("leaves it unverified after three tries, with what was wrong", async () => {
    const asked: number[] = [];
    const acquire = (deadlineMs: number): Promise<Session> => {
      asked.push(deadlineMs);
      return refused();
    };
    expect(await afterItsPauses(cleanUp(acquire, trialWith("none")))).toEqual({
      status: "unverified",
      detail: "no route to h1",
      attempts: 3,
    });
    // Each try has a deadline: a host that is gone does not hold the run.
    expect(asked).toHaveLength(3);
    expect(asked.every((deadlineMs) => deadlineMs > 0 && deadlineMs <= 5_000)).toBe(true);
  });

  test("pauses longer before each try", async () => {
    const times: number[] = [];
    const acquire = (): Promise<Session> => {
      times.push(Date.now());
      return refused();
    };
    await afterItsPauses(cleanUp(acquire, trialWith("none")));
    const [first = 0, second = 0, third = 0] = times;
    expect(second - first).toBeLessThan(third - second);
  });
});

describe("what a cleanup's script reports decides:", () => {
  beforeEach(() => void vi.useFakeTimers());

  const whole = ["swept 0", "remaining 0", "cleanup 0", "probe 0", "work-folder gone"];
  const own = { run: "true", probe: "true" } as const;

  async function told(reports: readonly string[], over: (command: Command) => object = () => ({})) {
    const session = scripted((command) => {
      for (const report of reports) command.say(report);
      return over(command);
    });
    return await afterItsPauses(cleanUp(() => Promise.resolve(session), trialWith(own)));
  }

  test.each([
    ["all is gone", whole, "clean", ""],
    ["a process remains", whole.with(1, "remaining 2"), "dirty", "2 processes of the trial remain"],
    ["nobody counted the processes", whole.toSpliced(1, 1), "dirty", "an unknown number of processes"],
    ["the work folder is left", whole.with(4, "work-folder left"), "dirty", "the work folder /tmp/tmp."],
    ["the probe says no", whole.with(3, "probe 1"), "dirty", "the cleanup's probe exits 1"],
    ["the probe says nothing", whole.toSpliced(3, 1), "dirty", "the cleanup's probe exits without a status"],
    ["its last report is missing", whole.slice(0, -1), "unverified", "the cleanup did not finish (exited)"],
    ["it reports nothing at all", [], "unverified", "the cleanup did not finish (exited)"],
  ])("%s", async (_name, reports, status, detail) => {
    const result = await told(reports);
    expect(result).toMatchObject({ status, attempts: status === "clean" ? 1 : 3 });
    expect(result.detail).toContain(detail);
  });

  test("the procedure's own cleanup may fail; the probe alone proves", async () => {
    expect(await told(whole.with(2, "cleanup 1"))).toMatchObject({ status: "clean" });
  });

  test("it is told of the processes that outlived the act", async () => {
    const scripts: string[] = [];
    const session = scripted(({ script, say }) => {
      scripts.push(script);
      for (const report of whole) say(report);
      return {};
    });
    await cleanUp(() => Promise.resolve(session), trialWith(own), ["4711:99", "4712:99"]);
    expect(scripts).toEqual([expect.stringContaining("4711:99 4712:99")]);
  });

  test("a lost connection proves nothing", async () => {
    expect(await told([], () => ({ ending: "disconnected", exitCode: null }))).toMatchObject({
      status: "unverified",
      detail: "the cleanup did not finish (disconnected)",
    });
  });

  test("what else stands on standard error hides no report, however much it is", async () => {
    const session = scripted((command) => {
      for (let index = 0; index < 5_000; index++) command.write(`rm: cannot remove 'file-${index}'\n`);
      for (const report of whole) command.say(report);
      // A result keeps the beginning only.
      return { stderr: "rm: cannot remove 'file-0'\n", truncated: { stdout: false, stderr: true } };
    });
    expect(await cleanUp(() => Promise.resolve(session), trialWith(own))).toMatchObject({ status: "clean" });
  });
});
