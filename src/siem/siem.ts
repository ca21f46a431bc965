import type { Alert } from "../model/alert.js";
import type { HostEvent } from "../model/event.js";
import type { AnswerState, Delivery, OtherRecord, RuleStatus } from "../model/observation.js";
import type { Background } from "../model/verdict.js";

/** An answer that knows whether it is whole. Absence proves nothing unless the state is `complete`. */
export interface Answer<T> {
  readonly state: AnswerState;
  /** Why the state is not `complete`; empty otherwise. */
  readonly detail: string;
  readonly value: T;
}

/** A trial and the name by which the SIEM knows its host. */
export interface TrialOnHost {
  readonly host: string;
  readonly trial: string;
}

/** The sentinels of a trial, as far as they arrived. */
export interface Canary {
  readonly begin: HostEvent | null;
  readonly end: HostEvent | null;
}

/** A span of a host's own time, inclusive: milliseconds since 1970. */
export interface HostSpan {
  readonly host: string;
  readonly from: number;
  readonly to: number;
}

/** Which alerts are wanted: those of these rules on any host, and those of any rule that name one of these hosts. */
export interface AlertQuery {
  readonly rules: readonly string[];
  readonly hosts: readonly string[];
  /** Created or updated between two moments, inclusive: milliseconds since 1970, the SIEM's clock. */
  readonly from: number;
  readonly to: number;
}

/** What is known of the sensor of a host. */
export interface SensorState {
  /**
   * Records that were lost on the host so far, before they were numbered; null when that cannot be asked. What is lost on
   * the way from there shows as a gap in the numbers. A SIEM that reads the log counts what the log lacks too.
   */
  readonly lost: number | null;
  /** Of those counted in `lost`, what the SIEM itself misses: records that came damaged or in part. Known also where `lost` is not. */
  readonly missing?: number;
  /** Whether it runs; null when that cannot be asked. */
  readonly running: boolean | null;
  readonly detail: string;
}

/**
 * What every SIEM can be asked. One folder an implementation; the verifier knows no other interface. A method answers
 * within a minute, with a state that is not `complete` rather than by rejecting: it rejects only with what no later answer will
 * change, such as an account that is refused. Times are milliseconds since 1970.
 */
export interface Siem {
  readonly name: string;
  readonly delivery: Delivery;
  /** Questions that it may be asked within a minute; null when there is no bound. */
  readonly questionsPerMinute: number | null;
  /** By the SIEM's clock, with the round trip's half as the error. */
  clock(): Promise<Answer<{ now: number; errorMs: number }>>;
  /** The sentinels of trials that have arrived, without waiting, in the order asked. One question for all of them. */
  canaries(asked: readonly TrialOnHost[]): Promise<Answer<Canary[]>>;
  /** Events that lie in any of the spans, in any order. One question for all of them. */
  events(spans: readonly HostSpan[]): Promise<Answer<HostEvent[]>>;
  /**
   * Records of the sensors in any of the spans that arrived whole and are no events, so that their numbers are not missing. It may
   * leave some out: then they look missing. Absent where a SIEM cannot tell.
   */
  otherRecords?(spans: readonly HostSpan[]): Promise<Answer<OtherRecord[]>>;
  alerts(query: AlertQuery): Promise<Answer<Alert[]>>;
  /**
   * What the SIEM has of rules, in the order asked. One question for all of them.
   * @param since evaluations and throttles that ended before are of no interest; the SIEM's clock.
   */
  ruleStatuses(rules: readonly string[], since: number): Promise<Answer<RuleStatus[]>>;
  /** How often a rule fires on a host without Tyrian's own sessions, over all telemetry that the SIEM has of it. */
  background(rule: string, host: string): Promise<Answer<Background>>;
  /** A reading that began before `since` (our clock) is not used: what was lost after it would go unseen. */
  sensor(host: string, since: number): Promise<Answer<SensorState>>;
  /** Resolves when something new has arrived for the host, or after `ms`. SIEMs that cannot tell resolve after `ms`. */
  changed(host: string, ms: number, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
