import type { CompiledRule } from "../detection/rule.js";
import { TyrianError } from "../errors.js";
import type { Alert } from "../model/alert.js";
import type { HostEvent } from "../model/event.js";

/** Whether an event can be one of those that a rule fired for: of a rule over several events, whether it counts toward it. */
export function counts(rule: CompiledRule, event: HostEvent): boolean {
  return rule.contributes === undefined ? rule.matches(event) : rule.contributes(event);
}

/** The same, and also where the rule gives no answer about the event: what is asked for must not depend on that. */
export function mayCount(rule: CompiledRule, event: HostEvent): boolean {
  try {
    return counts(rule, event);
  } catch (thrown) {
    if (thrown instanceof TyrianError && thrown.code === "analytic-invalid") return true;
    throw thrown;
  }
}

/** How near a trial's own events came to a rule over several events. */
export interface Shortfall {
  readonly detail: string;
  /** Whether any of them was counted: those without a group-by field, or without the value that is measured, are not. */
  readonly counted: boolean;
}

/** Null for a rule over single events. */
export function shortfall(rule: CompiledRule, events: readonly HostEvent[]): Shortfall | null {
  const explanation = rule.explainWindow?.(events);
  if (explanation === undefined) return null;
  return { detail: explanation.sentence, counted: explanation.nearest !== null };
}

/** What a rule over several events groups these by, such as `User=op`. */
export function groupOf(rule: CompiledRule, events: readonly HostEvent[]): string {
  const group = Object.entries(rule.explainWindow?.(events).nearest?.group ?? {});
  return group.length === 0
    ? "all events of the host, for it has no group-by"
    : group.map(([name, value]) => `${name}=${value}`).join(", ");
}

/**
 * Of an alert that stands for a trial's events, which alone do not satisfy a rule over several events: that others' were
 * needed, and of which group. Null for other rules, and when the alert names none of the trial's events.
 */
export function sharedWithOthers(rule: CompiledRule, events: readonly HostEvent[]): string | null {
  const short = events.length === 0 ? null : shortfall(rule, events);
  return short === null
    ? null
    : `an alert of the rule stands for this trial's events and for others' of the same group (${groupOf(rule, events)}), and the trial's alone do not satisfy it: ${short.detail}`;
}

/**
 * The event from which an alert's way is timed: of the trial's that it stands for the one that completed what the rule needs.
 * @param arrived what of the act is in the SIEM, for an alert that names no events
 */
export function completing(
  rule: CompiledRule,
  { alert, events }: { readonly alert: Alert; readonly events: readonly HostEvent[] },
  arrived: readonly HostEvent[],
): HostEvent | undefined {
  if (events.length === 0) return arrived.find((event) => counts(rule, event));
  if (rule.contributes === undefined) return events[0];
  return events.findLast((event) => event.ingestedAt <= alert.createdAt) ?? events.at(-1);
}
