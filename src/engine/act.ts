import { join } from "node:path";
import { TyrianError, messageOf } from "../errors.js";
import { REASON, unseenExecution } from "../journal/results.js";
import type { Execution } from "../model/execution.js";
import type { Trial } from "../model/trial.js";
import type { ExecResult, Session } from "../transport/transport.js";
import { ActEnder, type Cut } from "./act-ender.js";
import { checkProof } from "./proof.js";
import { freshNonce } from "./nonce.js";
import { scriptsOf } from "./scripts-of.js";
import { type Status, splitStatus, StatusReader, statusOf } from "./status-lines.js";

/** Milliseconds that placing the files and checking the requirements may take. */
const START_DEADLINE_MS = 30_000;
/** Milliseconds beyond the start's and the procedure's time until the transport itself ends the wrapper. */
const WRAPPER_GRACE_MS = 60_000;
const PROOF_DEADLINE_MS = 10_000;
const SWEEP_DEADLINE_MS = 10_000;

export interface ActOutcome {
  readonly execution: Execution;
  /** Whether the session can still be used. */
  readonly connected: boolean;
}

/**
 * Runs the act between its sentinels and says what happened; the proof is checked in a step of its own. The procedure's time
 * begins when its start is reported. Never rejects.
 *
 * @param armed what must be on disk before anything of the trial reaches the target. Only the shell that will read the script
 *   is started meanwhile; when this rejects, or the act is ended before, the shell reads nothing.
 */
export async function runAct(
  session: Session,
  trial: Trial,
  folder: string,
  signal: AbortSignal,
  armed: Promise<unknown>,
): Promise<ActOutcome> {
  if (signal.aborted) return { execution: interruptedBefore(signal), connected: true };
  const nonce = freshNonce();
  const scripts = scriptsOf(trial);
  let sent = false;
  let over = false;
  const begin = (): boolean => (sent = !over && !signal.aborted);
  const reports = new StatusReader(nonce, scripts.reports);
  const reported = (word: "started" | "ended"): boolean => statusOf(reports.statuses, word) !== null;
  const ender = new ActEnder(() => sweep(session, trial));
  const interrupt = (): void => {
    if (sent) ender.end({ code: "interrupted", why: interruption(signal) }, reported("ended"));
  };
  let started = false;
  let timer = setTimeout(() => ender.abandon(), START_DEADLINE_MS);
  signal.addEventListener("abort", interrupt, { once: true });
  try {
    const result = await scripts.act(session, trial, nonce, {
      ...{ armed, begin, unwanted: signal },
      exec: {
        signal: ender.giveUp,
        deadlineMs: START_DEADLINE_MS + trial.act.timeoutMs + WRAPPER_GRACE_MS,
        evidencePrefix: join(folder, "evidence", trial.id),
        onOutput: (stream, chunk) => {
          if (stream === "stderr") reports.push(chunk);
          if (started || !reported("started")) return;
          started = true;
          clearTimeout(timer);
          timer = setTimeout(
            () => ender.end({ code: "deadline-exceeded" }, reported("ended")),
            trial.act.timeoutMs,
          );
        },
      },
    });
    clearTimeout(timer);
    over = true;
    const cut = await ender.stop();
    return {
      execution:
        sent || reports.statuses.length > 0
          ? executionOf(trial, session, result, nonce, reports.statuses, cut)
          : neverSent(result, signal),
      connected: result.ending !== "disconnected",
    };
  } catch (error) {
    await ender.stop();
    const code = error instanceof TyrianError ? error.code : "internal";
    // A transport rejects only for what was not sent; anything else that it threw tells nothing of the act.
    const status = code === "internal" || reported("started") ? "indeterminate" : "not-run";
    return { execution: unseenExecution(status, { code, message: messageOf(error) }), connected: false };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", interrupt);
  }
}

/** Ends the trial's processes; how many there were, as far as that was reported. */
async function sweep(session: Session, trial: Trial): Promise<number> {
  try {
    const { statuses } = await scriptsOf(trial).sweep(session, trial, SWEEP_DEADLINE_MS);
    return Number(statusOf(statuses, "swept")?.rest ?? 0);
  } catch {
    // The connection is gone; the act's own result says so, and the cleanup sweeps again.
    return 0;
  }
}

/** Why something was ended, or did not begin: who aborts a signal says so in its reason. */
export function interruption(signal: AbortSignal): string {
  const reason: unknown = signal.reason;
  const said = reason instanceof Error && reason.name !== "AbortError";
  return said ? reason.message : "the run was interrupted";
}

/** An execution that did not begin: nothing of the procedure ran. */
export function neverStarted(code: string, message: string): Execution {
  return unseenExecution("not-run", { code, message });
}

function executionOf(
  trial: Trial,
  { ownLogin }: Session,
  result: ExecResult,
  nonce: string,
  statuses: readonly Status[],
  cut: Cut | null,
): Execution {
  const report = statusOf(statuses, "ended");
  const leftBehind = statuses.filter(({ word }) => word === "left-behind");
  const exitCode = report === null ? Number.NaN : Number.parseInt(report.rest, 10);
  const looked = Number.parseInt(statusOf(statuses, "looked")?.rest ?? "", 10);
  const base: Execution = {
    status: "ran",
    reason: null,
    startedAt: new Date(result.startedAt).toISOString(),
    endedAt: new Date(result.endedAt).toISOString(),
    durationMs: Math.round(result.durationMs),
    // cmd.exe prints the 32 bits with a sign.
    exitCode: Number.isNaN(exitCode) ? null : exitCode >>> 0,
    signal: result.signal,
    stdout: result.stdout,
    stderr: splitStatus(result.stderr, nonce, scriptsOf(trial).reports).text,
    truncated: result.truncated,
    evidenceFiles: [...result.evidenceFiles],
    proof: null,
    // One trial at a time holds the target, and after one that something outlived the session is not used again. Whether a Mac
    // gives each connection an audit session of its own is not known.
    ...(ownLogin && trial.platform !== "macos" ? { alone: true } : {}),
    ...(Number.isNaN(looked) ? {} : { housekeeping: looked }),
    ...(leftBehind.length === 0
      ? {}
      : { outlived: true, strays: leftBehind.flatMap(({ rest }) => rest.split(" ").filter(Boolean)) }),
  };
  if (statusOf(statuses, "started") === null) return notStarted(trial, result, statuses, base, cut);
  if (report === null && result.ending === "disconnected") {
    // Also when its time was up: nobody has seen it end.
    const message = "it had started; the connection was lost before its end was reported";
    return endUnknown(base, "disconnected", message);
  }
  if (cut?.code === "deadline-exceeded") {
    const message = `it was still running after ${trial.act.timeoutMs / 1000} s and was ended`;
    return { ...base, status: "failed", reason: { code: cut.code, message } };
  }
  if (cut?.code === "interrupted") {
    return { ...base, status: "failed", reason: { code: cut.code, message: `it was ended: ${cut.why}` } };
  }
  if (report === null) {
    const message = `it had started; its shell ended (${result.ending}) before its end was reported`;
    return endUnknown(base, "wrapper-failed", message);
  }
  return base;
}

function interruptedBefore(signal: AbortSignal): Execution {
  return neverStarted("interrupted", `the act did not begin: ${interruption(signal)}`);
}

/** The shell that was to read the script has ended before it was given it. */
function neverSent(result: ExecResult, signal: AbortSignal): Execution {
  if (signal.aborted) return interruptedBefore(signal);
  if (result.ending === "disconnected") {
    return neverStarted("disconnected", "the connection was lost before the act was sent");
  }
  const said = result.stderr.slice(0, 200);
  return neverStarted(
    "wrapper-failed",
    `the shell ended (${result.ending}) before the act was sent: ${said}`,
  );
}

function endUnknown(base: Execution, code: string, message: string): Execution {
  return { ...base, status: "indeterminate", reason: { code, message }, endedAt: null, durationMs: null };
}

/** The start was not reported: a requirement is absent, the work folder failed, or the connection ended first. */
function notStarted(
  trial: Trial,
  result: ExecResult,
  statuses: readonly Status[],
  base: Execution,
  cut: Cut | null,
): Execution {
  if (result.ending === "disconnected" && statuses.length === 0) {
    const message = "the connection was lost before the start was reported: it may have started";
    return endUnknown(base, "disconnected", message);
  }
  const { stdout, stderr, truncated, evidenceFiles } = base;
  const notRun = (code: string, message: string): Execution => ({
    ...neverStarted(code, message),
    ...{ stdout, stderr, truncated, evidenceFiles },
  });
  const missing = statusOf(statuses, "requirement-missing");
  if (missing !== null) {
    const requirement = trial.requires[Number(missing.rest)];
    const what = requirement?.description || requirement?.check || "a requirement";
    return notRun(REASON.requirementAbsent, `the target lacks what the procedure requires: ${what}`);
  }
  if (statusOf(statuses, "work-folder-failed") !== null) {
    return notRun("work-folder-failed", `the work folder ${trial.work} could not be prepared`);
  }
  if (statusOf(statuses, "processes-unknown") !== null) {
    const message =
      "the target cannot tell which processes are a trial's: Windows Script Host, VBScript and WMI must work there";
    return notRun(REASON.requirementAbsent, message);
  }
  const refused = statusOf(statuses, "sentinel-refused");
  if (refused !== null) {
    const message = `the device did not take the sentinel, without which nothing of the act can be told: ${refused.rest}`;
    return notRun("wrapper-failed", message);
  }
  if (cut?.code === "interrupted") return notRun(cut.code, `the act did not begin: ${cut.why}`);
  if (result.ending === "aborted") {
    const seconds = START_DEADLINE_MS / 1000;
    return notRun(
      "wrapper-failed",
      `its files were not placed and its requirements not checked within ${seconds} s`,
    );
  }
  const said = stderr.slice(0, 200);
  return notRun("wrapper-failed", `the shell ended (${result.ending}) before the act started: ${said}`);
}

/**
 * Compares the proof with what the act left: `ran` becomes `failed` when it is not met, and `indeterminate` when the connection
 * was lost and what is missing may be only unseen.
 * @param session null when the connection was lost.
 */
export async function checkAct(
  session: Session | null,
  trial: Trial,
  execution: Execution,
): Promise<Execution> {
  if (execution.status !== "ran") return execution;
  const asked =
    trial.proof.command === undefined ? null : await proofCommand(session, trial, trial.proof.command.run);
  const proof = checkProof(trial.proof, {
    exitCode: execution.exitCode,
    stdout: execution.stdout,
    stderr: execution.stderr,
    command: asked?.stdout ?? null,
    withoutExitCode: trial.platform === "network",
    ...(asked?.problem === undefined ? {} : { commandProblem: asked.problem }),
  });
  const first = proof.checks.find((check) => !check.met);
  if (first === undefined) return { ...execution, proof };
  const found = `${first.check} wanted ${JSON.stringify(first.wanted)}, found ${JSON.stringify(first.found)}`;
  // The exit status was reported whole; output may have been under way.
  if ((session === null || asked?.lost === true) && first.check !== "exit code") {
    const message = `it ended, but the connection was lost before its proof was seen: ${found}`;
    return { ...execution, status: "indeterminate", reason: { code: "disconnected", message }, proof };
  }
  const stream = first.check.startsWith("stdout") ? "stdout" : "stderr";
  const cut = first.check.startsWith(stream) && execution.truncated[stream];
  const message = `no proof that it did its work: ${found}${cut ? ", in the part of its output that was kept" : ""}`;
  return { ...execution, status: "failed", reason: { code: "proof-not-met", message }, proof };
}

interface ProofCommandAnswer {
  /** Null when the command did not end well. */
  readonly stdout: string | null;
  readonly problem?: string;
  /** Whether that was the connection's fault. */
  readonly lost?: boolean;
}

async function proofCommand(session: Session | null, trial: Trial, run: string): Promise<ProofCommandAnswer> {
  if (session === null) return { stdout: null, problem: "could not be run", lost: true };
  try {
    const result = await scriptsOf(trial).proof(session, trial, run, PROOF_DEADLINE_MS);
    if (result.ending === "disconnected")
      return { stdout: null, problem: "the connection was lost", lost: true };
    if (result.ending !== "exited") return { stdout: null, problem: `did not end well (${result.ending})` };
    if (result.exitCode !== 0) return { stdout: null, problem: `exits ${result.exitCode}` };
    return { stdout: result.stdout };
  } catch (error) {
    return { stdout: null, problem: `could not be run: ${messageOf(error)}`, lost: true };
  }
}
