import type { CompiledRule, RuleEvent } from "../../detection/rule.js";
import { CorrelationEvaluator, type CorrelationMatch } from "../../detection/sigma/correlation/evaluator.js";
import type { CorrelationRule } from "../../detection/sigma/correlation/rule.js";
import type { HostEvent } from "../../model/event.js";

/** Milliseconds of a host's own time that an event may come after a later one: processors number and stamp side by side. */
const TOLERANCE_MS = 5_000;

/** An event of a host, as far as correlations read it. */
export type CorrelatedEvent = RuleEvent &
  Pick<HostEvent, "host" | "time" | "session"> &
  Partial<Pick<HostEvent, "kind">>;

/** A correlation of the loaded rules that matched on a host. */
export interface Correlated {
  readonly rule: CorrelationRule;
  readonly host: string;
  readonly match: CorrelationMatch;
}

interface Host {
  /** The latest of the host's own times that was seen. */
  latest: number;
  readonly evaluators: Map<CorrelationRule, CorrelationEvaluator>;
}

/**
 * Evaluates correlations as events arrive. Each host by itself: hosts have clocks of their own, and their logs are read one
 * beside the other. Time moves on with the events, and at once where the caller knows that all has come.
 */
export class Correlations {
  readonly #hosts = new Map<string, Host>();
  #byBase = new Map<CompiledRule, CorrelationRule[]>();

  constructor(rules: readonly CorrelationRule[]) {
    this.use(rules);
  }

  /** Evaluates these from now on. Those that it has already go on with what they have seen. */
  use(rules: readonly CorrelationRule[]): void {
    this.#byBase = new Map();
    for (const rule of rules) {
      for (const base of rule.baseRules) this.#byBase.set(base, [...(this.#byBase.get(base) ?? []), rule]);
    }
    for (const { evaluators } of this.#hosts.values())
      for (const rule of evaluators.keys()) if (!rules.includes(rule)) evaluators.delete(rule);
  }

  /** @param bases the rules of correlations that the event matches */
  add(event: CorrelatedEvent, bases: readonly CompiledRule[]): Correlated[] {
    const host = this.#hosts.get(event.host) ?? { latest: -Infinity, evaluators: new Map() };
    this.#hosts.set(event.host, host);
    for (const rule of new Set(bases.flatMap((base) => this.#byBase.get(base) ?? []))) {
      const evaluator =
        host.evaluators.get(rule) ?? new CorrelationEvaluator([rule.correlation], { tolerance: Infinity });
      host.evaluators.set(rule, evaluator);
      evaluator.add(event, event.time, bases);
    }
    host.latest = Math.max(host.latest, event.time);
    return advanced(event.host, host, host.latest - TOLERANCE_MS);
  }

  /** All that a host did until now has come: it is looked at without waiting for later events. */
  settle(name: string): Correlated[] {
    const host = this.#hosts.get(name);
    return host === undefined ? [] : advanced(name, host, justAfter(host.latest));
  }

  /** Events of a host that came too late to be counted by a correlation. */
  late(rule: string, host: string): number {
    const evaluators = [...(this.#hosts.get(host)?.evaluators ?? [])];
    return evaluators.reduce(
      (sum, [{ id }, evaluator]) => sum + (id === rule ? evaluator.uncounted().late : 0),
      0,
    );
  }
}

function advanced(name: string, { evaluators }: Host, time: number): Correlated[] {
  return [...evaluators].flatMap(([rule, evaluator]) =>
    evaluator.advance(time).map((match) => ({ rule, host: name, match })),
  );
}

/** The next number: times of today differ by a quarter of a microsecond at least. */
function justAfter(time: number): number {
  return time + Math.abs(time) * Number.EPSILON;
}
