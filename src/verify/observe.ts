import type { AnswerState, Observation, RuleStatus } from "../model/observation.js";
import type { Background } from "../model/verdict.js";
import type { Answer, Siem } from "../siem/siem.js";

export interface ObserveRequest {
  readonly trial: string;
  /** The name by which the SIEM knows the host. */
  readonly host: string;
  /** Ids of the rules in the SIEM. */
  readonly rules: readonly string[];
  /** Milliseconds since 1970, our clock: the act's start and end. */
  readonly actStartedAt: number;
  readonly actEndedAt: number;
  /** Records that the sensor had lost before the act; null when not known. */
  readonly lostBefore: number | null;
  readonly signal?: AbortSignal;
}

export interface SettleSettings {
  /** Milliseconds after the act's end within which a streaming SIEM must have shown the end sentinel. */
  readonly settleMs: number;
  /** Milliseconds that a scheduled rule is waited for before its verdict is `pending`. */
  readonly patienceMs: number;
  /** Milliseconds between questions: the first wait, and the longest. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

export const defaultSettle: SettleSettings = {
  settleMs: 5_000,
  patienceMs: 60_000,
  firstPauseMs: 25,
  longestPauseMs: 1_000,
};

/** Milliseconds by which the host's clock may differ from ours before the sentinels have told. */
const CLOCK_MARGIN_MS = 120_000;

/**
 * Asks the SIEM for everything that a trial's verdicts are computed from. Waits for the end sentinel (a SIEM that knows
 * when something new arrived is asked at once) and, past it, for scheduled rules to have run; never past the deadline.
 */
export async function observe(
  siem: Siem,
  request: ObserveRequest,
  settle = defaultSettle,
): Promise<Observation> {
  const askedAt = Date.now();
  const deadlineAt = request.actEndedAt + settle.settleMs;
  const canary = await untilSettled(siem, request, deadlineAt, settle);
  const scheduledUntil = request.actEndedAt + settle.patienceMs;
  const statuses = await untilEvaluated(siem, request, scheduledUntil, settle);

  const { begin, end } = canary.value;
  const window =
    begin !== null && end !== null
      ? { from: begin.time, to: end.time }
      : { from: request.actStartedAt - CLOCK_MARGIN_MS, to: Date.now() + CLOCK_MARGIN_MS };
  const [events, alerts, sensor, backgrounds] = await Promise.all([
    siem.events(request.host, window.from, window.to),
    siem.alerts(request.host, request.actStartedAt - CLOCK_MARGIN_MS, Date.now() + CLOCK_MARGIN_MS),
    siem.sensor(request.host, Date.now()),
    Promise.all(request.rules.map((rule) => siem.background(rule, request.host))),
  ]);

  const withoutSentinels = begin === null && end === null;
  const kept = events.value.filter((event) =>
    // Without a bracket, what the host did before the act says nothing of whether the act's telemetry arrived.
    withoutSentinels ? event.ingestedAt >= request.actStartedAt : true,
  );
  const sourceIds = new Set(kept.map((event) => event.id));
  const worst = worstOf([canary, statuses, events, alerts, sensor]);
  return {
    siem: siem.name,
    askedAt,
    answeredAt: Date.now(),
    deadlineAt,
    state: worst.state,
    stateDetail: worst.detail,
    events: kept,
    alerts: alerts.value.filter(
      (alert) =>
        alert.sourceEvents === null ||
        alert.sourceEvents.length === 0 ||
        alert.sourceEvents.some((id) => sourceIds.has(id)),
    ),
    rules: statuses.value,
    background: Object.fromEntries(
      backgrounds.flatMap((answer, index): [string, Background][] => {
        const rule = request.rules[index];
        return answer.state === "complete" && rule !== undefined ? [[rule, answer.value]] : [];
      }),
    ),
    sensor: {
      lostBefore: request.lostBefore,
      lostAfter: sensor.state === "complete" ? sensor.value.lost : null,
      running: sensor.state === "complete" ? sensor.value.running : null,
      detail: sensor.state === "complete" ? sensor.value.detail : sensor.detail,
    },
  };
}

type Canary = Awaited<ReturnType<Siem["canary"]>>;

async function untilSettled(
  siem: Siem,
  request: ObserveRequest,
  deadlineAt: number,
  settle: SettleSettings,
): Promise<Canary> {
  let pause = settle.firstPauseMs;
  for (;;) {
    const canary = await siem.canary(request.host, request.trial);
    const left = deadlineAt - Date.now();
    if ((canary.state === "complete" && canary.value.end !== null) || left <= 0) return canary;
    request.signal?.throwIfAborted();
    await siem.changed(request.host, Math.min(pause, left), request.signal);
    pause = Math.min(pause * 2, settle.longestPauseMs);
  }
}

/** Streaming rules answer at once; scheduled ones are waited for, within patience, until a run completed after now. */
async function untilEvaluated(
  siem: Siem,
  request: ObserveRequest,
  until: number,
  settle: SettleSettings,
): Promise<Answer<RuleStatus[]>> {
  const since = Date.now();
  let pause = settle.firstPauseMs;
  for (;;) {
    const answers = await Promise.all(request.rules.map((rule) => siem.ruleStatus(rule)));
    const waiting = answers.some(
      ({ state, value }) =>
        state !== "complete" ||
        (value.present &&
          value.enabled &&
          value.schedule.type === "scheduled" &&
          (value.schedule.lastCompletedAt === null || value.schedule.lastCompletedAt < since)),
    );
    const left = until - Date.now();
    if (!waiting || left <= 0) {
      const worst = worstOf(answers);
      return {
        ...worst,
        value: answers.flatMap(({ state, value }) => (state === "complete" ? [value] : [])),
      };
    }
    request.signal?.throwIfAborted();
    await siem.changed(request.host, Math.min(pause, left), request.signal);
    pause = Math.min(pause * 2, settle.longestPauseMs);
  }
}

const badness: Record<AnswerState, number> = { complete: 0, partial: 1, "rate-limited": 2, unreachable: 3 };

function worstOf(answers: readonly Answer<unknown>[]): { state: AnswerState; detail: string } {
  const worst = answers.reduce<Answer<unknown> | null>(
    (found, answer) => (found === null || badness[answer.state] > badness[found.state] ? answer : found),
    null,
  );
  return worst === null ? { state: "complete", detail: "" } : { state: worst.state, detail: worst.detail };
}
