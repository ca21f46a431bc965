import type { Execution } from "../../src/model/execution.js";
import type { Trial } from "../../src/model/trial.js";
import { actArguments } from "../../src/playbook/act-arguments.js";
import type { Analytic } from "./analytics.js";
import type { Random } from "./random.js";
import type { ActPlan, Leaf, Loss } from "./scenario.js";
import type { Draft, Timeline } from "./timeline.js";

/** A login session of Tyrian on a host, and the server process that starts its commands. */
export interface Connection {
  readonly session: string;
  readonly server: number;
}

/** When the parts of a trial were, by our clock. */
export interface Played {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly handedOverAt: number;
  /** Programs that the wrapper executed between the sentinels, as it says itself. */
  readonly housekeeping: number;
}

/** Where trials are played. */
export interface Place {
  readonly connection: Connection;
  /** So many processes that the wrapper has them looked through by a program. */
  readonly crowded: boolean;
}

/** What a record of the trial is to it. */
type Role = "begin" | "root" | "first" | "rest" | "end";
const losses: Readonly<Record<Loss, readonly Role[]>> = {
  all: ["begin", "root", "first", "rest", "end"],
  act: ["root", "first", "rest"],
  begin: ["begin"],
  end: ["end"],
  root: ["root"],
  head: ["begin", "root", "first"],
};

type Common = Partial<Draft> & Pick<Draft, "trial" | "session">;

/** Plays one trial on a host as the wrapper does: what comes before, the act between its sentinels, proof and cleanup. */
export function play(
  timeline: Timeline,
  trial: Trial,
  plan: ActPlan,
  { connection, crowded }: Place,
  start: number,
  random: Random,
): Played {
  const common = { trial: trial.id, session: connection.session };
  const lost = (role: Role): { lost: boolean; slowBy: number } => ({
    lost: plan.lost !== undefined && losses[plan.lost].includes(role),
    slowBy: plan.slowBy ?? 0,
  });
  let at = start;
  const later = (median: number): number => (at += random.lognormal(median, median * 20));
  const shell = (): Draft =>
    timeline.add({ ...common, at: later(5), part: "wrapper", argv: ["/bin/sh"], ppid: connection.server });
  const own = (wrapper: Draft, part: Draft["part"], argv: readonly string[]): Draft =>
    timeline.add({ ...common, at: later(3), part, argv, ppid: wrapper.pid, parent: "/usr/bin/dash" });

  const planned = actArguments(trial.act, trial.work);
  const wrapper = shell();
  own(wrapper, "requirement", ["mkdir", "-m", "700", "--", trial.work]);
  if (plan.requirement !== undefined) {
    const starter = plan.requirementLikeAct === true ? own(wrapper, "requirement", planned) : wrapper;
    own(starter, "requirement", plan.requirement);
  }
  const child = { ...common, ppid: wrapper.pid };
  timeline.sentinel("begin", trial.id, { ...child, ...lost("begin"), at: later(3), part: "begin" });
  const root = timeline.add({
    ...child,
    ...lost("root"),
    at: later(3),
    part: "act",
    argv: planned,
    parent: "/usr/bin/dash",
  });
  const words = (leaf: Leaf): Leaf => ({
    ...leaf,
    argv: leaf.again === true ? planned : leaf.marked === true ? [...leaf.argv, trial.id] : leaf.argv,
  });
  const leaves = (plan.outlived === true ? plan.leaves.slice(0, -1) : plan.leaves).map(words);
  leaves.forEach((leaf, index) =>
    addLeaf(timeline, leaf, root, { ...common, ...lost(index === 0 ? "first" : "rest"), at: later(20) }),
  );
  for (let left = plan.beside ?? 0; left > 0; left -= 1)
    timeline.add({ at: later(1), argv: ["ls", "-l"], session: "3", user: "alice", secondChannel: true });
  later(200);
  const looks = Math.max(plan.looks ?? 0, random.integer(0, 3));
  let housekeeping = 0;
  for (let look = 0; look <= looks; look += 1) {
    // In a subshell, which leaves no record of its own.
    housekeeping += (crowded ? 1 : 0) + (look < looks ? 1 : 0);
    if (crowded) own({ ...wrapper, pid: timeline.pid() }, "housekeeping", lookingArguments(wrapper.pid));
    if (look < looks) own(wrapper, "housekeeping", ["/bin/sleep", "0.05"]);
  }
  timeline.sentinel("end", trial.id, { ...child, ...lost("end"), at: later(5), part: "end" });
  const endedAt = (at += random.between(5, 80));
  const straggler = plan.outlived === true ? plan.leaves.at(-1) : undefined;
  if (straggler !== undefined)
    addLeaf(timeline, straggler, root, { ...common, ...lost("rest"), at: later(100) });
  const prover = shell();
  own(prover, "proof", plan.proof ?? ["cat", `${trial.work}/out`]);
  const cleaner = shell();
  if (plan.cleanup !== undefined) own(cleaner, "cleanup", plan.cleanup);
  own(cleaner, "cleanup", ["rm", "-rf", "--", trial.work]);
  return { startedAt: start, endedAt, handedOverAt: later(50), housekeeping };
}

/** How the wrapper looks for what is still running where there are many processes (src/engine/left-running.ts). */
function lookingArguments(pid: number): string[] {
  return ["grep", "-ls", "resident set  *[0-9]", "/proc/1/limits", `/proc/${pid}/limits`];
}

function addLeaf(timeline: Timeline, leaf: Leaf, root: Draft, draft: Common & Pick<Draft, "at">): void {
  timeline.add({
    ...draft,
    part: "act",
    argv: leaf.argv,
    ppid: leaf.detached === true ? 1 : root.pid,
    parent: leaf.detached === true ? "/usr/lib/systemd/systemd" : "/usr/bin/bash",
    secondChannel: leaf.secondChannel ?? false,
    refused: leaf.refused ?? null,
  });
}

/** The trial that a plan makes. */
export function trialOf(
  names: { run: string; ordinal: number; host: string; work: string },
  analytic: Analytic,
  plan: ActPlan,
): Trial {
  const { run, ordinal, host, work } = names;
  const twin = plan.twin ?? false;
  const code = plan.leaves.map(({ argv, refused }) => refused ?? argv.join(" ")).join("; ");
  return {
    id: `${run}-${String(ordinal).padStart(5, "0")}`,
    run,
    ordinal,
    playbook: "simulated",
    procedure: analytic.scenario?.name ?? "none",
    guid: "00000000-0000-4000-8000-000000000000",
    technique: analytic.technique,
    name: analytic.scenario?.name ?? "none",
    twin,
    target: host,
    platform: "linux",
    fidelity: "native",
    variant: { program: "bash" },
    work,
    requires: plan.requirement === undefined ? [] : [{ check: plan.requirement.join(" "), description: "" }],
    act: { program: "bash", options: [], via: "argument", code, files: [], timeoutMs: 30_000 },
    effects: [],
    controls: [...(plan.controls ?? [])],
    telemetryHost: host,
    proof: { exitCode: 0, stdout: { contains: "x" } },
    cleanup: "none",
    expectations: [
      {
        analytic: analytic.rule.id,
        outcome: twin ? "quiet" : "detected",
        execution: plan.controls === undefined ? "ran" : "prevented",
      },
    ],
  };
}

export function executionOf(plan: ActPlan, { startedAt, endedAt, housekeeping }: Played): Execution {
  const failed = plan.failed ?? false;
  return {
    status: failed ? "failed" : "ran",
    reason: failed ? { code: "proof-not-met", message: "its output was not as expected" } : null,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: new Date(endedAt).toISOString(),
    durationMs: endedAt - startedAt,
    exitCode: failed ? 126 : 0,
    signal: null,
    stdout: failed ? "" : "x",
    stderr: "",
    truncated: { stdout: false, stderr: false },
    evidenceFiles: [],
    proof: { met: !failed, checks: [] },
    housekeeping,
    ...(plan.outlived === true ? { outlived: true } : {}),
  };
}
