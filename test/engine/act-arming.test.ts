import { text } from "node:stream/consumers";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { runAct } from "../../src/engine/act.js";
import type { ExecResult, Session } from "../../src/transport/transport.js";
import { never, scripted, shellTrial } from "./workbench.js";

/** The act's shell is started while the trial is being armed; it is given nothing to read before that is on disk. */

const trial = shellTrial("echo done");

/** A shell that says what it was given to read, and then ends so. */
function reading(given: string[], result: Partial<ExecResult> = {}): Session {
  const session = scripted(() => result);
  return {
    ...session,
    exec: async (command, options) => {
      given.push("started");
      given.push(options.stdin instanceof Readable ? await text(options.stdin) : "no stream");
      return await session.exec(command, { ...options, stdin: "" });
    },
  };
}

test("the shell reads the script when the trial is armed, not before", async () => {
  const given: string[] = [];
  let arm = (): void => undefined;
  const arming = new Promise<void>((resolve) => (arm = resolve));
  const acting = runAct(reading(given), trial, "/nonexistent", never, arming);
  await sleep(50);
  expect(given).toEqual(["started"]);
  arm();
  await acting;
  expect(given[1]).toContain(`tyrian-sentinel begin ${trial.id}`);
});

test("a trial that could not be armed gives the shell nothing, and its act did not run", async () => {
  const given: string[] = [];
  const arming = Promise.reject(new Error("the disk is full"));
  const { execution } = await runAct(reading(given), trial, "/nonexistent", never, arming);
  expect(given).toEqual(["started", ""]);
  expect(execution).toMatchObject({ status: "not-run", startedAt: null });
});

test("an interrupt while the trial is being armed gives the shell nothing", async () => {
  const given: string[] = [];
  const stop = new AbortController();
  const arming = sleep(20).then(() => stop.abort(new Error("`tyrian kill` ended the run")));
  const { execution } = await runAct(reading(given), trial, "/nonexistent", stop.signal, arming);
  expect(given).toEqual(["started", ""]);
  expect(execution).toMatchObject({
    status: "not-run",
    reason: { code: "interrupted", message: "the act did not begin: `tyrian kill` ended the run" },
  });
});

test("a connection that is lost while the trial is being armed leaves an act that did not run", async () => {
  let arm = (): void => undefined;
  const arming = new Promise<void>((resolve) => (arm = resolve));
  const lost: Session = {
    ...scripted(() => ({})),
    exec: async (command, options) =>
      await scripted(() => ({ ending: "disconnected", exitCode: null })).exec(command, {
        ...options,
        stdin: "",
      }),
  };
  const { execution, connected } = await runAct(lost, trial, "/nonexistent", never, arming);
  arm();
  expect(connected).toBe(false);
  expect(execution).toMatchObject({
    status: "not-run",
    reason: { code: "disconnected", message: "the connection was lost before the act was sent" },
  });
});
