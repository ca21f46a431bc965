import type { CompiledRule } from "../../src/detection/rule.js";
import type { Alert } from "../../src/model/alert.js";
import type { HostEvent } from "../../src/model/event.js";
import type { Execution } from "../../src/model/execution.js";
import type { Evaluation } from "../../src/model/observation.js";
import type { Trial } from "../../src/model/trial.js";
import type { Tier } from "../../src/model/verdict.js";
import type { Group } from "./scenario.js";
import type { Settings } from "./settings.js";

/**
 * A simulated world, whole from its first moment to its last: what hosts did, what arrived, what rules saw and which alerts
 * they made. It does not depend on who asks when. All times are milliseconds since 1970 by our clock unless said otherwise.
 */
export interface World {
  readonly seed: number;
  readonly settings: Settings;
  readonly start: number;
  readonly end: number;
  readonly siemClock: SiemClock;
  readonly hosts: readonly SimulatedHost[];
  readonly trials: readonly SimulatedTrial[];
  readonly rules: ReadonlyMap<string, RuleHistory>;
  readonly alerts: readonly SimulatedAlert[];
  readonly spans: readonly Span[];
}

export interface SiemClock {
  of(ours: number): number;
  ours(siem: number): number;
}

/** A part of an act, of what Tyrian does around it, or of what others do. Only `act` earns credit. */
export type Part =
  "act" | "begin" | "end" | "wrapper" | "requirement" | "housekeeping" | "proof" | "cleanup" | "background";

export interface SimulatedEvent {
  /** As the sensor recorded it. Its sequence is NaN when the kernel lost it before it was numbered. */
  readonly record: Omit<HostEvent, "ingestedAt">;
  /** When it happened. */
  readonly at: number;
  readonly part: Part;
  readonly trial: string | null;
  /** One a copy that arrived, the first first; empty when it was lost on the way. */
  readonly arrivals: readonly number[];
  /** The copies as the SIEM has them, `ingestedAt` by its clock; in step with `arrivals`. */
  readonly copies: readonly HostEvent[];
}

export interface SimulatedHost {
  readonly name: string;
  readonly events: readonly SimulatedEvent[];
  /** Its sensor runs. Without one nothing is recorded. */
  readonly sensing: boolean;
  /** Whether the sensor can be asked if it runs, and what it lost. */
  readonly tellsRunning: boolean;
  readonly tellsLost: boolean;
  /** When the kernel lost records. */
  readonly losses: readonly number[];
}

/** A rule as the SIEM has it, which need not be as its text says. */
export interface Deployment {
  readonly text: CompiledRule;
  readonly present: boolean;
  readonly enabled: boolean;
  readonly schedule: { readonly type: "streaming" } | ScheduledDeployment;
  /** Whether an event counts for the rule as it is deployed: exceptions and differences from its text included. */
  readonly fires: (event: SimulatedEvent) => boolean;
  /** Events of one host that it needs; 1 for a plain rule. */
  readonly count: number;
  readonly throttle: { readonly forMs: number; readonly recorded: boolean } | null;
  /** Alerts of a host within this time grow the first one. */
  readonly groupMs: number | null;
  /** Of the events that an alert stands for: how many it names; null when it names none. */
  readonly namedSources: number | null;
  /** Events that had their alert may make another one. */
  readonly repeats: boolean;
  /** One alert a host and evaluation, however many events it saw. */
  readonly perEvaluation: boolean;
  readonly tier: Tier;
  /** A signal becomes an alert after this time; null when never. */
  readonly promotedAfterMs: number | null;
  /** Fires only for command lines that it has not seen. */
  readonly firstSeen: boolean;
  readonly namesHost: boolean;
  /** Whether its alerts say when it was evaluated. */
  readonly tellsEvaluated: boolean;
}

export interface ScheduledDeployment {
  readonly type: "scheduled";
  readonly intervalMs: number;
  readonly lookBackMs: number;
  readonly windowOver: "event-time" | "ingest-time";
  /** How long an evaluation takes, and how many of them are left out. */
  readonly runMs: number;
  readonly skipped: number;
}

/** Why an event that a deployed rule saw made no alert of its own. */
export type Fate = "withheld" | "known" | "counted";

export interface RuleHistory {
  readonly deployment: Deployment;
  /** By the SIEM's clock, in order; of a streaming rule none. */
  readonly evaluations: readonly Evaluation[];
  /** Time spans in which alerts were withheld, by the SIEM's clock. */
  readonly throttles: readonly { readonly from: number; readonly until: number; readonly openedBy: string }[];
  /** By event id. */
  readonly fates: ReadonlyMap<string, Fate>;
}

/** A state of an alert, from the moment that it could be found. */
export interface AlertVersion {
  readonly visibleAt: number;
  readonly alert: Alert;
  /** What it really stands for. */
  readonly sources: readonly SimulatedEvent[];
}

export interface SimulatedAlert {
  readonly rule: string;
  readonly versions: readonly AlertVersion[];
}

/** A time in which the SIEM answers otherwise than well. */
export interface Span {
  /** `forgetting`: what was shown before of a trial is not shown, nor is what is new of it. */
  readonly kind: "unreachable" | "busy" | "stale" | "stale-unsaid" | "forgetting";
  readonly from: number;
  readonly until: number;
  /** How far behind a stale replica is. */
  readonly behindMs: number;
}

export interface SimulatedTrial {
  readonly trial: Trial;
  readonly execution: Execution;
  readonly scenario: string;
  readonly group: Group;
  /** Why no evidence decides it, with nothing lost; null when some does. */
  readonly undecidable: string | null;
  readonly rule: CompiledRule;
  readonly startedAt: number;
  readonly endedAt: number;
  /** When the cleanup is done and the SIEM is asked. */
  readonly handedOverAt: number;
  /** What the sensor said it had lost before the act; null when it does not say. */
  readonly lostBefore: number | null;
  /** All that is the trial's, recorded or not. */
  readonly events: readonly SimulatedEvent[];
}
