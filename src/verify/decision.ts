import type { CompiledRule } from "../detection/rule.js";
import { TyrianError } from "../errors.js";
import type { Execution } from "../model/execution.js";
import type { Observation } from "../model/observation.js";
import type { Trial } from "../model/trial.js";
import type {
  AttributionGrade,
  Cause,
  DetectionOutcome,
  Latency,
  QualityCheck,
  Tier,
} from "../model/verdict.js";
import { causeAt } from "./cause.js";

/** A trial that the SIEM was asked about, with what it answered. */
export interface Context {
  readonly trial: Trial;
  readonly execution: Execution;
  readonly observation: Observation;
  /** Ids of the act's events that the host recorded and the SIEM does not have, though they are due. */
  readonly lost: ReadonlySet<string>;
  /** By analytic id. */
  readonly rules: ReadonlyMap<string, CompiledRule>;
}

/** An outcome with what it rests on, before it is written out as a verdict. */
export interface Decision {
  readonly outcome: DetectionOutcome;
  readonly attribution?: AttributionGrade;
  readonly tier?: Tier;
  readonly latency?: Latency;
  readonly evidence?: readonly string[];
  readonly cause?: Cause;
  readonly quality?: readonly QualityCheck[];
}

/** A query whose evaluation ends over these events (a comparison that Splunk does not define) answers neither yes nor no. */
export function orUndecided(decide: () => Decision): Decision {
  try {
    return decide();
  } catch (thrown) {
    if (!(thrown instanceof TyrianError) || thrown.code !== "analytic-invalid") throw thrown;
    const reasons = thrown.diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
    return {
      outcome: "undecided",
      cause: causeAt("evaluated", [thrown.message, ...reasons].join("; ")),
    };
  }
}
