import { withoutToken } from "../../lab/scope.js";
import type { Trial } from "../../model/trial.js";
import { unseenResult } from "../../transport/command-life.js";
import { OutputCapture } from "../../transport/output.js";
import type { Device, Dialog, ExecOptions, ExecResult, Session } from "../../transport/transport.js";
import type { ActRun } from "../host-scripts.js";
import type { StatusWord } from "../status-lines.js";
import { deviceOf, linesOf, OWN_DEADLINE_MS, sentinelCommand } from "./prompt.js";

/** Milliseconds until the first prompt. */
const START_MS = 15_000;

/** Bytes of a one-shot command's output that are kept. It is read whole, so that nothing in it is split. */
const ONE_SHOT_KEPT = 1024 * 1024;

/** How the line that is under way of a trial's act is given up. */
const underWay = new Map<string, () => boolean>();

/** Gives up what the act of a trial is doing; whether there was something. */
export function interruptAct({ id }: Pick<Trial, "id">): boolean {
  return underWay.get(id)?.() ?? false;
}

/**
 * Runs an act between its sentinels: typed at a prompt (`via: stdin`) or given one-shot (`via: argument`). It ends at the first line
 * that the device refuses.
 */
export async function runDeviceAct(
  session: Session,
  trial: Trial,
  nonce: string,
  { armed, begin, unwanted, exec }: ActRun,
): Promise<ExecResult> {
  const device = deviceOf(session);
  const isArmed = await armed.then(
    () => true,
    () => false,
  );
  if (!isArmed || unwanted.aborted) return unseenResult("aborted", exec);
  const record = new ActRecord(nonce, exec);
  if (device.profile.name !== trial.act.program) {
    // The first requirement of every act is its interpreter.
    record.say("requirement-missing", "0");
    return record.result("exited", null);
  }
  const isTyped = trial.act.via === "stdin";
  const asks = trial.requires.length > 1;
  const dialog = isTyped || asks ? await device.openDialog({ deadlineMs: START_MS, signal: unwanted }) : null;
  try {
    const missing = dialog === null ? null : await missingRequirement(dialog, trial);
    if (missing !== null) {
      record.say("requirement-missing", String(missing));
      return record.result("exited", null);
    }
    if (!begin()) return unseenResult("aborted", exec);
    if (dialog !== null && isTyped) return await typed(dialog, device, trial, record, exec);
    dialog?.close();
    return await oneShot(session, device, trial, record, exec);
  } finally {
    dialog?.close();
    underWay.delete(trial.id);
  }
}

/** The number of the first requirement that is not met; one is met when the device answers it with more than nothing. */
async function missingRequirement(dialog: Dialog, trial: Trial): Promise<number | null> {
  for (const [index, { check }] of trial.requires.entries()) {
    if (index === 0) continue;
    const reply = await dialog.type(check, { deadlineMs: OWN_DEADLINE_MS });
    const isMet = reply.ending === "answered" && reply.errors.length === 0 && reply.output.trim() !== "";
    if (!isMet) return index;
  }
  return null;
}

async function typed(
  dialog: Dialog,
  { profile }: Device,
  trial: Trial,
  record: ActRecord,
  exec: Omit<ExecOptions, "stdin">,
): Promise<ExecResult> {
  const sentinel = (edge: "begin" | "end"): string =>
    (dialog.inConfiguration ? profile.showInConfiguration : "") +
    sentinelCommand(profile, "typed", { edge, trial: trial.id });
  const signal = exec.signal === undefined ? {} : { signal: exec.signal };
  const first = await dialog.type(sentinel("begin"), { deadlineMs: OWN_DEADLINE_MS });
  if (first.ending !== "answered" || first.errors.length > 0) {
    record.say("sentinel-refused", first.errors[0] ?? first.ending);
    return record.result("exited", null);
  }
  record.say("started");
  underWay.set(trial.id, () => dialog.interrupt());
  for (const line of linesOf(trial.act.code)) {
    const reply = await dialog.type(line, { deadlineMs: exec.deadlineMs, ...signal });
    record.output("stdout", withoutToken(reply.output));
    if (reply.truncated) record.cut = true;
    for (const error of reply.errors) record.output("stderr", `${error}\n`);
    if (reply.ending !== "answered" || reply.errors.length > 0) break;
  }
  underWay.delete(trial.id);
  if (!dialog.open) return record.result("disconnected", null);
  record.say("ended");
  await dialog.type(sentinel("end"), { deadlineMs: OWN_DEADLINE_MS });
  return record.result("exited", null);
}

async function oneShot(
  session: Session,
  { profile }: Device,
  trial: Trial,
  record: ActRecord,
  exec: Omit<ExecOptions, "stdin">,
): Promise<ExecResult> {
  const sentinel = (edge: "begin" | "end"): Promise<ExecResult> =>
    session.exec(sentinelCommand(profile, "oneShot", { edge, trial: trial.id }), {
      deadlineMs: OWN_DEADLINE_MS,
    });
  const refusals = (output: string): string[] =>
    output.split("\n").filter((line) => profile.errors.some((error) => error.test(line.trimEnd())));
  const first = await sentinel("begin");
  const [refused] = refusals(first.stdout);
  if (first.ending !== "exited" || refused !== undefined) {
    record.say("sentinel-refused", refused ?? first.ending);
    return record.result("exited", null);
  }
  const stop = new AbortController();
  underWay.set(trial.id, () => {
    stop.abort(new Error("the act was given up"));
    return true;
  });
  record.say("started");
  const signal = exec.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, exec.signal]);
  const result = await session.exec(trial.act.code.trim(), {
    ...{ signal, deadlineMs: exec.deadlineMs, capBytes: ONE_SHOT_KEPT },
  });
  underWay.delete(trial.id);
  record.output("stdout", withoutToken(result.stdout));
  record.output("stderr", result.stderr);
  if (result.truncated.stdout) record.cut = true;
  for (const line of refusals(result.stdout)) record.output("stderr", `${line.trimEnd()}\n`);
  if (result.ending === "disconnected") return record.result("disconnected", null);
  record.say("ended", result.exitCode === null ? "" : String(result.exitCode));
  await sentinel("end");
  return record.result("exited", result.exitCode);
}

/** What becomes the result of an act of several commands: all their output, and reports between it. */
class ActRecord {
  /** Output was cut off before it came here. */
  cut = false;
  readonly #nonce: string;
  readonly #capture: OutputCapture;
  readonly #startedAt = Date.now();
  readonly #began = performance.now();

  constructor(nonce: string, exec: ExecOptions) {
    this.#nonce = nonce;
    this.#capture = new OutputCapture(exec);
  }

  say(word: StatusWord, rest = ""): void {
    this.output("stderr", `\n${this.#nonce} ${word}${rest === "" ? "" : ` ${rest}`}\n`);
  }

  output(stream: "stdout" | "stderr", text: string): void {
    if (text !== "") this.#capture.add(stream, Buffer.from(text));
  }

  result(ending: "exited" | "disconnected", exitCode: number | null): ExecResult {
    const captured = this.#capture.finish();
    const { stdout, stderr } = captured.truncated;
    return {
      ...{ ending, exitCode, signal: null, ...captured },
      truncated: { stdout: stdout || this.cut, stderr },
      ...{ startedAt: this.#startedAt, endedAt: Date.now(), durationMs: performance.now() - this.#began },
    };
  }
}
