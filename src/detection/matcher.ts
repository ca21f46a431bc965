import type { CompiledRule, RuleEvent } from "./rule.js";

/** Matches a stream of events against many rules: each event once, against the rules of its log source only. */
export class StreamingMatcher {
  readonly #rules: readonly CompiledRule[];
  /** Rules by log source, found out when the first event of the log source comes. */
  readonly #routes = new Map<string, readonly CompiledRule[]>();

  constructor(rules: readonly CompiledRule[]) {
    this.#rules = [...rules];
  }

  /** The rules that the event satisfies, in the order in which they were given. */
  match(event: RuleEvent): CompiledRule[] {
    return this.#routeOf(event).filter((rule) => rule.matches(event));
  }

  #routeOf(event: RuleEvent): readonly CompiledRule[] {
    const { product, category = "", service = "" } = event.logsource;
    const key = `${product}\n${category}\n${service}`;
    let route = this.#routes.get(key);
    if (route === undefined) {
      route = this.#rules.filter((rule) => rule.reads(event));
      // Log sources are few; events with made-up ones must not fill the memory.
      if (this.#routes.size < 10_000) this.#routes.set(key, route);
    }
    return route;
  }
}
