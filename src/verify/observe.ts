import type { CompiledRule } from "../detection/rule.js";
import type { Execution } from "../model/execution.js";
import type { Delivery, Observation, RuleStatus } from "../model/observation.js";
import type { Trial } from "../model/trial.js";
import type { Verdict } from "../model/verdict.js";
import type { Siem } from "../siem/siem.js";
import { ask, type Round } from "./ask.js";
import { decide } from "./decide.js";
import { Evidence } from "./evidence.js";

export interface ObserveRequest {
  readonly trial: Trial;
  /** With its start and end by our clock. */
  readonly execution: Execution;
  /** By analytic id. */
  readonly rules: ReadonlyMap<string, CompiledRule>;
  /** Records that the sensor had lost before the act; null when not known. */
  readonly lostBefore: number | null;
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
  shippedPauseMs: 1_000,
  longestPauseMs: 60_000,
  pausePart: 0.1,
};

/**
 * Asks the SIEM for everything that a trial's verdicts are computed from, again and again with growing pauses, until they
 * can no longer change or nothing more is worth waiting for. A SIEM that knows when something new arrived is asked at once.
 *
 * @throws what the SIEM threw; the signal's reason when it is aborted.
 */
export async function observe(
  siem: Siem,
  request: ObserveRequest,
  settings: { readonly patience?: Patience; readonly now?: () => number } = {},
): Promise<Observation> {
  const { patience = defaultPatience, now = Date.now } = settings;
  const endedAt = Date.parse(request.execution.endedAt ?? new Date(now()).toISOString());
  const telemetryUntil = endedAt + telemetryMs(siem.delivery, patience);
  const evidence = new Evidence(now());
  const reads = siem.delivery.type === "read";
  let alertsUntil = telemetryUntil;
  for (;;) {
    request.signal?.throwIfAborted();
    const late = now() >= telemetryUntil;
    const round = { siem, request, evidence, now, deadlineAt: telemetryUntil, late };
    const { observation, everything } = await ask(round);
    if (isFinal(request.trial, decide({ ...request, observation }), reads))
      return everything ? observation : await completed(round, observation);
    // Nothing is under way to a SIEM that reads the log: its whole answer is the last word.
    if (everything && reads && observation.state === "complete") return observation;
    for (const status of observation.rules)
      alertsUntil = Math.max(alertsUntil, alertUntil(status, observation, telemetryUntil, patience));
    // Past it twice more: one answer alone proves nothing.
    const until = alertsUntil + (reads ? 0 : 2 * patience.longestPauseMs);
    if (now() >= until) return observation;
    const next = late ? until : telemetryUntil;
    const pause = pauseOf(now() - endedAt, reads ? patience.readPauseMs : patience.shippedPauseMs, patience);
    await siem.changed(
      request.trial.telemetryHost,
      Math.min(pause, Math.max(next - now(), 1)),
      request.signal,
    );
  }
}

/** What the report wants and no verdict needed is asked for once, at the end; an answer that fails spoils nothing. */
async function completed(round: Round, observation: Observation): Promise<Observation> {
  const { observation: last } = await ask({ ...round, late: true });
  return last.state === "complete" ? last : observation;
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
  // Two intervals, because one evaluation may be skipped.
  return Math.min(streaming + 2 * schedule.intervalMs, telemetryUntil + scheduledMs);
}

/** Whether no later answer can change the verdicts. */
function isFinal(trial: Trial, verdicts: readonly Verdict[], reads: boolean): boolean {
  return verdicts.every((verdict, index) => {
    if (verdict.outcome === "pending" || verdict.outcome === "undecided") return false;
    const wanted = trial.expectations[index]?.tier;
    // A signal may still be raised to the alert that was expected.
    return reads || wanted === undefined || verdict.tier === wanted || verdict.outcome !== "detected";
  });
}
