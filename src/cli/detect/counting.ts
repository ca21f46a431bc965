import type { CompiledRule, RuleEvent } from "../../detection/rule.js";
import { baseRulesOf } from "../../detection/sigma/correlation/correlation.js";
import { correlatedFields, type CorrelationRule } from "../../detection/sigma/correlation/rule.js";
import { EventView } from "../../detection/sigma/event-view.js";

/** An event that counts toward correlations, with what they read of it: plain data, for threads. */
export interface CountedEvent {
  readonly line: number;
  /** In milliseconds since 1970; null when nothing in it tells. */
  readonly time: number | null;
  /** Numbers of the correlations' rules that it matches. */
  readonly rules: readonly number[];
  /** Values of the fields by which correlations group and compute. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

/** The rules that a scan matches, and what they are there for. */
export class ScannedRules {
  /** Those that alert on single events, then those that only correlations count. */
  readonly all: readonly CompiledRule[];
  readonly #alerting: number;
  readonly #counted: ReadonlySet<number>;
  readonly #fields: readonly string[];

  /** @param alerting those that alert on single events */
  constructor(alerting: readonly CompiledRule[], correlations: readonly CorrelationRule[]) {
    const counted = new Set(correlations.flatMap(({ correlation }) => baseRulesOf(correlation)));
    this.all = [...new Set([...alerting, ...counted])];
    this.#alerting = alerting.length;
    this.#counted = new Set(this.all.flatMap((rule, number) => (counted.has(rule) ? [number] : [])));
    this.#fields = [
      ...new Set(correlations.flatMap(({ correlation }) => [...correlatedFields(correlation)])),
    ];
  }

  /** Whether a rule, by its number, alerts by itself. */
  alerts(rule: number): boolean {
    return rule < this.#alerting;
  }

  /** Whether correlations count what a rule, by its number, matches. */
  counts(rule: number): boolean {
    return this.#counted.has(rule);
  }

  /** What correlations read of an event. */
  fieldsOf(event: RuleEvent): CountedEvent["fields"] {
    const view = new EventView(event);
    return Object.fromEntries(this.#fields.map((name) => [name, view.field(name).texts]));
  }
}
