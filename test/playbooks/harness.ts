import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freshNonce } from "../../src/engine/nonce.js";
import { checkProof } from "../../src/engine/proof.js";
import { actScript } from "../../src/engine/script.js";
import { splitStatus, statusOf } from "../../src/engine/status-lines.js";
import { sentinelOf } from "../../src/model/event.js";
import type { ProofResult } from "../../src/model/execution.js";
import type { Cleanup, Playbook, Procedure, Proof } from "../../src/model/playbook.js";
import type { Trial } from "../../src/model/trial.js";
import { renderAction, type Variant } from "../../src/playbook/render.js";
import { type Exec, readStraceLog } from "./strace-log.js";

/** What a trial did on this machine, seen by strace instead of a target's sensor. */
export interface LocalTrial {
  /** A requirement that this machine lacks: the act did not start. */
  readonly missing: string | null;
  readonly proof: ProofResult | null;
  /** Execs between the sentinels: the act's. */
  readonly act: readonly Exec[];
  /** Execs of the wrapper itself, sentinels included. */
  readonly wrapper: readonly Exec[];
  /** Exit status of the cleanup's probe before and after the procedure's own cleanup; null without a cleanup. */
  readonly probes: { readonly before: number; readonly after: number } | null;
  readonly stderr: string;
}

const DEADLINE_MS = 20_000;

// Version managers put shims of their own before the system's interpreters; a target has none of them.
const environment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/nonexistent",
  LANG: "C.UTF-8",
};

/** Why nothing can be traced here, or null. */
export function whyNoTrace(): string | null {
  const tried = spawnSync("strace", ["-f", "--seccomp-bpf", "-qq", "-e", "trace=execve", "/bin/true"], {
    encoding: "utf8",
  });
  if (tried.error !== undefined) return "strace is not installed (apt-get install strace)";
  return tried.status === 0 ? null : `strace cannot trace here: ${tried.stderr.trim()}`;
}

interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], input: string): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: environment,
      cwd: "/",
      timeout: DEADLINE_MS,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    child.on("error", reject).on("close", (code) => resolve({ code, stdout, stderr }));
    child.stdin.on("error", reject).end(input);
  });
}

/**
 * The proof's command, then the probe, the procedure's own cleanup and the probe again, as one script with a status line
 * after each. The work folder stays, so that it is the cleanup that the probe sees and not the engine's removal of it.
 */
function afterwards(proof: Proof, cleanup: Cleanup, work: string): string {
  const step = (name: string, command: string): string =>
    `( cd ${work} && ${command}\n)\nprintf '%s %s\\n' ${name} "$?" >&2\n`;
  const command = proof.command === undefined ? "" : `( cd ${work} && ${proof.command.run}\n)\n`;
  if (cleanup === "none") return command;
  return `${command}exec >/dev/null\n${step("before", cleanup.probe)}${step("cleanup", cleanup.run)}${step("after", cleanup.probe)}`;
}

/**
 * The wrapper looks for what the act left running in the environment of every process of the machine, byte by byte. That
 * is most of its time here, and only an act that is declared to leave something needs it.
 */
function withoutSweep(trial: Trial, script: string): string {
  return trial.effects.includes("background-process")
    ? script
    : script.replaceAll("/proc/[0-9]*", "/proc/self");
}

/** Runs one variant of a procedure (or of its twin as a procedure) with the engine's own scripts, and cleans up. */
export async function runLocally(
  playbook: Playbook,
  action: Procedure,
  variant: Variant,
  twin: boolean,
): Promise<LocalTrial> {
  // As on a target: below /tmp, and the name tells nothing.
  const work = `/tmp/tmp.${randomBytes(5).toString("hex")}`;
  const { act, proof, cleanup, requires } = renderAction(action, variant, work);
  const id = `content-${randomBytes(6).toString("hex")}`;
  const trial: Trial = {
    id,
    run: "content",
    ordinal: 1,
    playbook: playbook.id,
    procedure: action.id,
    guid: action.guid,
    technique: playbook.technique,
    name: action.name,
    twin,
    target: "local",
    platform: "linux",
    fidelity: "native",
    variant,
    work,
    requires,
    act,
    effects: action.effects,
    controls: [],
    telemetryHost: "local",
    proof,
    cleanup,
    expectations: action.expect,
  };
  const evidence = await mkdtemp(join(tmpdir(), "tyrian-content-"));
  try {
    const log = join(evidence, "strace.log");
    const nonce = freshNonce();
    const calls = "trace=execve,clone,clone3,fork,vfork";
    const options = [
      "-f",
      "--seccomp-bpf",
      "-qq",
      "-s",
      "200000",
      "-e",
      calls,
      "-e",
      "signal=none",
      "-o",
      log,
    ];
    const output = await run("strace", [...options, "/bin/sh"], withoutSweep(trial, actScript(trial, nonce)));
    const { text, statuses } = splitStatus(output.stderr, nonce);
    const requirement = statusOf(statuses, "requirement-missing");
    const execs = readStraceLog(await readFile(log, "utf8"), work);
    const begin = execs.findIndex((exec) => sentinelOf({ argv: [...exec.argv] })?.edge === "begin");
    const end = execs.findIndex((exec) => sentinelOf({ argv: [...exec.argv] })?.edge === "end");
    const isPause = (exec: Exec): boolean => exec.fields["CommandLine"] === "/bin/sleep 0.05";
    const inside = execs.filter((exec, index) => index > begin && index < end && !isPause(exec));
    const ended = statusOf(statuses, "ended");
    const exitCode = ended === null ? null : Number(ended.rest);
    const needed = ended !== null && (proof.command !== undefined || cleanup !== "none");
    const after = needed ? await run("/bin/sh", [], afterwards(proof, cleanup, work)) : null;
    const status = (name: string): number =>
      Number(new RegExp(`^${name} (\\d+)$`, "m").exec(after?.stderr ?? "")?.[1]);
    return {
      missing:
        requirement === null ? null : (requires[Number(requirement.rest)]?.description ?? "a requirement"),
      proof:
        ended === null
          ? null
          : checkProof(proof, {
              exitCode,
              stdout: output.stdout,
              stderr: text,
              command: after?.stdout ?? null,
            }),
      act: inside,
      wrapper: execs.filter((exec) => !inside.includes(exec)),
      probes: needed && cleanup !== "none" ? { before: status("before"), after: status("after") } : null,
      stderr: text,
    };
  } finally {
    await rm(work, { recursive: true, force: true });
    await rm(evidence, { recursive: true, force: true });
  }
}
