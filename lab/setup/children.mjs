/**
 * Child processes of the set-up: each has a deadline, and none outlives it.
 *
 * Runs before any node module exists: only Node's own modules, and no syntax newer than Node 14, so that an old Node
 * reaches the message that says so.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { SetUpError } from "./machine.mjs";

const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
const GRACE_MS = 10_000;
/** How long the output of a program that has ended may stay open: a daemon that it left behind can hold it for ever. */
const OUTPUT_GRACE_MS = 2_000;

/**
 * Runs a program to its end.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {object} options
 * @param {number} options.deadlineMs when to end it: SIGTERM, then SIGKILL ten seconds later
 * @param {"show" | "keep"} options.output `show` passes the child's output on to our own stderr, `keep` returns it
 * @param {boolean} [options.shielded] true for a child that a Ctrl-C must not cut short (a package manager): it gets a
 *   session of its own, out of the terminal's reach, and its whole group is ended at the deadline
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @returns {Promise<{ status: number, output: string, timedOut: boolean }>}
 *   `status` is 127 when the program cannot be started and 128 + N when signal N ended it; `output` is stdout and stderr
 *   as they came (the last 64 kB)
 * @throws {SetUpError} once the child has ended, if we were told to end meanwhile
 */
export function runChild(program, args, { deadlineMs, output, shielded = false, cwd, env }) {
  return new Promise((resolve, reject) => {
    const sink = output === "show" ? 2 : "pipe";
    const child = spawn(program, args, { cwd, env, detached: shielded, stdio: ["ignore", sink, sink] });
    let text = "";
    let timedOut = false;
    let interruptedBy = null;
    let hardStop;
    let outputStop;

    const end = (signal) => {
      try {
        if (shielded && child.pid !== undefined) process.kill(-child.pid, signal);
        else child.kill(signal);
      } catch {
        // it had ended already
      }
    };
    const deadline = setTimeout(() => {
      timedOut = true;
      end("SIGTERM");
      hardStop = setTimeout(() => end("SIGKILL"), GRACE_MS);
    }, deadlineMs);
    const onSignal = (signal) => {
      interruptedBy = signal;
      if (shielded)
        process.stderr.write(
          `tyrian: ${signal}: ${program} is allowed to finish, so that nothing is left half-installed\n`,
        );
      else end(signal);
    };
    for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);

    const finish = (status) => {
      clearTimeout(deadline);
      clearTimeout(hardStop);
      clearTimeout(outputStop);
      for (const signal of ENDING_SIGNALS) process.off(signal, onSignal);
      if (child.stdout) child.stdout.destroy();
      if (child.stderr) child.stderr.destroy();
      if (interruptedBy === null) resolve({ status, output: text, timedOut });
      else reject(interruption(interruptedBy));
    };
    const keep = (chunk) => {
      text = (text + chunk.toString()).slice(-65_536);
    };
    if (child.stdout) child.stdout.on("data", keep);
    if (child.stderr) child.stderr.on("data", keep);
    child.on("error", (problem) => {
      text += problem.message;
      finish(127);
    });
    const statusOf = (status, signal) => (signal === null ? status : statusOfSignal(signal));
    child.on("exit", (status, signal) => {
      outputStop = setTimeout(() => finish(statusOf(status, signal)), OUTPUT_GRACE_MS);
    });
    child.on("close", (status, signal) => finish(statusOf(status, signal)));
  });
}

/**
 * Runs the main job with our own terminal, and ends as it ends: signals are passed on to it.
 *
 * On a terminal a Ctrl-C reaches the child by itself, so it is not passed on a second time.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {object} options
 * @param {number} options.deadlineMs when to end it: SIGTERM, then SIGKILL after thirty seconds for its own cleanup
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @returns {Promise<{ status: number, timedOut: boolean }>}
 */
export function runInForeground(program, args, { deadlineMs, cwd, env }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: "inherit" });
    let timedOut = false;
    let hardStop;
    const passOn = (signal) => {
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    };
    for (const signal of ENDING_SIGNALS) process.on(signal, passOn);
    const deadline = setTimeout(() => {
      timedOut = true;
      child.kill("SIGTERM");
      hardStop = setTimeout(() => child.kill("SIGKILL"), 30_000);
    }, deadlineMs);
    const finish = (status) => {
      clearTimeout(deadline);
      clearTimeout(hardStop);
      for (const signal of ENDING_SIGNALS) process.off(signal, passOn);
      resolve({ status, timedOut });
    };
    child.on("error", () => finish(127));
    child.on("close", (status, signal) => finish(signal === null ? status : statusOfSignal(signal)));
  });
}

/**
 * Runs an action that must come to its end: a signal that would end this process is held back until then.
 *
 * @template T
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 * @throws {SetUpError} after the action, if there was such a signal
 */
export async function withSignalsHeld(action) {
  let held = null;
  const hold = (signal) => {
    held = signal;
  };
  for (const signal of ENDING_SIGNALS) process.on(signal, hold);
  let result;
  try {
    result = await action();
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, hold);
  }
  if (held !== null) throw interruption(held);
  return result;
}

function interruption(signal) {
  return new SetUpError(`interrupted by ${signal}`, statusOfSignal(signal));
}

/** @param {NodeJS.Signals} signal */
function statusOfSignal(signal) {
  return 128 + (constants.signals[signal] || 0);
}
