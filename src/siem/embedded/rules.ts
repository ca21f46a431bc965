import { StreamingMatcher } from "../../detection/matcher.js";
import type { CompiledRule, RuleEvent } from "../../detection/rule.js";
import { type CorrelationRule, isCorrelationRule } from "../../detection/sigma/correlation/rule.js";
import { messageOf } from "../../errors.js";
import type { RuleStatus } from "../../model/observation.js";

/** Rules that an event matches. */
export interface Matched {
  /** Those that alert for it. */
  readonly rules: readonly CompiledRule[];
  /** Those by which it counts toward a correlation. */
  readonly bases: readonly CompiledRule[];
}

const NOTHING: Matched = { rules: [], bases: [] };

/** The loaded rules, by id, and the matcher over them. A rule with the id of an earlier one replaces it. */
export class RuleSet {
  readonly #rules = new Map<string, CompiledRule>();
  readonly #onProblem: (problem: string) => void;
  #single: ReadonlySet<CompiledRule> = new Set();
  #bases: ReadonlySet<CompiledRule> = new Set();
  #matcher = new StreamingMatcher([]);

  constructor(rules: readonly CompiledRule[], onProblem: (problem: string) => void) {
    this.#onProblem = onProblem;
    this.add(rules);
  }

  has(id: string): boolean {
    return this.#rules.has(id);
  }

  /** Every loaded rule sees each event once, as it arrives. */
  status(rule: string): RuleStatus {
    const present = this.has(rule);
    return {
      ...{ rule, present, enabled: present, evaluatedBy: "embedded" },
      ...{ schedule: { type: "streaming" }, throttles: [], stateful: false },
    };
  }

  get correlations(): CorrelationRule[] {
    return [...this.#rules.values()].filter(isCorrelationRule);
  }

  add(rules: readonly CompiledRule[]): void {
    for (const rule of rules) this.#rules.set(rule.id, rule);
    this.#single = new Set([...this.#rules.values()].filter((rule) => !isCorrelationRule(rule)));
    this.#bases = new Set(this.correlations.flatMap(({ baseRules }) => baseRules));
    this.#matcher = new StreamingMatcher([...new Set([...this.#single, ...this.#bases])]);
  }

  match(event: RuleEvent): Matched {
    const matched = this.#matching(event);
    if (matched.length === 0) return NOTHING;
    return {
      rules: matched.filter((rule) => this.#single.has(rule)),
      bases: matched.filter((rule) => this.#bases.has(rule)),
    };
  }

  #matching(event: RuleEvent): CompiledRule[] {
    try {
      return this.#matcher.match(event);
    } catch {
      return this.#oneByOne(event);
    }
  }

  /** A rule that fails must not take the others with it. */
  #oneByOne(event: RuleEvent): CompiledRule[] {
    return [...new Set([...this.#single, ...this.#bases])].filter((rule) => {
      try {
        return rule.matches(event);
      } catch (thrown) {
        this.#onProblem(`rule ${rule.id} failed on an event: ${messageOf(thrown)}`);
        return false;
      }
    });
  }
}
