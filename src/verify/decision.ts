import type { AttributionGrade, Cause, DetectionOutcome, Latency, Tier } from "../model/verdict.js";

/** An outcome with what it rests on, before it is written out as a verdict. */
export interface Decision {
  readonly outcome: DetectionOutcome;
  readonly attribution?: AttributionGrade;
  readonly tier?: Tier;
  readonly latency?: Latency;
  readonly evidence?: readonly string[];
  readonly cause?: Cause;
}
