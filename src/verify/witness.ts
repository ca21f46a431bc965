import type { CompiledRule } from "../detection/rule.js";
import type { HostEvent } from "../model/event.js";
import type { Observation, RuleStatus } from "../model/observation.js";
import { causeAt } from "./cause.js";
import type { Decision } from "./decision.js";

/** Whether silence can be believed: what keeps the sensor, the rule or the marker from being a witness. Pure. */

/** A sentence when records are known to have been lost during the trial; else null. */
export function lossOf(observation: Observation): string | null {
  const { lostBefore, lostAfter } = observation.sensor;
  if (lostBefore === null || lostAfter === null) return null;
  const lost = lostAfter - lostBefore;
  if (lost === 0) return null;
  return lost > 0
    ? `the kernel lost ${lost} audit records during the trial: absence proves nothing`
    : "the kernel's count of lost records was reset during the trial: absence proves nothing";
}

/** Whether the sensor said, before and after the act, how many records it had lost. */
export function lossesKnown({ sensor }: Observation): boolean {
  return sensor.lostBefore !== null && sensor.lostAfter !== null;
}

/** What keeps the rule from being a witness: absent, disabled, not yet evaluated, out of its look-back, throttled. */
export function ruleProblem(status: RuleStatus | undefined, read: readonly HostEvent[]): Decision | null {
  if (status === undefined)
    return { outcome: "undecided", cause: causeAt("rule-present", "the SIEM said nothing of the rule") };
  if (!status.present)
    return { outcome: "logged", cause: causeAt("rule-present", "the SIEM does not have the rule") };
  if (!status.enabled)
    return { outcome: "logged", cause: causeAt("rule-enabled", "the rule is there, but disabled") };
  if (
    status.throttleOpenUntil !== null &&
    status.throttleOpenUntil > Math.min(...read.map((event) => event.time))
  ) {
    return {
      outcome: "undecided",
      cause: causeAt("suppression", "a throttle of the rule was open: its silence proves nothing"),
    };
  }
  if (status.schedule.type === "streaming") return null;
  const { lastCompletedAt, lookBackMs } = status.schedule;
  const ingested = Math.max(...read.map((event) => event.ingestedAt));
  if (lastCompletedAt === null || lastCompletedAt < ingested) {
    return {
      outcome: "pending",
      cause: causeAt("evaluated", "the rule has not been evaluated since the events arrived"),
    };
  }
  const oldest = Math.min(...read.map((event) => event.time));
  if (ingested - oldest > lookBackMs) {
    return {
      outcome: "logged",
      cause: causeAt(
        "look-back",
        "the events arrived after the rule's look-back had passed them: a permanent gap",
      ),
    };
  }
  return null;
}

/** The name of a field that the rule reads and in which the trial's id stands; null when the marker is outside, as it must be. */
export function markerInRule(trial: string, rule: CompiledRule, act: readonly HostEvent[]): string | null {
  for (const event of act) {
    for (const [name, value] of Object.entries(event.fields)) {
      if (rule.fields !== null && !rule.fields.has(name)) continue;
      if (String(value).includes(trial)) return name;
    }
  }
  return null;
}
