import type { CompiledRule } from "../detection/rule.js";
import { messageOf } from "../errors.js";
import { type Observation, observationSchema } from "../model/observation.js";
import type { Verdict } from "../model/verdict.js";
import type { Siem } from "../siem/siem.js";
import { decide } from "../verify/decide.js";
import { type Patience, observe } from "../verify/observe.js";
import { refineExecution } from "../verify/prevention.js";
import type { EnginePorts } from "./ports.js";
import type { ActedTrial } from "./trial.js";

/** Whether a SIEM can say anything of the trial: its act ran, or was perhaps stopped by a control. */
function worthAsking(acted: ActedTrial): boolean {
  if (acted.execution.startedAt === null) return false;
  return (
    acted.execution.status === "ran" ||
    (acted.execution.status === "failed" && acted.trial.controls.length > 0)
  );
}

/**
 * The last state of a trial's life, `verified`: asks the SIEM, journals the answer, then the verdicts computed from it. A SIEM
 * that fails makes them `undecided`; it never costs a verdict or the run.
 * @throws what the journal threw; the signal's reason when it was aborted while the SIEM was asked.
 */
export async function judge(
  acted: ActedTrial,
  siem: Siem,
  rules: ReadonlyMap<string, CompiledRule>,
  ports: Pick<EnginePorts, "journal">,
  settings: { patience?: Patience; signal?: AbortSignal } = {},
): Promise<Verdict[]> {
  const { trial } = acted;
  let execution = acted.execution;
  let observation = null;
  if (worthAsking(acted)) {
    observation = await askSiem(siem, acted, rules, settings);
    await ports.journal({ type: "trial-observed", trial: trial.id, observation }, { barrier: false });
    const refined = refineExecution(trial, execution, observation);
    if (refined !== execution) {
      execution = refined;
      await ports.journal({ type: "trial-checked", trial: trial.id, execution }, { barrier: false });
    }
  }
  const verdicts = decide({ trial, execution, observation, rules });
  await ports.journal({ type: "trial-verified", trial: trial.id, verdicts }, { barrier: false });
  return verdicts;
}

async function askSiem(
  siem: Siem,
  acted: ActedTrial,
  rules: ReadonlyMap<string, CompiledRule>,
  settings: { patience?: Patience; signal?: AbortSignal },
): Promise<Observation> {
  const askedAt = Date.now();
  try {
    const { trial, execution, lostBefore } = acted;
    const { patience, signal } = settings;
    const observation = await observe(
      siem,
      { trial, execution, rules, lostBefore, ...(signal === undefined ? {} : { signal }) },
      patience === undefined ? {} : { patience },
    );
    // The journal refuses what is not of its form, and a refused line would be no verdict at all.
    const { success, error } = observationSchema.safeParse(observation);
    if (success) return observation;
    const { path, message } = error.issues[0] ?? { path: [], message: "" };
    const detail = `it does not follow its interface: ${path.join(".")}: ${message}`;
    return unanswered(siem, acted, askedAt, detail);
  } catch (error) {
    if (settings.signal?.aborted === true) throw error;
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
