import type { CompiledRule } from "../detection/rule.js";
import type { Execution } from "../model/execution.js";
import type { Observation } from "../model/observation.js";
import type { Trial } from "../model/trial.js";
import type { AttributionGrade, Cause, DetectionOutcome, Latency, Tier } from "../model/verdict.js";

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
}
