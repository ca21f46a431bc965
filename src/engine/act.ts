import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { TyrianError, messageOf } from "../errors.js";
import { REASON, unseenExecution } from "../journal/results.js";
import type { Execution } from "../model/execution.js";
import type { Trial } from "../model/trial.js";
import type { ExecResult, Session } from "../transport/transport.js";
import { checkProof } from "./proof.js";
import { actScript, quote, sweepScript } from "./script.js";
import { type Status, splitStatus, StatusReader, statusOf } from "./status-lines.js";

/** Milliseconds beyond the procedure's timeout until the transport itself ends the wrapper. */
const WRAPPER_GRACE_MS = 30_000;
const PROOF_DEADLINE_MS = 10_000;
const SWEEP_DEADLINE_MS = 10_000;
/** Milliseconds between sweeps while an act that was told to end has not ended: the first may have come before its start. */
const SWEEP_AGAIN_MS = 1_000;

/** A fresh word that no procedure can know. */
export function freshNonce(): string {
  return `tyrian-${randomBytes(12).toString("hex")}`;
}

export interface ActOutcome {
  readonly execution: Execution;
  /** Whether the session can still be used. */
  readonly connected: boolean;
}

/** Runs the act between its sentinels and says what happened; the proof is checked in a step of its own. Never rejects. */
export async function runAct(
  session: Session,
  trial: Trial,
  folder: string,
  signal: AbortSignal,
): Promise<ActOutcome> {
  const nonce = freshNonce();
  const reports = new StatusReader(nonce);
  let ended: "deadline" | "interrupted" | null = null;
  let again: NodeJS.Timeout | undefined;
  const end = (why: "deadline" | "interrupted"): void => {
    ended ??= why;
    // The wrapper outlives its act: it then closes the bracket and reports, as after any other end.
    again ??= setInterval(() => void sweep(session, trial), SWEEP_AGAIN_MS);
    void sweep(session, trial);
  };
  const timer = setTimeout(() => end("deadline"), trial.act.timeoutMs);
  const interrupt = (): void => end("interrupted");
  signal.addEventListener("abort", interrupt, { once: true });
  if (signal.aborted) interrupt();
  try {
    const result = await session.exec("/bin/sh", {
      stdin: actScript(trial, nonce),
      deadlineMs: trial.act.timeoutMs + WRAPPER_GRACE_MS,
      evidencePrefix: join(folder, "evidence", trial.id),
      onOutput: (stream, chunk) => {
        if (stream === "stderr") reports.push(chunk);
      },
    });
    return {
      execution: executionOf(trial, result, nonce, reports.statuses, ended),
      connected: result.ending !== "disconnected",
    };
  } catch (error) {
    const code = error instanceof TyrianError ? error.code : "transport-failed";
    return { execution: neverStarted(code, messageOf(error)), connected: false };
  } finally {
    clearTimeout(timer);
    clearInterval(again);
    signal.removeEventListener("abort", interrupt);
  }
}

async function sweep(session: Session, trial: Trial): Promise<void> {
  try {
    await session.exec("/bin/sh", {
      stdin: sweepScript(trial.id, freshNonce()),
      deadlineMs: SWEEP_DEADLINE_MS,
    });
  } catch {
    // The connection is gone; the act's own result says so, and the cleanup sweeps again.
  }
}

/** An execution that did not begin: nothing of the procedure ran. */
export function neverStarted(code: string, message: string): Execution {
  return unseenExecution("not-run", { code, message });
}

function executionOf(
  trial: Trial,
  result: ExecResult,
  nonce: string,
  statuses: readonly Status[],
  ended: "deadline" | "interrupted" | null,
): Execution {
  const { text } = splitStatus(result.stderr, nonce);
  const report = statusOf(statuses, "ended");
  const leftBehind = statusOf(statuses, "left-behind");
  const exitCode = report === null ? null : Number.parseInt(report.rest, 10);
  const base: Execution = {
    status: "ran",
    reason: null,
    startedAt: new Date(result.startedAt).toISOString(),
    endedAt: new Date(result.endedAt).toISOString(),
    durationMs: Math.round(result.durationMs),
    exitCode: exitCode === null || Number.isNaN(exitCode) ? null : exitCode,
    signal: result.signal,
    stdout: result.stdout,
    stderr: text,
    truncated: result.truncated,
    evidenceFiles: [...result.evidenceFiles],
    proof: null,
    ...(leftBehind === null
      ? {}
      : { outlived: true, strays: leftBehind.rest.split(" ").filter((word) => word !== "") }),
  };
  const otherwise = (status: Execution["status"], code: string, message: string): Execution => ({
    ...base,
    status,
    reason: { code, message },
  });
  if (statusOf(statuses, "started") === null) return notStarted(trial, result, statuses, otherwise);
  if (report === null && result.ending === "disconnected") {
    // Also when its time was up: nobody has seen it end.
    const message = "it had started; the connection was lost before its end was reported";
    return { ...otherwise("indeterminate", "disconnected", message), endedAt: null, durationMs: null };
  }
  if (ended === "deadline") {
    const message = `it was still running after ${trial.act.timeoutMs / 1000} s and was ended`;
    return otherwise("failed", "deadline-exceeded", message);
  }
  if (ended === "interrupted") {
    return otherwise("failed", "interrupted", "the run was interrupted and the procedure ended");
  }
  if (report === null) {
    const message = `it had started; its shell ended (${result.ending}) before its end was reported`;
    return { ...otherwise("indeterminate", "wrapper-failed", message), endedAt: null, durationMs: null };
  }
  return base;
}

/** The start was not reported: a requirement is absent, the work folder failed, or the connection ended first. */
function notStarted(
  trial: Trial,
  result: ExecResult,
  statuses: readonly Status[],
  otherwise: (status: Execution["status"], code: string, message: string) => Execution,
): Execution {
  const missing = statusOf(statuses, "requirement-missing");
  if (missing !== null) {
    const requirement = trial.requires[Number(missing.rest)];
    const what = requirement?.description || requirement?.check || "a requirement";
    return {
      ...otherwise(
        "not-run",
        REASON.requirementAbsent,
        `the target lacks what the procedure requires: ${what}`,
      ),
      startedAt: null,
      endedAt: null,
    };
  }
  if (statusOf(statuses, "work-folder-failed") !== null) {
    return otherwise("not-run", "work-folder-failed", `the work folder ${trial.work} could not be prepared`);
  }
  if (result.ending === "disconnected") {
    return otherwise(
      "indeterminate",
      "disconnected",
      "the connection was lost before the start was reported: it may have started",
    );
  }
  return otherwise(
    "not-run",
    "wrapper-failed",
    `the shell ended (${result.ending}) before the act started: ${result.stderr.slice(0, 200)}`,
  );
}

/** Compares the proof with what the act left; `ran` becomes `failed` when it is not met. */
export async function checkAct(
  session: Session | null,
  trial: Trial,
  execution: Execution,
): Promise<Execution> {
  if (execution.status !== "ran") return execution;
  const command =
    trial.proof.command === undefined ? null : await proofCommand(session, trial, trial.proof.command.run);
  const proof = checkProof(trial.proof, {
    exitCode: execution.exitCode,
    stdout: execution.stdout,
    stderr: execution.stderr,
    command,
  });
  if (proof.met) return { ...execution, proof };
  const first = proof.checks.find((check) => !check.met);
  const message = `no proof that it did its work: ${first?.check} wanted ${JSON.stringify(first?.wanted)}, found ${JSON.stringify(first?.found)}`;
  return { ...execution, status: "failed", reason: { code: "proof-not-met", message }, proof };
}

async function proofCommand(session: Session | null, trial: Trial, run: string): Promise<string | null> {
  if (session === null) return null;
  try {
    const result = await session.exec("/bin/sh", {
      stdin: `cd ${quote(trial.work)} || exit 1\n${run}\n`,
      deadlineMs: PROOF_DEADLINE_MS,
    });
    return result.ending === "exited" && result.exitCode === 0 ? result.stdout : null;
  } catch {
    return null;
  }
}
