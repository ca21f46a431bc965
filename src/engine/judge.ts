import type { CompiledRule } from "../detection/rule.js";
import type { Trial } from "../model/trial.js";
import type { Verdict } from "../model/verdict.js";
import type { Siem } from "../siem/siem.js";
import { decide } from "../verify/decide.js";
import { type SettleSettings, observe } from "../verify/observe.js";
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

/** The last state of a trial's life, `verified`: asks the SIEM, journals the answer, then the verdicts computed from it. */
export async function judge(
  acted: ActedTrial,
  siem: Siem,
  rules: ReadonlyMap<string, CompiledRule>,
  ports: Pick<EnginePorts, "journal">,
  settings: { settle?: SettleSettings; signal?: AbortSignal } = {},
): Promise<Verdict[]> {
  const { trial } = acted;
  let execution = acted.execution;
  let observation = null;
  if (worthAsking(acted)) {
    observation = await observe(siem, requestOf(acted.trial, acted, settings.signal), settings.settle);
    await ports.journal({ type: "trial-observed", trial: trial.id, observation }, { barrier: false });
    const refined = refineExecution(trial, execution, observation);
    if (refined !== execution) {
      execution = refined;
      await ports.journal({ type: "trial-checked", trial: trial.id, execution }, { barrier: false });
    }
  }
  const verdicts = decide({ trial, execution, observation, rules });
  await ports.journal({ type: "trial-verified", trial: trial.id, verdicts }, { barrier: true });
  return verdicts;
}

function requestOf(
  trial: Trial,
  acted: ActedTrial,
  signal: AbortSignal | undefined,
): Parameters<typeof observe>[1] {
  const { startedAt, endedAt } = acted.execution;
  const start = startedAt === null ? Date.now() : Date.parse(startedAt);
  return {
    trial: trial.id,
    host: trial.telemetryHost,
    rules: [...new Set(trial.expectations.map((expectation) => expectation.analytic))],
    actStartedAt: start,
    actEndedAt: endedAt === null ? Date.now() : Date.parse(endedAt),
    lostBefore: acted.lostBefore,
    ...(signal === undefined ? {} : { signal }),
  };
}
