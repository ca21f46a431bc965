import { afterEach, describe, expect, test } from "vitest";
import { checkAct, runAct } from "../../../src/engine/act.js";
import type { Execution } from "../../../src/model/execution.js";
import type { Trial } from "../../../src/model/trial.js";
import { armed, freshFolder, never, scripted, tidy } from "../workbench.js";
import { deviceSession, deviceTrial, type StandIn } from "./stand-in.js";

afterEach(tidy);

async function act({ session }: Pick<StandIn, "session">, trial: Trial, signal = never): Promise<Execution> {
  const { execution, connected } = await runAct(session, trial, freshFolder(), signal, armed);
  return await checkAct(connected ? session : null, trial, execution);
}

const sentinels = (trial: Trial, lead = ""): [string, string] => [
  `show thread cpu tyrian-sentinel.begin.${trial.id}`,
  `${lead}show thread cpu tyrian-sentinel.end.${trial.id}`,
];

describe("an act that is typed", () => {
  test("stands between its sentinels, at one prompt, and has no exit code", async () => {
    const device = deviceSession((line) => (line === "show two" ? { output: "done\n" } : {}));
    const trial = deviceTrial("show one\n\n  show two\n");
    const execution = await act(device, trial);
    const [begin, end] = sentinels(trial);
    expect(device.prompts).toEqual([[begin, "show one", "show two", end]]);
    expect(execution).toMatchObject({
      ...{ status: "ran", reason: null, exitCode: null, stdout: "done\n", stderr: "", alone: true },
      proof: { met: true, checks: [{ check: "refusals", found: "none" }, { check: "stdout contains" }] },
    });
    expect(execution).not.toHaveProperty("housekeeping");
  });

  test("does not record the lab token, which stands in what it may show", async () => {
    const shown = " description tyrian-lab-token 0123456789abcdef0123\ndone\n";
    for (const via of ["stdin", "argument"] as const) {
      const device = deviceSession(
        () => ({ output: shown }),
        () => ({ stdout: shown }),
      );
      const { stdout, status } = await act(device, deviceTrial("show running-config", { act: { via } }));
      expect([status, stdout]).toEqual(["ran", " description tyrian-lab-token (not shown)\ndone\n"]);
    }
  });

  test("says when its output was cut", async () => {
    const device = deviceSession(() => ({ output: "done\n", truncated: true }));
    expect((await act(device, deviceTrial("show all"))).truncated).toEqual({ stdout: true, stderr: false });
  });

  test("ends at the first line that the device refuses, and failed", async () => {
    const refusal = "% Unknown command: bogus";
    const device = deviceSession((line) =>
      line === "bogus" ? { output: `${refusal}\n`, errors: [refusal] } : {},
    );
    const trial = deviceTrial("bogus\nshow two");
    expect(await act(device, trial)).toMatchObject({
      status: "failed",
      exitCode: null,
      stderr: `${refusal}\n`,
      reason: { code: "proof-not-met", message: expect.stringContaining(`refusals wanted "none"`) },
    });
    expect(device.prompts[0]).not.toContain("show two");
  });

  test("closes its bracket from within the configuration mode", async () => {
    const device = deviceSession(() => ({ output: "done\n" }));
    const trial = deviceTrial("configure terminal\ninterface lo");
    await act(device, trial);
    expect(device.prompts[0]?.at(-1)).toBe(sentinels(trial, "do ")[1]);
  });

  test("is not known to have ended when the device hangs up", async () => {
    const device = deviceSession((line) => (line === "exit" ? { ending: "closed" } : {}));
    const trial = deviceTrial("exit");
    expect(await act(device, trial)).toMatchObject({
      status: "indeterminate",
      reason: { code: "disconnected" },
    });
    expect(device.prompts[0]).not.toContain(sentinels(trial)[1]);
  });

  test("is given up at its deadline, and its bracket is closed", async () => {
    const device = deviceSession((line) => (line === "show forever" ? new Promise(() => {}) : {}));
    const trial = deviceTrial("show forever", { act: { timeoutMs: 100 } });
    expect(await act(device, trial)).toMatchObject({
      status: "failed",
      reason: { code: "deadline-exceeded" },
    });
    expect(device.prompts[0]?.at(-1)).toBe(sentinels(trial)[1]);
  });

  test("is ended when the run is", async () => {
    const stop = new AbortController();
    const device = deviceSession((line) => {
      if (line !== "show forever") return {};
      setImmediate(() => stop.abort(new Error("the run was killed")));
      return new Promise(() => {});
    });
    const execution = await act(device, deviceTrial("show forever"), stop.signal);
    expect(execution).toMatchObject({ status: "failed", reason: { code: "interrupted" } });
  });
});

describe("an act does not begin", () => {
  test.each([
    ["what the device refuses", { errors: ["% Unknown command"] }],
    ["what it does not answer", { ending: "deadline" as const }],
  ])("when the sentinel is %s", async (_what, reply) => {
    const device = deviceSession((line) => (line.includes("tyrian-sentinel") ? reply : {}));
    const trial = deviceTrial("show one");
    expect(await act(device, trial)).toMatchObject({
      status: "not-run",
      reason: { code: "wrapper-failed", message: expect.stringContaining("did not take the sentinel") },
    });
    expect(device.prompts[0]).not.toContain("show one");
  });

  test("on a device of another kind", async () => {
    const device = deviceSession(() => ({}));
    const trial = deviceTrial("show one", { act: { program: "ios" } });
    expect(await act(device, trial)).toMatchObject({
      status: "not-run",
      reason: { code: "requirement-absent" },
    });
    expect(device.prompts).toEqual([]);
  });

  test.each([
    ["prints nothing", {}],
    ["is refused", { output: "% no\n", errors: ["% no"] }],
  ])("where what it requires %s", async (_what, reply) => {
    const check = "show interface brief | include lo";
    const device = deviceSession((line) => (line === check ? reply : {}));
    const trial = deviceTrial("show one", {
      requires: [...deviceTrial("").requires, { check, description: "a loopback" }],
    });
    expect(await act(device, trial)).toMatchObject({
      status: "not-run",
      reason: { message: expect.stringContaining("a loopback") },
    });
    expect(device.prompts).toEqual([[check]]);
  });

  test("before it is armed", async () => {
    const device = deviceSession(() => ({}));
    const failing = Promise.reject(new Error("the disk is full"));
    const { execution } = await runAct(
      device.session,
      deviceTrial("show one"),
      freshFolder(),
      never,
      failing,
    );
    expect([execution.status, device.prompts]).toEqual(["not-run", []]);
  });

  test("over a transport that has no prompt", async () => {
    const session = scripted(() => ({}));
    expect(await act({ session }, deviceTrial("show one"))).toMatchObject({
      status: "not-run",
      reason: { code: "transport-failed" },
    });
  });
});

describe("an act that is given one-shot", () => {
  const oneShot = (trial: Trial): [string, string] => [
    `show version | include tyrian-sentinel.begin.${trial.id}`,
    `show version | include tyrian-sentinel.end.${trial.id}`,
  ];

  test("stands between sentinels of its own kind, and has the exit code that it gives", async () => {
    const trial = deviceTrial("show one\n", { act: { via: "argument" } });
    const device = deviceSession(
      () => ({}),
      (command) => (command === "show one" ? { stdout: "done\n", exitCode: 0 } : {}),
    );
    const [begin, end] = oneShot(trial);
    expect(await act(device, trial)).toMatchObject({
      status: "ran",
      exitCode: 0,
      stdout: "done\n",
      stderr: "",
    });
    expect(device.given).toEqual([begin, "show one", end]);
    expect(device.prompts).toEqual([]);
  });

  test("a refusal in its output is one, whatever its exit code says", async () => {
    const trial = deviceTrial("bogus", { act: { via: "argument" } });
    const device = deviceSession(
      () => ({}),
      (command) => (command === "bogus" ? { stdout: "% Unknown command: bogus\r\n", exitCode: null } : {}),
    );
    expect(await act(device, trial)).toMatchObject({
      status: "failed",
      exitCode: null,
      stderr: "% Unknown command: bogus\n",
    });
  });

  test("is not known to have ended when the connection is lost", async () => {
    const trial = deviceTrial("show one", { act: { via: "argument" } });
    const device = deviceSession(
      () => ({}),
      (command) => (command === "show one" ? { ending: "disconnected", exitCode: null } : {}),
    );
    expect((await act(device, trial)).status).toBe("indeterminate");
    expect(device.given).not.toContain(oneShot(trial)[1]);
  });
});
