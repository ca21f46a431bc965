import type { Execution } from "../../src/model/execution.js";
import type { Trial } from "../../src/model/trial.js";
import { actArguments } from "../../src/playbook/act-arguments.js";
import type { Analytic } from "./analytics.js";
import type { Random } from "./random.js";
import type { ActPlan, Leaf } from "./scenario.js";
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
}

type Common = Partial<Draft> & Pick<Draft, "trial" | "session">;

/** Plays one trial on a host as the wrapper does: what comes before, the act between its sentinels, proof and cleanup. */
export function play(
  timeline: Timeline,
  trial: Trial,
  plan: ActPlan,
  connection: Connection,
  start: number,
  random: Random,
): Played {
  const common = { trial: trial.id, session: connection.session };
  const lost = (part: "act" | "begin" | "end"): { lost: boolean; slowBy: number } => ({
    lost: plan.lost === "all" || plan.lost === part,
    slowBy: plan.slowBy ?? 0,
  });
  let at = start;
  const later = (median: number): number => (at += random.lognormal(median, median * 20));
  const shell = (): Draft =>
    timeline.add({ ...common, at: later(5), part: "wrapper", argv: ["/bin/sh"], ppid: connection.server });
  const own = (wrapper: Draft, part: Draft["part"], argv: readonly string[]): Draft =>
    timeline.add({ ...common, at: later(3), part, argv, ppid: wrapper.pid, parent: "/usr/bin/dash" });

  const wrapper = shell();
  own(wrapper, "requirement", ["mkdir", "-m", "700", "--", trial.work]);
  if (plan.requirement !== undefined) own(wrapper, "requirement", plan.requirement);
  const child = { ...common, ppid: wrapper.pid };
  timeline.sentinel("begin", trial.id, { ...child, ...lost("begin"), at: later(3), part: "begin" });
  const root = timeline.add({
    ...child,
    ...lost("act"),
    at: later(3),
    part: "act",
    argv: actArguments(trial.act, trial.work),
    parent: "/usr/bin/dash",
  });
  const leaves = plan.outlived === true ? plan.leaves.slice(0, -1) : plan.leaves;
  for (const leaf of leaves) addLeaf(timeline, leaf, root, { ...common, ...lost("act"), at: later(20) });
  later(200);
  for (let left = random.integer(0, 3); left > 0; left -= 1)
    own(wrapper, "housekeeping", ["/bin/sleep", "0.05"]);
  if (plan.housekeeping !== undefined) own(wrapper, "housekeeping", plan.housekeeping);
  timeline.sentinel("end", trial.id, { ...child, ...lost("end"), at: later(5), part: "end" });
  const endedAt = (at += random.between(5, 80));
  const straggler = plan.outlived === true ? plan.leaves.at(-1) : undefined;
  if (straggler !== undefined)
    addLeaf(timeline, straggler, root, { ...common, ...lost("act"), at: later(100) });
  const prover = shell();
  own(prover, "proof", plan.proof ?? ["cat", `${trial.work}/out`]);
  const cleaner = shell();
  if (plan.cleanup !== undefined) own(cleaner, "cleanup", plan.cleanup);
  own(cleaner, "cleanup", ["rm", "-rf", "--", trial.work]);
  return { startedAt: start, endedAt, handedOverAt: later(50) };
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
    requires: [],
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

export function executionOf(plan: ActPlan, { startedAt, endedAt }: Played): Execution {
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
    ...(plan.outlived === true ? { outlived: true } : {}),
  };
}
