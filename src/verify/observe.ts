import type { CompiledRule } from "../detection/rule.js";
import type { Execution } from "../model/execution.js";
import type { Delivery, Observation, RuleStatus } from "../model/observation.js";
import type { Trial } from "../model/trial.js";
import type { Siem } from "../siem/siem.js";
import { ask } from "./ask.js";
import { bracketOf } from "./bracket.js";
import { decide } from "./decide.js";
import { Evidence } from "./evidence.js";
import type { HostLog } from "./host-log.js";
import { refineExecution } from "./prevention.js";
import { SentinelLag } from "./sentinel-lag.js";
import { AGREEING_ANSWERS, circumstancesOf } from "./witness.js";

/** Rounds past the patience: enough for answers to agree, should they. */
const LATE_ROUNDS = 4;
/** How often a host's own log is asked for when it cannot be read. */
const HOST_LOG_TRIES = 3;

export interface ObserveRequest {
  readonly trial: Trial;
  /** With its start and end by our clock. */
  readonly execution: Execution;
  /** By analytic id. */
  readonly rules: ReadonlyMap<string, CompiledRule>;
  /** Records that the sensor had lost before the act; null when not known. */
  readonly lostBefore: number | null;
  /** The sensor's own log on the target, where it can be read. */
  readonly hostLog?: HostLog;
  /** What the SIEM has shown of the trial before, where it is asked again later. */
  readonly earlier?: Observation;
  /** Ends the waiting for a SIEM to which records travel: what is known by then is the answer. */
  readonly signal?: AbortSignal;
}

export interface Patience {
  /** Milliseconds after the act's end within which a SIEM that reads the sensor's log must have shown the end sentinel. */
  readonly settleMs: number;
  /** Milliseconds that a scheduled rule is waited for, past the telemetry, before its verdict is `pending`. */
  readonly scheduledMs: number;
  /** Milliseconds between questions: the least to a SIEM that reads the log, the least to one that records travel to, and the most. */
  readonly readPauseMs: number;
  readonly shippedPauseMs: number;
  readonly longestPauseMs: number;
  /** The pause as a part of the time since the act: a verdict comes late by at most this part. */
  readonly pausePart: number;
}

export const defaultPatience: Patience = {
  settleMs: 5_000,
  scheduledMs: 15 * 60_000,
  readPauseMs: 25,
  shippedPauseMs: 400,
  longestPauseMs: 60_000,
  pausePart: 0.06,
};

export interface ObserveSettings {
  readonly patience?: Patience;
  /** Milliseconds since 1970, our clock. */
  readonly now?: () => number;
  /** What the trials of the run have shown of the way to the SIEM. */
  readonly lag?: SentinelLag;
}

/**
 * Asks the SIEM for everything that a trial's verdicts are computed from, again and again with growing pauses, until they
 * can no longer change or nothing more is worth waiting for. A SIEM that knows when something new arrived is asked at once.
 *
 * @throws what the SIEM threw; the signal's reason when it is aborted before the first answer.
 */
export async function observe(
  siem: Siem,
  request: ObserveRequest,
  settings: ObserveSettings = {},
): Promise<Observation> {
  const { patience = defaultPatience, now = Date.now, lag = new SentinelLag() } = settings;
  const { telemetryHost: host } = request.trial;
  const reads = siem.delivery.type === "read";
  // A SIEM that reads the log is waited for some seconds at most, and may be gone with its lab afterwards.
  const signal = reads ? undefined : request.signal;
  const endedAt = Date.parse(request.execution.endedAt ?? new Date(now()).toISOString());
  const patienceUntil = endedAt + telemetryMs(siem.delivery, patience) + (reads ? 0 : patience.scheduledMs);
  const evidence = new Evidence(request.trial, request.execution.alone === true, now(), request.earlier);
  let alertsUntil = 0;
  let lateRounds = 0;
  let last: Observation | null = null;
  try {
    for (;;) {
      const delivery = lag.correct(siem.delivery);
      const deadlineAt = endedAt + telemetryMs(delivery, patience);
      // Nobody waits for ever for a SIEM that proved slow: the verdict then waits, to be asked about again.
      const telemetryUntil = Math.min(deadlineAt, patienceUntil);
      const late = now() >= telemetryUntil;
      const round = { siem, request, evidence, now, delivery, deadlineAt, late };
      const { observation, everything } = await unlessAborted(ask(round), signal);
      last = observation;
      const { end } = evidence.canary;
      if (end !== null && !reads && observation.state === "complete")
        lag.measure(end, endedAt, observation.clock);
      if (isFinal(request, observation)) {
        const lateness = pauseOf(now() - endedAt, patience.readPauseMs, patience);
        if (evidence.rest === null) await Promise.race([evidence.asking, siem.changed(host, lateness)]);
        const { rules, background } = evidence.rest ?? observation;
        return everything ? observation : { ...observation, rules, background };
      }
      if (late && (await unlessAborted(readHostLog(request, evidence, observation), signal))) continue;
      // Nothing is under way to a SIEM that reads the log: its whole answer is the last word.
      if (everything && reads && observation.state === "complete") return observation;
      if (late) lateRounds += 1;
      alertsUntil = Math.max(alertsUntil, telemetryUntil);
      for (const status of observation.rules)
        alertsUntil = Math.max(alertsUntil, alertUntil(status, observation, telemetryUntil, patience));
      // What its answers speak of counts, not when they came: a slow SIEM is asked as often as a quick one.
      const spent = observation.answeredAt >= patienceUntil && lateRounds >= (reads ? 1 : LATE_ROUNDS);
      const settled = observation.state === "complete" && observation.agreeing >= AGREEING_ANSWERS;
      if (spent || (settled && observation.agreedAt >= alertsUntil)) return observation;
      const next = late ? alertsUntil : telemetryUntil;
      await siem.changed(host, waitMs(observation, { alertsUntil, next, endedAt }, now(), patience), signal);
    }
  } catch (error) {
    if (signal?.aborted === true && last !== null) return last;
    throw error;
  }
}

/** Waits for an answer, but not longer than until the signal is aborted; then rejects with its reason. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** Moments by our clock: when the act ended, when something is expected next, and until when alerts are waited for. */
interface Moments {
  readonly endedAt: number;
  readonly next: number;
  readonly alertsUntil: number;
}

/** Milliseconds until the SIEM is asked again. */
function waitMs(
  { answeredAt, state, delivery }: Observation,
  { endedAt, next, alertsUntil }: Moments,
  now: number,
  patience: Patience,
): number {
  const leastMs = delivery.type === "read" ? patience.readPauseMs : patience.shippedPauseMs;
  const pause = pauseOf(now - endedAt, leastMs, patience);
  if (answeredAt < alertsUntil) return Math.min(pause, Math.max(next - now, patience.readPauseMs));
  // Only that whole answers agree is worth a quick second look.
  return state === "complete" ? Math.min(pause, patience.settleMs) : pause;
}

function telemetryMs(delivery: Delivery, { settleMs }: Patience): number {
  return delivery.type === "read" ? settleMs : delivery.longestLagMs;
}

/** Grows with the time since the act, so that a verdict is late by a fixed part of its own time at most. */
function pauseOf(sinceActMs: number, leastMs: number, { pausePart, longestPauseMs }: Patience): number {
  return Math.min(Math.max(sinceActMs * pausePart, leastMs), longestPauseMs);
}

/** Until when the alert of a rule is waited for, by our clock: its next evaluations, but not those of a daily rule. */
function alertUntil(
  { schedule }: RuleStatus,
  { delivery, clock }: Observation,
  telemetryUntil: number,
  { scheduledMs }: Patience,
): number {
  const alertLagMs = delivery.type === "shipped" ? delivery.longestAlertLagMs : 0;
  const streaming = telemetryUntil + alertLagMs + clock.errorMs;
  if (schedule.type === "streaming" || schedule.intervalMs > scheduledMs) return streaming;
  // Three intervals, because one evaluation may be skipped, and another takes its time.
  return Math.min(streaming + 3 * schedule.intervalMs, telemetryUntil + scheduledMs);
}

/** What has not come by its deadline is taken for lost: the host itself may tell what it was. @returns whether it told. */
async function readHostLog(
  request: ObserveRequest,
  evidence: Evidence,
  observation: Observation,
): Promise<boolean> {
  const { hostLog, trial } = request;
  if (hostLog === undefined || observation.delivery.type === "read" || hasAllArrived(request, observation))
    return false;
  if (evidence.hostLog?.state === "complete" || evidence.hostLogAsked >= HOST_LOG_TRIES) return false;
  evidence.hostLogAsked += 1;
  evidence.hostLog = await hostLog.recordsOf(trial);
  return evidence.hostLog.state === "complete";
}

/** Whether all that the host recorded of the act is in the SIEM. */
function hasAllArrived({ trial, execution }: ObserveRequest, observation: Observation): boolean {
  const bracket = bracketOf(trial, observation.events, circumstancesOf(execution, observation));
  return "act" in bracket && bracket.unseen === 0;
}

/** Whether no later answer can change the verdicts. */
function isFinal(request: ObserveRequest, observation: Observation): boolean {
  const { trial, execution, rules } = request;
  const refined = refineExecution(trial, execution, observation);
  // It was asked whether a control had stopped it: answered when all that the host recorded is there.
  if (refined.status === "failed") return hasAllArrived(request, observation);
  const reads = observation.delivery.type === "read";
  return decide({ trial, execution: refined, observation, rules }).every((verdict, index) => {
    if (verdict.outcome === "pending" || verdict.outcome === "undecided") return false;
    const wanted = trial.expectations[index]?.tier;
    // A signal may still be raised to the alert that was expected.
    return reads || wanted === undefined || verdict.tier === wanted || verdict.outcome !== "detected";
  });
}
