import type { Alert } from "../model/alert.js";
import type { HostEvent } from "../model/event.js";
import type { AnswerState, RuleStatus } from "../model/observation.js";
import type { Background } from "../model/verdict.js";

/** An answer that knows whether it is whole. Absence proves nothing unless the state is `complete`. */
export interface Answer<T> {
  readonly state: AnswerState;
  /** Why the state is not `complete`; empty otherwise. */
  readonly detail: string;
  readonly value: T;
}

/** What every SIEM can be asked. One folder an implementation; the verifier knows no other interface. */
export interface Siem {
  readonly name: string;
  /** Milliseconds since 1970 by the SIEM's clock, with the round trip's half as the error. */
  clock(): Promise<Answer<{ now: number; errorMs: number }>>;
  /** The sentinels of a trial that have arrived, without waiting. */
  canary(host: string, trial: string): Promise<Answer<{ begin: HostEvent | null; end: HostEvent | null }>>;
  /** Events of a host between two moments of the events' own time (milliseconds since 1970, inclusive), in order of sequence. */
  events(host: string, from: number, to: number): Promise<Answer<HostEvent[]>>;
  /** Alerts of any rule that were created or updated between two moments of our clock and that name the host or none. */
  alerts(host: string, from: number, to: number): Promise<Answer<Alert[]>>;
  ruleStatus(rule: string): Promise<Answer<RuleStatus>>;
  /** How often a rule fires on a host without Tyrian's own sessions, over all telemetry that the SIEM has of it. */
  background(rule: string, host: string): Promise<Answer<Background>>;
  /**
   * What is known of the sensor of a host: records lost so far, and whether it runs. A reading that began before `since`
   * (milliseconds since 1970) is not used: what was lost after it would go unseen.
   */
  sensor(
    host: string,
    since: number,
  ): Promise<Answer<{ lost: number | null; running: boolean | null; detail: string }>>;
  /** Resolves when something new has arrived for the host, or after `ms`. SIEMs that cannot tell resolve after `ms`. */
  changed(host: string, ms: number, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
