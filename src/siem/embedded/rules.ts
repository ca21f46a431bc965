import { StreamingMatcher } from "../../detection/matcher.js";
import type { CompiledRule } from "../../detection/rule.js";
import { messageOf } from "../../errors.js";
import type { HostEvent } from "../../model/event.js";

/** The loaded rules, by id, and the matcher over them. A rule with the id of an earlier one replaces it. */
export class RuleSet {
  readonly #rules = new Map<string, CompiledRule>();
  readonly #onProblem: (problem: string) => void;
  #matcher: StreamingMatcher;

  constructor(rules: readonly CompiledRule[], onProblem: (problem: string) => void) {
    this.#onProblem = onProblem;
    for (const rule of rules) this.#rules.set(rule.id, rule);
    this.#matcher = new StreamingMatcher([...this.#rules.values()]);
  }

  has(id: string): boolean {
    return this.#rules.has(id);
  }

  add(rules: readonly CompiledRule[]): void {
    for (const rule of rules) this.#rules.set(rule.id, rule);
    this.#matcher = new StreamingMatcher([...this.#rules.values()]);
  }

  match(event: HostEvent): CompiledRule[] {
    try {
      return this.#matcher.match(event);
    } catch {
      return this.#oneByOne(event);
    }
  }

  /** A rule that fails must not take the others with it. */
  #oneByOne(event: HostEvent): CompiledRule[] {
    return [...this.#rules.values()].filter((rule) => {
      try {
        return rule.matches(event);
      } catch (thrown) {
        this.#onProblem(`rule ${rule.id} failed on an event: ${messageOf(thrown)}`);
        return false;
      }
    });
  }
}
