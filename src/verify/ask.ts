import type { Alert } from "../model/alert.js";
import type { AnswerState, Observation, RuleStatus } from "../model/observation.js";
import type { Background } from "../model/verdict.js";
import type { Answer, SensorState, Siem } from "../siem/siem.js";
import { bracketOf } from "./bracket.js";
import type { Evidence } from "./evidence.js";
import type { ObserveRequest } from "./observe.js";

/** One round of questions about one trial. */
export interface Round {
  readonly siem: Siem;
  readonly request: ObserveRequest;
  readonly evidence: Evidence;
  /** Milliseconds since 1970, our clock. */
  readonly now: () => number;
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

/**
 * Asks in steps, so that waiting costs little: first for the sentinels; for events and alerts when something of the trial
 * has arrived; for rules, sensor and background when a verdict can come of it. `everything` says that all was asked.
 */
export async function ask(round: Round): Promise<{ observation: Observation; everything: boolean }> {
  const { siem, request, evidence, now, late } = round;
  const { trial, execution } = request;
  const host = trial.telemetryHost;
  const rules = [...new Set(trial.expectations.map(({ analytic }) => analytic))];
  const reads = siem.delivery.type === "read";
  const answers: Answer<unknown>[] = [];
  let asOf = now();
  const observed = (answer: Partial<Observation>): Observation => build(round, answers, asOf, answer);

  const [canaries] = await Promise.all([
    siem.canaries([{ host, trial: trial.id }]),
    reads ? null : askSensor(round),
  ]);
  answers.push(canaries);
  evidence.addCanary(canaries.value[0] ?? { begin: null, end: null });
  const { begin, end } = evidence.canary;
  if (!late && (reads ? end === null : begin === null && end === null))
    return { observation: observed({}), everything: false };

  const clock = await siem.clock();
  answers.push(clock);
  const offsetMs = clock.value.now - now();
  const errorMs = clock.value.errorMs;
  const startedAt = Date.parse(execution.startedAt ?? execution.endedAt ?? new Date(now()).toISOString());
  const since = startedAt + offsetMs - errorMs;
  const seen = { clock: { offsetMs, errorMs } };
  const askEvents = async (): Promise<void> => {
    const window = windowOf(round, startedAt);
    const events = await siem.events(host, window.from, window.to);
    answers.push(events);
    // Without a sentinel, what the host did before the act says nothing of whether the act's telemetry arrived.
    const known = begin !== null || end !== null;
    evidence.addEvents(
      known ? events.value : events.value.filter(({ ingestedAt }) => ingestedAt >= since),
      window,
    );
  };
  const askAlerts = async (): Promise<readonly Alert[]> => {
    const alerts = await siem.alerts({
      rules,
      hosts: [host],
      from: since - ALERT_MARGIN_MS,
      to: now() + offsetMs + ALERT_MARGIN_MS,
    });
    answers.push(alerts);
    return alerts.value;
  };
  const askRest = async (): Promise<Partial<Observation>> => {
    const [statuses, sensor, backgrounds] = await Promise.all([
      Promise.all(rules.map((rule) => siem.ruleStatus(rule, since))),
      askSensor(round),
      Promise.all(rules.map((rule) => siem.background(rule, host))),
    ]);
    answers.push(...statuses, ...(sensor === null ? [] : [sensor]));
    return {
      rules: statuses.flatMap(({ state, value }): RuleStatus[] => (state === "complete" ? [value] : [])),
      background: Object.fromEntries(
        backgrounds.flatMap((answer, index): [string, Background][] => {
          const rule = rules[index];
          return answer.state === "complete" && rule !== undefined ? [[rule, answer.value]] : [];
        }),
      ),
    };
  };

  // What these lack was absent when they were asked for; what is asked afterwards may speak of a later moment.
  asOf = now();
  const [alerts, , early] = await Promise.all([askAlerts(), askEvents(), reads ? askRest() : null]);
  if (!evidence.wide && alerts.some((alert) => mayNeedSurroundings(alert, rules, host))) {
    evidence.wide = true;
    await askEvents();
  }
  evidence.addAlerts(alerts, since - ALERT_MARGIN_MS, (alert) => concerns(alert, rules, evidence));
  if (early !== null) return { observation: observed({ ...seen, ...early }), everything: true };
  if (!late && !evidence.wide && !isWhole(round)) return { observation: observed(seen), everything: false };
  return { observation: observed({ ...seen, ...(await askRest()) }), everything: true };
}

function isWhole({ request, evidence }: Round): boolean {
  const bracket = bracketOf(request.trial, evidence.events);
  return (bracket.state === "closed" || bracket.state === "half") && bracket.unseen === 0;
}

/** The span of the host's own time in which the act's events lie, as far as that can be told; with room for rivals where they count. */
function windowOf({ request, evidence, now, siem }: Round, startedAt: number): { from: number; to: number } {
  const { begin, end } = evidence.canary;
  const lasted = Math.max(
    0,
    Date.parse(request.execution.endedAt ?? new Date(now()).toISOString()) - startedAt,
  );
  const reach = lasted + ALERT_MARGIN_MS;
  const first = begin?.time ?? (end === null ? startedAt - UNKNOWN_CLOCK_MS : end.time - reach);
  const last = end?.time ?? (begin === null ? now() + UNKNOWN_CLOCK_MS : begin.time + reach);
  if (siem.delivery.type === "read") return { from: first, to: last };
  const around = evidence.wide ? UNKNOWN_CLOCK_MS : AROUND_MS;
  return { from: first - around, to: last + around };
}

/** An alert that does not name all its sources can only be judged by what else the host did. */
function mayNeedSurroundings(alert: Alert, rules: readonly string[], host: string): boolean {
  const unresolved = alert.sourceEvents === null || !alert.sourcesWhole;
  return unresolved && rules.includes(alert.rule) && (alert.host === null || alert.host === host);
}

/** Alerts that may be the trial's: those that stand for an event of it, and those of its rules that do not say for which. */
function concerns(alert: Alert, rules: readonly string[], evidence: Evidence): boolean {
  if (alert.sourceEvents?.some((id) => evidence.hasEvent(id)) === true) return true;
  return rules.includes(alert.rule) && (alert.sourceEvents === null || !alert.sourcesWhole);
}

/** Reads the sensor, until there is a reading. @returns the answer; null when there is a reading already. */
async function askSensor({ siem, request, evidence, now }: Round): Promise<Answer<SensorState> | null> {
  if (evidence.sensor !== null) return null;
  const answer = await siem.sensor(request.trial.telemetryHost, now());
  if (answer.state === "complete") evidence.sensor = answer.value;
  else evidence.sensorDetail = answer.detail;
  return answer;
}

const badness: Record<AnswerState, number> = { complete: 0, partial: 1, "rate-limited": 2, unreachable: 3 };

function build(
  round: Round,
  answers: readonly Answer<unknown>[],
  asOf: number,
  parts: Partial<Observation>,
): Observation {
  const { siem, request, evidence } = round;
  const worst = answers.reduce<Answer<unknown> | null>(
    (found, answer) => (found === null || badness[answer.state] > badness[found.state] ? answer : found),
    null,
  );
  const shrunk = evidence.takeShrunk();
  const state = worst?.state === "complete" && shrunk ? "partial" : (worst?.state ?? "complete");
  const detail = state === worst?.state ? worst.detail : "the SIEM no longer shows what it has shown before";
  return {
    siem: siem.name,
    askedAt: evidence.askedAt,
    answeredAt: asOf,
    deadlineAt: round.deadlineAt,
    state,
    stateDetail: state === "complete" ? "" : detail,
    delivery: siem.delivery,
    clock: { offsetMs: 0, errorMs: 0 },
    agreeing: evidence.count(state, parts.clock === undefined ? null : asOf),
    events: evidence.events,
    surroundings: evidence.wide,
    alerts: evidence.alerts,
    rules: [],
    background: {},
    sensor: {
      lostBefore: request.lostBefore,
      lostAfter: evidence.sensor?.lost ?? null,
      running: evidence.sensor?.running ?? null,
      detail: evidence.sensor?.detail ?? evidence.sensorDetail,
    },
    ...parts,
  };
}
