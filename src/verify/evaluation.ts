import type { Alert } from "../model/alert.js";
import type { HostEvent } from "../model/event.js";
import type { Observation, RuleStatus } from "../model/observation.js";
import type { KnownBracket } from "./bracket-model.js";
import { causeAt } from "./cause.js";
import type { Context, Decision } from "./decision.js";
import { siemTime } from "./witness.js";

/** Whether the rule had its chance: it was there, it was evaluated over the events, and its alert would be visible by now. Pure. */

/** Why the rule cannot be a witness at all; null when it is there and enabled. */
export function ruleProblem(status: RuleStatus | undefined): Decision | null {
  if (status === undefined)
    return { outcome: "undecided", cause: causeAt("rule-present", "the SIEM said nothing of the rule") };
  if (!status.present)
    return { outcome: "logged", cause: causeAt("rule-present", "the SIEM does not have the rule") };
  if (!status.enabled)
    return { outcome: "logged", cause: causeAt("rule-enabled", "the rule is there, but disabled") };
  return null;
}

/**
 * Why an alert for these events may still come, or never can; null when all that could fire has fired.
 * @param events of the act that the rule reads; not empty
 * @param relevant those of them that could make the rule fire, as far as its text tells; all of them when none could
 */
export function evaluationProblem(
  status: RuleStatus,
  observation: Observation,
  events: readonly HostEvent[],
  relevant: readonly HostEvent[] = events,
): Decision | null {
  const { delivery } = observation;
  const now = siemTime(observation);
  const alertLagMs = delivery.type === "shipped" ? delivery.longestAlertLagMs : 0;
  const pending = (detail: string): Decision => ({ outcome: "pending", cause: causeAt("evaluated", detail) });
  if (delivery.type === "read" && status.schedule.type === "streaming") return null;
  const arrived = Math.max(...events.map((event) => event.ingestedAt));
  if (!status.present || !status.enabled || status.schedule.type === "streaming") {
    // What a rule began while it was there is finished an interval later at most.
    const running = status.schedule.type === "streaming" ? 0 : status.schedule.intervalMs;
    return arrived + running + alertLagMs <= now
      ? null
      : pending("an alert of the rule may still be written");
  }
  const { evaluations, windowOver } = status.schedule;
  const timeOf = (event: HostEvent): number => (windowOver === "event-time" ? event.time : event.ingestedAt);
  const known = evaluations.filter(({ completedAt }) => completedAt + alertLagMs <= now);
  let gap = false;
  for (const event of events) {
    const time = timeOf(event);
    const after = known.filter(({ startedAt }) => startedAt >= event.ingestedAt);
    if (after.some(({ from, to }) => from <= time && time <= to)) continue;
    // Evaluations of a rule follow each other: when one has begun past the event, all before it are done.
    if (after.some(({ from }) => from > time)) gap ||= relevant.includes(event);
    else
      return pending(
        "the rule has not been evaluated since the events arrived, or its alert may still be written",
      );
  }
  if (!gap) return null;
  const detail = "the events arrived after the rule's look-back had passed them: a permanent gap";
  return { outcome: "logged", cause: causeAt("look-back", detail) };
}

/** Whether an event of the host can have caused an alert of the rule: it had happened by then, and was not too old to be seen. */
export function couldCause(
  status: RuleStatus | undefined,
  { execution, observation }: Context,
  { begin }: KnownBracket,
  event: HostEvent,
  alert: Alert,
): boolean {
  const { clock, delivery } = observation;
  if (begin !== null && execution.startedAt !== null) {
    // By the host's own clock beside the sentinel's, which came after the start. When it arrived proves nothing: that may
    // have been the second time.
    const happened =
      Date.parse(execution.startedAt) + clock.offsetMs - clock.errorMs + event.time - begin.time;
    if (happened > alert.updatedAt) return false;
  }
  if (status === undefined || delivery.type === "read") return true;
  const { schedule } = status;
  if (schedule.type === "streaming") return event.ingestedAt >= alert.createdAt - delivery.longestAlertLagMs;
  // The evaluation ended at most the alert lag before the alert was there. Where none is listed, any may have been.
  const froms = schedule.evaluations.flatMap(({ completedAt, from }) =>
    completedAt <= alert.createdAt && completedAt >= alert.createdAt - delivery.longestAlertLagMs
      ? [from]
      : [],
  );
  const time = schedule.windowOver === "event-time" ? event.time : event.ingestedAt;
  return froms.length === 0 || time >= Math.min(...froms);
}

/** A sentence when the rule withheld alerts at a time at which it may have looked at these events; else null. */
export function throttleOf(
  { schedule, throttles }: RuleStatus,
  { delivery }: Observation,
  events: readonly HostEvent[],
): string | null {
  const alertLagMs = delivery.type === "shipped" ? delivery.longestAlertLagMs : 0;
  const first = Math.min(...events.map((event) => event.ingestedAt));
  const last = Math.max(...events.map((event) => event.ingestedAt));
  const until =
    schedule.type === "streaming"
      ? last + alertLagMs
      : Math.max(...events.map((event) => firstLook(schedule, event))) + alertLagMs;
  const open = throttles.find((throttle) => throttle.from <= until && throttle.until >= first);
  if (open === undefined) return null;
  const by = open.openedBy === null ? "" : `, opened by alert ${open.openedBy}`;
  return `a throttle of the rule was open${by}: its silence proves nothing`;
}

/** When the first listed evaluation that saw an event was completed; Infinity when none is listed. */
function firstLook(
  schedule: Extract<RuleStatus["schedule"], { type: "scheduled" }>,
  event: HostEvent,
): number {
  const time = schedule.windowOver === "event-time" ? event.time : event.ingestedAt;
  const covering = schedule.evaluations.filter(
    ({ startedAt, from, to }) => startedAt >= event.ingestedAt && from <= time && time <= to,
  );
  return Math.min(...covering.map(({ completedAt }) => completedAt));
}
