import type { Alert } from "../model/alert.js";
import type { HostEvent } from "../model/event.js";
import type { Delivery, Observation } from "../model/observation.js";
import { RECORDED_CLOCK_MS, type RecordedAct } from "../model/trial.js";
import type { Background } from "../model/verdict.js";
import type { Answer, SensorState, Siem } from "../siem/siem.js";
import { mayCount } from "./contribution.js";
import type { Evidence } from "./evidence.js";
import { observationOf } from "./observation-of.js";
import type { ObserveRequest } from "./observe.js";

/** One round of questions about one trial. */
export interface Round {
  readonly siem: Siem;
  readonly request: ObserveRequest;
  readonly evidence: Evidence;
  /** Milliseconds since 1970, our clock. */
  readonly now: () => number;
  /** How records reach the SIEM, as it is known by now. */
  readonly delivery: Delivery;
  /** When the telemetry must have arrived, our clock. */
  readonly deadlineAt: number;
  /** Whether to ask for everything, whatever has arrived. */
  readonly late: boolean;
}

/** Milliseconds by which the host's clock may differ from ours before the sentinels have told: a day, and a time zone. */
const UNKNOWN_CLOCK_MS = 26 * 3_600_000;
/** Milliseconds around the sentinels, for what was stamped a little out of order. */
const AROUND_MS = 1_000;
/** Milliseconds around the act within which an alert is looked for, for clocks that are a little wrong. */
const ALERT_MARGIN_MS = 120_000;
/** Milliseconds after the recorded end of somebody else's execution in which a later record of its host is looked for. */
const AFTER_RECORDED_MS = 10 * 60_000;
/** The least time between two rounds that ask for everything although only an alert is waited for, and as a part of the time since the act. */
const EVERYTHING_MS = 5_000;
const EVERYTHING_PART = 0.6;

/**
 * Asks in steps, so that waiting costs little: first for the sentinels, for events and alerts when something of the trial
 * has arrived; when its telemetry is whole, for alerts alone, and now and then for everything. `everything` says that all
 * is known that a conclusion from absence needs.
 */
export async function ask(round: Round): Promise<{ observation: Observation; everything: boolean }> {
  const { siem, evidence, now, late } = round;
  const reads = siem.delivery.type === "read";
  const waiting = isWhole(round) && !reads && !late && now() < evidence.everythingAt;
  const answers: Answer<unknown>[] = [];
  let asOf = now();
  const end = (how: "telemetry" | "counts" | "everything", parts: Partial<Observation> = {}) => ({
    observation: observationOf(
      round,
      answers,
      { asOf, counts: how !== "telemetry", events: eventsThatCount(round) },
      parts,
    ),
    everything: how === "everything",
  });

  // Without the clock nothing can be dated: what is asked for next would be of another time.
  const clock = await siem.clock();
  answers.push(clock);
  if (clock.state !== "complete") return end("telemetry");
  const seen = { clock: { offsetMs: clock.value.now - now(), errorMs: clock.value.errorMs } };
  const since = startOf(round) + seen.clock.offsetMs - seen.clock.errorMs;

  // What the answers lack was absent when it was asked for; what is asked afterwards may speak of a later moment.
  asOf = now();
  if (!reads) askSensorBeside(round);
  if (!waiting) await askCanary(round, answers);
  const { begin, end: last } = evidence.canary;
  if (!late && (reads ? last === null : begin === null && last === null)) return end("telemetry", seen);
  // What the report wants and no detection needs: nobody waits for it.
  if (!reads && evidence.rest === null) askRestBeside(round, since);
  const [alerts] = await Promise.all([
    askAlerts(round, since, seen.clock.offsetMs, answers),
    waiting || evidence.wide ? null : askEvents(round, since, answers),
    reads ? askRest(round, since, answers) : null,
  ]);
  keepAlerts(round, since, alerts);
  // Rivals of an alert must have been looked for after the alert.
  if (evidence.wide) {
    await askEvents(round, since, answers);
    keepAlerts(round, since, alerts);
  } else if (waiting) return end("telemetry", seen);
  if (reads) return end("everything", seen);
  if (!late && !evidence.wide && !isWhole(round)) return end("telemetry", seen);
  evidence.everythingAt = now() + Math.max(EVERYTHING_MS, (now() - startOf(round)) * EVERYTHING_PART);
  if (late || evidence.wide) {
    await askRest(round, since, answers);
    return end("everything", seen);
  }
  // An alert may come while the rules are asked about, so that is not waited for: what was said of them since the last round
  // that counts is enough to judge what that round and this one lack.
  const fresh =
    evidence.sensor !== null && evidence.rest !== null && evidence.rest.askedAt >= evidence.lastAgreed;
  askRestBeside(round, since);
  return fresh ? end("everything", seen) : end("counts", { ...seen, rules: [] });
}

/** As early as may be, so that it tells of the act and not of what came later; nobody waits for it. */
function askSensorBeside(round: Round): void {
  const { evidence } = round;
  if (evidence.sensor !== null) return;
  const forget = (): void => void (evidence.askingSensor = null);
  evidence.askingSensor ??= askSensor(round).then(forget, forget);
}

function askRestBeside(round: Round, since: number): void {
  const { evidence } = round;
  const forget = (): void => void (evidence.asking = null);
  evidence.asking ??= askRest(round, since, []).then(forget, forget);
}

function isWhole({ evidence }: Round): boolean {
  if (evidence.wide || evidence.canary.end === null) return false;
  const { bracket } = evidence;
  return "act" in bracket && bracket.unseen === 0;
}

/** What lies around the trial, and of the rest of the host only what its rules match: nothing else is read for a verdict. */
function eventsThatCount(round: Round): HostEvent[] {
  const { evidence, request } = round;
  if (!evidence.wide) return evidence.events;
  const { from, to } = spanOf(round, false);
  const rules = rulesOf(round).flatMap((id) => request.rules.get(id) ?? []);
  return evidence.events.filter(
    (event) => (event.time >= from && event.time <= to) || rules.some((rule) => mayCount(rule, event)),
  );
}

/** When the act began, our clock; its end or now where that is not known. By another's clock: when it may have begun. */
function startOf({ request, now }: Round): number {
  const { startedAt, endedAt } = request.execution;
  const doubt = request.trial.recorded === undefined ? 0 : RECORDED_CLOCK_MS;
  return Date.parse(startedAt ?? endedAt ?? new Date(now()).toISOString()) - doubt;
}

function rulesOf({ request }: Round): string[] {
  return [...new Set(request.trial.expectations.map(({ analytic }) => analytic))];
}

async function askCanary({ siem, request, evidence }: Round, answers: Answer<unknown>[]): Promise<void> {
  const { id, telemetryHost } = request.trial;
  const answer = await siem.canaries([{ host: telemetryHost, trial: id }]);
  const [canary] = answer.value;
  if (canary !== undefined) evidence.addCanary(canary);
  answers.push(
    canary === undefined ? { ...answer, state: "partial", detail: "a question was left unanswered" } : answer,
  );
}

/** Reads the sensor, until there is a reading. @returns the answer; null when there is a reading already. */
async function askSensor({ siem, request, evidence, now }: Round): Promise<Answer<SensorState> | null> {
  if (evidence.sensor !== null) return null;
  const answer = await siem.sensor(request.trial.telemetryHost, now());
  if (answer.state === "complete") evidence.sensor = answer.value;
  else evidence.sensorDetail = answer.detail;
  return answer;
}

async function askAlerts(
  round: Round,
  since: number,
  offsetMs: number,
  answers: Answer<unknown>[],
): Promise<readonly Alert[]> {
  const { siem, request, now } = round;
  const answer = await siem.alerts({
    rules: rulesOf(round),
    hosts: [request.trial.telemetryHost],
    from: since - ALERT_MARGIN_MS,
    to: now() + offsetMs + ALERT_MARGIN_MS,
  });
  answers.push(answer);
  return answer.value;
}

function keepAlerts(round: Round, since: number, alerts: readonly Alert[]): void {
  const { request, evidence } = round;
  const rules = rulesOf(round);
  evidence.addAlerts(alerts, since - ALERT_MARGIN_MS, (alert) => {
    if (alert.sourceEvents?.some((id) => evidence.hasEvent(id)) === true) return true;
    if (!rules.includes(alert.rule) || alert.updatedAt < since) return false;
    if (alert.host !== null && alert.host !== request.trial.telemetryHost) return false;
    // Those that do not say all that they stand for; and all of them while nothing tells what the trial did.
    const untold = evidence.canary.begin === null && evidence.canary.end === null;
    return untold || alert.sourceEvents === null || !alert.sourcesWhole;
  });
  // An alert that names no sources can only be judged by what else the host did; one that names no host not even so.
  evidence.wide ||= evidence.alerts.some(
    ({ rule, host, sourceEvents }) =>
      rules.includes(rule) && host === request.trial.telemetryHost && sourceEvents === null,
  );
}

async function askEvents(round: Round, since: number, answers: Answer<unknown>[]): Promise<void> {
  const { siem, request, evidence } = round;
  const { begin, end } = evidence.canary;
  const span = spanOf(round);
  const events = await siem.events([{ host: request.trial.telemetryHost, ...span }]);
  answers.push(events);
  // Without a sentinel, what the host did before the act says nothing of whether the act's telemetry arrived.
  const isAfter = (event: { ingestedAt: number }): boolean => event.ingestedAt >= since;
  evidence.addEvents(begin === null && end === null ? events.value.filter(isAfter) : events.value, span);
  await askOtherRecords(round, span);
}

/** What the numbers that are missing among the events were: without an answer they are missing, which proves nothing wrong. */
async function askOtherRecords(
  { siem, request, evidence }: Round,
  span: { from: number; to: number },
): Promise<void> {
  const { bracket } = evidence;
  if (siem.delivery.type === "read" || !("act" in bracket || bracket.state === "open")) return;
  if ("act" in bracket && bracket.unseen === 0) return;
  const answer = await siem.otherRecords?.([{ host: request.trial.telemetryHost, ...span }]);
  if (answer?.state === "complete") evidence.addOtherRecords(answer.value);
}

/** The span of the host's own time in which the act's events lie, as far as that can be told; with room for rivals where they count. */
function spanOf(round: Round, wide = round.evidence.wide): { from: number; to: number } {
  const { request, evidence, now, siem } = round;
  const { begin, end } = evidence.canary;
  const { recorded } = request.trial;
  const startedAt = startOf(round);
  if (recorded !== undefined && !wide) return recordedSpan(recorded);
  const endedAt = Date.parse(request.execution.endedAt ?? new Date(now()).toISOString());
  const lasted = Math.max(0, endedAt - startedAt);
  const reach = lasted + ALERT_MARGIN_MS;
  const from = begin?.time ?? (end === null ? startedAt - UNKNOWN_CLOCK_MS : end.time - reach);
  const to = end?.time ?? (begin === null ? now() + UNKNOWN_CLOCK_MS : begin.time + reach);
  if (siem.delivery.type === "shipped") {
    const around = wide ? UNKNOWN_CLOCK_MS : AROUND_MS;
    return { from: from - around, to: to + around };
  }
  // A clock that was set in mid-act has stamped some of its events outside.
  const stepped = Math.abs(to - from - lasted);
  const around = begin !== null && end !== null && stepped > lasted + AROUND_MS ? stepped + AROUND_MS : 0;
  return { from: Math.min(from, to) - around, to: Math.max(from, to) + around };
}

/** Where an execution of somebody else's is looked for, with room for a record of its host from after its end. */
function recordedSpan({ startedAt, endedAt }: RecordedAct): { from: number; to: number } {
  const from = Date.parse(startedAt) - RECORDED_CLOCK_MS;
  return { from, to: Date.parse(endedAt ?? startedAt) + RECORDED_CLOCK_MS + AFTER_RECORDED_MS };
}

async function askRest(round: Round, since: number, answers: Answer<unknown>[]): Promise<void> {
  const { siem, request, evidence, now } = round;
  const askedAt = now();
  const rules = rulesOf(round);
  const host = request.trial.telemetryHost;
  const [statuses, sensor, backgrounds] = await Promise.all([
    siem.ruleStatuses(rules, since),
    askSensor(round),
    Promise.all(rules.map((rule) => siem.background(rule, host))),
  ]);
  answers.push(statuses, ...(sensor === null ? [] : [sensor]));
  evidence.rest = {
    askedAt,
    rules: statuses.state === "complete" ? statuses.value : [],
    background: Object.fromEntries(
      backgrounds.flatMap((answer, index): [string, Background][] => {
        const rule = rules[index];
        return answer.state === "complete" && rule !== undefined ? [[rule, answer.value]] : [];
      }),
    ),
  };
}
