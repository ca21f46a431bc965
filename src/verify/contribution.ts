import type { CompiledRule } from "../detection/rule.js";
import type { HostEvent } from "../model/event.js";

/** Whether an event can be one of those that a rule fired for: of a rule over several events, whether it counts toward it. */
export function counts(rule: CompiledRule, event: HostEvent): boolean {
  return rule.contributes === undefined ? rule.matches(event) : rule.contributes(event);
}
