import type { Alert } from "../model/alert.js";
import type { HostEvent } from "../model/event.js";
import type { Evaluation, Observation, RuleStatus } from "../model/observation.js";
import { causeAt } from "./cause.js";
import type { Decision } from "./decision.js";
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
 * @param events those that could make the rule fire; not empty.
 */
export function evaluationProblem(
  status: RuleStatus,
  observation: Observation,
  events: readonly HostEvent[],
): Decision | null {
  const { delivery } = observation;
  const now = siemTime(observation);
  const alertLagMs = delivery.type === "shipped" ? delivery.longestAlertLagMs : 0;
  const pending = (detail: string): Decision => ({ outcome: "pending", cause: causeAt("evaluated", detail) });
  if (status.schedule.type === "streaming") {
    const last = Math.max(...events.map((event) => event.ingestedAt));
    return delivery.type === "read" || last + alertLagMs <= now
      ? null
      : pending("the alert of a streaming rule may still be written");
  }
  const { evaluations, intervalMs, lookBackMs, windowOver } = status.schedule;
  const timeOf = (event: HostEvent): number => (windowOver === "event-time" ? event.time : event.ingestedAt);
  let visibleAt = -Infinity;
  let gap = false;
  for (const event of events) {
    const covering = coveringEvaluation(evaluations, event, timeOf(event));
    if (covering !== null) visibleAt = Math.max(visibleAt, covering.completedAt + alertLagMs);
    // What is not in the list yet may have begun an interval ago; it reaches back from its start by the look-back.
    else if (timeOf(event) >= now - intervalMs - alertLagMs - lookBackMs)
      return pending("the rule has not been evaluated since the events arrived");
    else gap = true;
  }
  if (visibleAt > now) return pending("the rule was evaluated, and its alert may still be written");
  if (gap) {
    const detail = "the events arrived after the rule's look-back had passed them: a permanent gap";
    return { outcome: "logged", cause: causeAt("look-back", detail) };
  }
  return null;
}

/** The first evaluation that saw an event: it began after the event arrived, and its window holds the event. */
function coveringEvaluation(
  evaluations: readonly Evaluation[],
  event: HostEvent,
  time: number,
): Evaluation | null {
  const covering = evaluations.filter(
    ({ startedAt, from, to }) => startedAt >= event.ingestedAt && from <= time && time <= to,
  );
  return covering.reduce<Evaluation | null>(
    (first, one) => (first === null || one.completedAt < first.completedAt ? one : first),
    null,
  );
}

/** Whether an event can have caused an alert of the rule: it was there when the alert was last changed, and not too old to be seen. */
export function couldCause(
  status: RuleStatus | undefined,
  { delivery }: Observation,
  event: HostEvent,
  alert: Alert,
): boolean {
  if (event.ingestedAt > alert.updatedAt) return false;
  if (status === undefined || delivery.type === "read") return true;
  const { schedule } = status;
  // The evaluation ended at most the alert lag before the alert was there, and took an interval at most.
  if (schedule.type === "streaming") return event.ingestedAt >= alert.createdAt - delivery.longestAlertLagMs;
  const time = schedule.windowOver === "event-time" ? event.time : event.ingestedAt;
  return time >= alert.createdAt - delivery.longestAlertLagMs - schedule.intervalMs - schedule.lookBackMs;
}

/** A sentence when the rule withheld alerts at any time since the events arrived; else null. */
export function throttleOf({ throttle }: RuleStatus, events: readonly HostEvent[]): string | null {
  if (throttle === null) return null;
  if (throttle.until < Math.min(...events.map((event) => event.ingestedAt))) return null;
  const by = throttle.openedBy === null ? "" : `, opened by alert ${throttle.openedBy}`;
  return `a throttle of the rule was open${by}: its silence proves nothing`;
}
