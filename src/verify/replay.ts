import type { CompiledRule } from "../detection/rule.js";
import type { Execution } from "../model/execution.js";
import type { JournalEvent } from "../model/journal-event.js";
import type { Observation } from "../model/observation.js";
import type { Verdict } from "../model/verdict.js";
import { decide } from "./decide.js";

/** One verdict that the journal holds, beside the same verdict computed again from what the journal holds. */
export interface Replayed {
  readonly trial: string;
  readonly recorded: readonly Verdict[];
  readonly recomputed: readonly Verdict[];
  readonly same: boolean;
}

/**
 * Recomputes every verdict of a run from its journal alone. Pure: no target, no SIEM and no clock is asked.
 * @param rules the run's analytics, compiled from the texts in its plan.
 */
export function replay(
  events: readonly JournalEvent[],
  rules: ReadonlyMap<string, CompiledRule>,
): Replayed[] {
  const plan = events.find((event) => event.type === "run-started")?.plan;
  if (plan === undefined) return [];
  const executions = new Map<string, Execution>();
  const observations = new Map<string, Observation>();
  const replayed: Replayed[] = [];
  for (const event of events) {
    if (event.type === "trial-executed" || event.type === "trial-checked")
      executions.set(event.trial, event.execution);
    if (event.type === "trial-observed") observations.set(event.trial, event.observation);
    if (event.type !== "trial-verified") continue;
    const trial = plan.trials.find((candidate) => candidate.id === event.trial);
    const execution = executions.get(event.trial);
    if (trial === undefined || execution === undefined) continue;
    const observation = observations.get(event.trial) ?? null;
    const recomputed = decide({ trial, execution, observation, rules });
    const same =
      JSON.stringify(withoutRevision(recomputed)) === JSON.stringify(withoutRevision(event.verdicts));
    replayed.push({ trial: event.trial, recorded: event.verdicts, recomputed, same });
  }
  return replayed;
}

function withoutRevision(verdicts: readonly Verdict[]): Omit<Verdict, "revision">[] {
  return verdicts.map(({ revision: _revision, ...rest }) => rest);
}
