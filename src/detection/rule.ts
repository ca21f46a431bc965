import type { Diagnostic } from "../errors.js";
import type { NearestEvent } from "../model/verdict.js";
import type { Tier } from "../model/verdict.js";

/** The part of an event that rules read. */
export interface RuleEvent {
  readonly id: string;
  readonly logsource: {
    readonly product: string;
    readonly category?: string | undefined;
    readonly service?: string | undefined;
  };
  /** Absent means unknown. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The event's own time, in milliseconds since 1970. Only rules over several events read it; without it they do not count the event. */
  readonly time?: number | undefined;
}

/** A rule that was parsed and compiled, in any language. Matching is pure and keeps no state. */
export interface CompiledRule {
  /** The rule's own id, else its file's name without the extension. */
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly language: "sigma" | "spl";
  /** Sigma `level`; informational when the rule gives none. */
  readonly level: "informational" | "low" | "medium" | "high" | "critical";
  readonly tier: Tier;
  /** ATT&CK ids in the rule's tags, such as T1059.004. */
  readonly techniques: readonly string[];
  /** Every field that the rule reads; null when it reads the whole event (keywords). */
  readonly fields: ReadonlySet<string> | null;
  /** Whether the event is of a log source that the rule reads. */
  reads(event: RuleEvent): boolean;
  /** Whether the event satisfies the rule. Includes `reads`. */
  matches(event: RuleEvent): boolean;
  /**
   * Of a rule over several events (a correlation): whether the event counts toward it. Then `matches` says whether it alone
   * satisfies the rule. Absent: the rule is over single events.
   */
  contributes?(event: RuleEvent): boolean;
  /** Of a rule over several events: how near to each other they must be, in milliseconds. */
  readonly timespan?: number;
  /** Whether these events satisfy the rule without any others: for a rule over single events, whether one of them does. */
  satisfiedBy(events: readonly RuleEvent[]): boolean;
  /** Which clauses an event of the rule's log source met and which not, and the smallest change that would match. */
  explain(event: RuleEvent): NearestEvent;
  /** Of a rule over several events, and there whenever `contributes` is: how near these came to it together. */
  explainWindow?(events: readonly RuleEvent[]): WindowExplanation;
}

/** How near events came to a rule over several of them. */
export interface WindowExplanation {
  /** The window, of all groups, that came nearest; null when no event counted. Its group has the values of the group-by fields. */
  readonly nearest: { readonly group: Readonly<Record<string, string>> } | null;
  /** All of it in words: what is needed, how many of how many there were, and when. */
  readonly sentence: string;
}

/** A rule or the reasons why there is none. Warnings may stand beside a rule. */
export interface CompileResult {
  readonly rule: CompiledRule | null;
  readonly diagnostics: readonly Diagnostic[];
}
