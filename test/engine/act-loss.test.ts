import { describe, expect, test } from "vitest";
import { checkAct, runAct } from "../../src/engine/act.js";
import { TyrianError } from "../../src/errors.js";
import type { Execution } from "../../src/model/execution.js";
import type { Trial } from "../../src/model/trial.js";
import type { ExecResult, Session } from "../../src/transport/transport.js";
import { armed, isAct, never, scripted, shellTrial } from "./workbench.js";

/** What the engine says of an act that it could not see to its end. It never guesses, and never runs an act again. */

const lost: Partial<ExecResult> = { ending: "disconnected", exitCode: null };
const trial = shellTrial("echo done");

/** The act's shell reports these words, and then the command ends so. */
async function actThat(reports: readonly string[], result: Partial<ExecResult>) {
  const session = scripted((command) => {
    if (isAct(command)) for (const report of reports) command.say(report);
    return result;
  });
  return await runAct(session, trial, "/nonexistent", never, armed);
}

describe("a connection that is lost", () => {
  test("before the command was sent leaves an act that did not run", async () => {
    const refused = new TyrianError("disconnected", "the connection was lost before the command was sent");
    const { execution, connected } = await runAct(
      scripted(() => Promise.reject(refused)),
      trial,
      "/nonexistent",
      never,
      armed,
    );
    expect(connected).toBe(false);
    expect(execution).toMatchObject({
      status: "not-run",
      reason: { code: "disconnected", message: refused.message },
      startedAt: null,
    });
  });

  test("before the start was reported leaves an act that may have started", async () => {
    const { execution, connected } = await actThat([], lost);
    expect(connected).toBe(false);
    expect(execution).toMatchObject({ status: "indeterminate", reason: { code: "disconnected" } });
    expect(execution.reason?.message).toContain("it may have started");
    expect([execution.endedAt, execution.durationMs, execution.exitCode]).toEqual([null, null, null]);
  });

  test("after a requirement was found to be absent leaves an act that did not run", async () => {
    const { execution } = await actThat(["requirement-missing 0"], lost);
    expect(execution).toMatchObject({ status: "not-run", reason: { code: "requirement-absent" } });
  });

  test("after the start leaves an act whose end nobody knows", async () => {
    const { execution, connected } = await actThat(["started"], lost);
    expect(connected).toBe(false);
    expect(execution).toMatchObject({ status: "indeterminate", reason: { code: "disconnected" } });
    expect(execution.reason?.message).toContain("it had started");
    expect(execution.startedAt).not.toBeNull();
    expect([execution.endedAt, execution.durationMs, execution.exitCode]).toEqual([null, null, null]);
  });

  test("after the start stays that, also when its time was up: nobody has seen it end", async () => {
    const session = scripted(async (command) => {
      if (!isAct(command)) throw new TyrianError("disconnected", "lost");
      command.say("started");
      await new Promise((resolve) => setTimeout(resolve, 60));
      return lost;
    });
    const late: Trial = { ...trial, act: { ...trial.act, timeoutMs: 20 } };
    const { execution } = await runAct(session, late, "/nonexistent", never, armed);
    expect(execution).toMatchObject({ status: "indeterminate", reason: { code: "disconnected" } });
  });

  test("after the end was reported leaves an act that ended, with its status", async () => {
    const { execution, connected } = await actThat(["started", "ended 3"], { ...lost, stdout: "done\n" });
    expect(connected).toBe(false);
    expect(execution).toMatchObject({ status: "ran", exitCode: 3, stdout: "done\n" });
    expect(execution.endedAt).not.toBeNull();
  });
});

describe("a shell that ends", () => {
  test("before the act started leaves an act that did not run, and says what the shell said", async () => {
    const session = scripted((command) => {
      command.write("sh: cannot fork");
      return { exitCode: 2 };
    });
    const { execution } = await runAct(session, trial, "/nonexistent", never, armed);
    expect(execution).toMatchObject({
      status: "not-run",
      reason: {
        code: "wrapper-failed",
        message: "the shell ended (exited) before the act started: sh: cannot fork",
      },
      startedAt: null,
    });
  });

  test("in the middle of the act leaves an act whose end nobody knows", async () => {
    const { execution } = await actThat(["started"], { ending: "signalled", exitCode: null, signal: "KILL" });
    expect(execution).toMatchObject({ status: "indeterminate", reason: { code: "wrapper-failed" } });
    expect(execution.endedAt).toBeNull();
  });

  test("with a status that is no number is not taken for one that ended well", async () => {
    const { execution } = await actThat(["started", "ended what"], {});
    expect(execution).toMatchObject({ status: "ran", exitCode: null });
    expect(await checkAct(null, trial, execution)).toMatchObject({ status: "failed" });
  });
});

describe("processes that outlived the act", () => {
  test("are recorded, however many reports name them, for the cleanup", async () => {
    const reports = [
      "started",
      "ended 0",
      "left-behind",
      "left-behind 4711:99 4712:99",
      "left-behind 4713:99",
    ];
    const { execution } = await actThat(reports, { stdout: "done\n" });
    expect(execution).toMatchObject({
      status: "ran",
      outlived: true,
      strays: ["4711:99", "4712:99", "4713:99"],
    });
  });

  test("may be unknown by number; that there may be some is recorded all the same", async () => {
    const { execution } = await actThat(["started", "ended 0", "left-behind"], { stdout: "done\n" });
    expect(execution).toMatchObject({ status: "ran", outlived: true, strays: [] });
  });
});

test.each([
  ["a defect", new Error("boom"), "internal"],
  ["an error of our own", new TyrianError("internal", "boom"), "internal"],
])("%s in the transport says nothing of the act: it may have run", async (_name, error, code) => {
  const session = scripted(() => Promise.reject(error));
  const { execution } = await runAct(session, trial, "/nonexistent", never, armed);
  expect(execution).toMatchObject({ status: "indeterminate", reason: { code, message: "boom" } });
});

describe("the proof of an act whose connection was lost after its end", () => {
  const proof: Trial["proof"] = { exitCode: 0, stdout: { contains: "done" } };
  const withCommand = { ...proof, command: { run: "cat made", stdout: { contains: "42" } } };

  async function ended(stdout: string, exitCode = 0): Promise<Execution> {
    return (await actThat(["started", `ended ${exitCode}`], { ...lost, stdout })).execution;
  }

  test("is met when everything that it needs was seen", async () => {
    expect(await checkAct(null, { ...trial, proof }, await ended("done\n"))).toMatchObject({
      ...{ status: "ran", proof: { met: true } },
    });
  });

  test("is not refuted by output that may have been under way: the act is indeterminate", async () => {
    const execution = await checkAct(null, { ...trial, proof }, await ended("do"));
    expect(execution).toMatchObject({
      status: "indeterminate",
      reason: { code: "disconnected" },
      proof: { met: false },
    });
  });

  test("is refuted by a wrong status, which was reported whole", async () => {
    const execution = await checkAct(null, { ...trial, proof }, await ended("", 1));
    expect(execution).toMatchObject({ status: "failed", reason: { code: "proof-not-met" } });
  });

  test.each<[string, Session | null]>([
    ["is not there", null],
    ["is lost before it", scripted(() => Promise.reject(new TyrianError("disconnected", "lost")))],
    ["is lost in the middle of it", scripted(() => lost)],
  ])("cannot be seen when its command needs a connection that %s", async (_name, session) => {
    const execution = await checkAct(session, { ...trial, proof: withCommand }, await ended("done\n"));
    expect(execution).toMatchObject({ status: "indeterminate", reason: { code: "disconnected" } });
    expect(execution.reason?.message).toContain("proof command contains");
  });

  test("is not met by a command that hangs: that is the procedure's doing", async () => {
    const session = scripted(() => ({ ending: "deadline", exitCode: null, stdout: "42" }));
    const execution = await checkAct(session, { ...trial, proof: withCommand }, await ended("done\n"));
    expect(execution).toMatchObject({ status: "failed", reason: { code: "proof-not-met" } });
    expect(execution.reason?.message).toContain("did not end well (deadline)");
  });
});

test("an act that did not run is left as it is by the check of its proof", async () => {
  const { execution } = await actThat(["requirement-missing 0"], {});
  expect(await checkAct(null, trial, execution)).toBe(execution);
});

test("an output that was cut says so when the proof is not found in the part that was kept", async () => {
  const { execution } = await actThat(["started", "ended 0"], {
    stdout: "x",
    truncated: { stdout: true, stderr: false },
  });
  const { status, reason } = await checkAct(null, trial, execution);
  expect(status).toBe("indeterminate");
  expect(reason?.message).toContain("the connection was lost");
  const session = scripted(() => ({}));
  expect((await checkAct(session, trial, execution)).reason?.message).toMatch(
    /found "x", in the part of its output that was kept$/,
  );
});
