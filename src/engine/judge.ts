import type { CompiledRule } from "../detection/rule.js";
import { messageOf } from "../errors.js";
import type { Execution } from "../model/execution.js";
import { type Observation, observationSchema } from "../model/observation.js";
import type { Verdict } from "../model/verdict.js";
import type { Siem } from "../siem/siem.js";
import { decide } from "../verify/decide.js";
import { type Patience, observe } from "../verify/observe.js";
import { refineExecution } from "../verify/prevention.js";
import type { HostLog } from "../verify/host-log.js";
import type { SentinelLag } from "../verify/sentinel-lag.js";
import type { EnginePorts } from "./ports.js";
import type { ActedTrial } from "./trial.js";

/** Whether a SIEM can say anything of the trial: its act ran, or was perhaps stopped by a control. */
function worthAsking(acted: ActedTrial): boolean {
  if (acted.execution.startedAt === null) return false;
  const { status } = acted.execution;
  return (
    status === "ran" || status === "prevented" || (status === "failed" && acted.trial.controls.length > 0)
  );
}

/** How a SIEM is asked about a trial. */
export interface JudgeSettings {
  readonly patience?: Patience;
  /** Ends the waiting: the verdicts are then those of what is known by then. */
  readonly signal?: AbortSignal;
  /** Tells what was lost on the way to the SIEM. */
  readonly hostLog?: HostLog;
  /** What the SIEM has shown of the trial before. */
  readonly earlier?: Observation;
  /** Shared by all trials of a run. */
  readonly lag?: SentinelLag;
}

/** What a SIEM said of a trial, and what follows from it. */
export interface Judged {
  /** Null where there was nothing to ask. */
  readonly observation: Observation | null;
  /** As the observation shows it: `prevented` by a control, where it was `failed`. */
  readonly execution: Execution;
  readonly verdicts: readonly Verdict[];
}

/**
 * The last state of a trial's life, `verified`: asks the SIEM, journals the answer, then the verdicts computed from it. A SIEM
 * that fails makes them `undecided`; it never costs a verdict or the run.
 * @throws what the journal threw.
 */
export async function judge(
  acted: ActedTrial,
  siem: Siem,
  rules: ReadonlyMap<string, CompiledRule>,
  ports: Pick<EnginePorts, "journal">,
  settings: JudgeSettings = {},
): Promise<readonly Verdict[]> {
  const judged = await verdictsOn(acted, siem, rules, settings);
  await record(acted, judged, ports);
  return judged.verdicts;
}

/** Asks the SIEM and decides; records nothing. Never rejects. */
export async function verdictsOn(
  acted: ActedTrial,
  siem: Siem,
  rules: ReadonlyMap<string, CompiledRule>,
  settings: JudgeSettings,
): Promise<Judged> {
  const { trial } = acted;
  const observation = worthAsking(acted) ? await askSiem(siem, acted, rules, settings) : null;
  const execution =
    observation === null ? acted.execution : refineExecution(trial, acted.execution, observation);
  return { observation, execution, verdicts: decide({ trial, execution, observation, rules }) };
}

/** Journals what was observed and what follows from it, in the order in which `replay` reads it. */
export async function record(
  { trial, execution: before }: ActedTrial,
  { observation, execution, verdicts }: Judged,
  { journal }: Pick<EnginePorts, "journal">,
): Promise<void> {
  if (observation !== null) {
    await journal({ type: "trial-observed", trial: trial.id, observation }, { barrier: false });
  }
  if (execution !== before) {
    await journal({ type: "trial-checked", trial: trial.id, execution }, { barrier: false });
  }
  await journal({ type: "trial-verified", trial: trial.id, verdicts: [...verdicts] }, { barrier: false });
}

async function askSiem(
  siem: Siem,
  acted: ActedTrial,
  rules: ReadonlyMap<string, CompiledRule>,
  { patience, lag, ...settings }: JudgeSettings,
): Promise<Observation> {
  const askedAt = Date.now();
  try {
    const { trial, execution, lostBefore } = acted;
    const observation = await observe(
      siem,
      { trial, execution, rules, lostBefore, ...settings },
      { ...(patience === undefined ? {} : { patience }), ...(lag === undefined ? {} : { lag }) },
    );
    // The journal refuses what is not of its form, and a refused line would be no verdict at all.
    const { success, error } = observationSchema.safeParse(observation);
    if (success) return observation;
    const { path, message } = error.issues[0] ?? { path: [], message: "" };
    const detail = `it does not follow its interface: ${path.join(".")}: ${message}`;
    return unanswered(siem, acted, askedAt, detail);
  } catch (error) {
    return unanswered(siem, acted, askedAt, messageOf(error));
  }
}

/** What is recorded of a SIEM that did not answer: nothing may be concluded from it. */
function unanswered(siem: Siem, acted: ActedTrial, askedAt: number, detail: string): Observation {
  const now = Date.now();
  return {
    siem: siem.name,
    askedAt,
    answeredAt: now,
    deadlineAt: now,
    state: "unreachable",
    delivery: siem.delivery,
    clock: { offsetMs: 0, errorMs: 0 },
    agreeing: 0,
    agreedAt: now,
    stateDetail: detail,
    events: [],
    surroundings: false,
    alerts: [],
    rules: [],
    background: {},
    sensor: { lostBefore: acted.lostBefore, lostAfter: null, running: null, detail },
  };
}
