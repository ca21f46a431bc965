import type { CompiledRule } from "../detection/rule.js";
import type { HostEvent } from "../model/event.js";

/** Whether an event can be one of those that a rule fired for: of a rule over several events, whether it counts toward it. */
export function counts(rule: CompiledRule, event: HostEvent): boolean {
  return rule.contributes === undefined ? rule.matches(event) : rule.contributes(event);
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
