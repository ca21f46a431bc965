import { TyrianError } from "../errors.js";
import { foldEvent } from "./match/event-text.js";
import { FoldedText } from "./match/folded-text.js";
import { Prefilter } from "./match/prefilter.js";
import { ReadValues, type DocumentKeys } from "./match/read-values.js";
import { groupsOfRule, wholeValues } from "./match/rule-groups.js";
import { treeOf } from "./match/rule-trees.js";
import { SharedTests } from "./match/shared-tests.js";
import type { ValueKeys } from "./match/value-keys.js";
import type { CompiledRule, RuleEvent } from "./rule.js";
import { EventView } from "./sigma/event-view.js";
import type { Test } from "./sigma/item.js";
import type { SigmaRule } from "./sigma/rule-tree.js";

/** Log sources are few; events with made-up ones must not fill the memory. */
const mostRoutes = 10_000;

/** The rules that read a log source. */
interface Route {
  /** By rule: 1 when it reads the log source. */
  readonly reads: Uint8Array;
  /** Rules that no literal announces, in order. */
  readonly always: readonly number[];
  readonly empty: boolean;
}

export interface MatcherOptions {
  /** False tries every rule of the log source on every event. The matches are the same; it takes longer. */
  readonly prefilter?: boolean;
  /**
   * Values that every event of a rule's log source has, at least one of each list, where the log source is told by values.
   * Rules that nothing else announces are then announced by them.
   */
  readonly valuesOfLogsource?: (logsource: SigmaRule["logsource"]) => readonly (readonly string[])[];
  /** How keys of documents become fields. With it only values that a rule may read are looked through. */
  readonly documentKeys?: DocumentKeys;
}

/** Told of a query that cannot be evaluated over an event, and why: it neither matches nor does not. */
export type OnUndecided = (rule: CompiledRule, reason: string) => void;

/**
 * Matches a stream of events against many rules: each event once, against the rules of its log source only, and of these
 * against those only whose literals it holds.
 */
export class StreamingMatcher {
  readonly #rules: readonly CompiledRule[];
  readonly #routes = new Map<string, Route>();
  readonly #shared = new SharedTests();
  /** By rule: its test, made when it is first needed. Null when it is not known what the rule was compiled from. */
  readonly #tests: (Test | null | undefined)[];
  readonly #prefilter: Prefilter;
  /** By number in the prefilter: the rule. */
  readonly #filtered: readonly number[];
  /** By rule: 1 when no literal announces it. */
  readonly #unannounced: Uint8Array;
  readonly #anyUnannounced: boolean;
  readonly #readValues: ReadValues | null;
  readonly #text = new FoldedText();
  /** Whether any rule is a query, which may ask for an event's time. */
  readonly hasQueries: boolean;

  constructor(rules: readonly CompiledRule[], options: MatcherOptions = {}) {
    this.#rules = [...rules];
    this.hasQueries = this.#rules.some(({ language }) => language === "spl");
    this.#tests = this.#rules.map(() => undefined);
    const trees = this.#rules.map(treeOf);
    const { prefilter = true, valuesOfLogsource = () => [], documentKeys } = options;
    const logsources = trees.map((tree) =>
      tree === null ? [] : valuesOfLogsource(tree.logsource).flatMap(wholeValues),
    );
    const groups = trees.map((tree, rule) =>
      tree === null || !prefilter ? [] : [...groupsOfRule(tree), ...(logsources[rule] ?? [])],
    );
    this.#unannounced = Uint8Array.from(groups, (each) => (each.length === 0 ? 1 : 0));
    this.#anyUnannounced = this.#unannounced.includes(1);
    this.#filtered = groups.flatMap((each, rule) => (each.length === 0 ? [] : [rule]));
    this.#prefilter = new Prefilter(groups.filter((each) => each.length > 0));
    const read = this.#filtered.map((rule) => ({
      fields: this.#rules[rule]?.fields ?? null,
      logsource: logsources[rule] ?? [],
    }));
    this.#readValues = documentKeys === undefined ? null : new ReadValues(read, documentKeys);
  }

  /** The keys by whose numbers a text's values are told apart; null when all values are looked through. */
  get keys(): ValueKeys | null {
    return this.#readValues?.keys ?? null;
  }

  /** The rules that the event satisfies, in the order in which they were given. */
  match(event: RuleEvent): CompiledRule[] {
    if (this.#routeOf(event).empty) return [];
    foldEvent(event, this.#text);
    const announced = this.announced(this.#text);
    return announced === null
      ? []
      : this.satisfied(event, announced).map((rule) => this.#rules[rule] as CompiledRule);
  }

  /**
   * Numbers of the rules that an event with these values may satisfy, whatever its log source. Null when no rule can match
   * it: then it need not even be read. An empty list says no such thing: there are rules that no value announces.
   */
  announced(text: FoldedText): number[] | null {
    const candidates = this.#prefilter.candidates(text, this.#readValues?.of(text) ?? null);
    if (candidates.length === 0) return this.#anyUnannounced ? [] : null;
    return candidates.map((candidate) => this.#filtered[candidate] as number);
  }

  /**
   * Numbers of the rules that an event satisfies, in order, out of those that its values announced.
   * @throws TyrianError `analytic-invalid` when a query cannot be evaluated over the event and nobody is told of it.
   */
  satisfied(event: RuleEvent, announced: readonly number[], onUndecided?: OnUndecided): number[] {
    const { reads, always } = this.#routeOf(event);
    const read = announced.filter((rule) => reads[rule] === 1);
    const rules = read.length === 0 ? always : [...always, ...read].sort((left, right) => left - right);
    if (rules.length === 0) return [];
    const view = new EventView(event);
    return rules.filter((rule) => this.#satisfies(rule, view, onUndecided));
  }

  #satisfies(rule: number, view: EventView, onUndecided: OnUndecided | undefined): boolean {
    let test = this.#tests[rule];
    if (test === undefined) {
      const tree = treeOf(this.#rules[rule] as CompiledRule);
      test = tree === null ? null : this.#shared.of(tree);
      this.#tests[rule] = test;
    }
    return test === null ? asWhole(this.#rules[rule] as CompiledRule, view.event, onUndecided) : test(view);
  }

  #routeOf(event: RuleEvent): Route {
    const { product, category = "", service = "" } = event.logsource;
    const key = `${product}\n${category}\n${service}`;
    let route = this.#routes.get(key);
    if (route === undefined) {
      // A query reads by fields of the event, too: of its log source alone nothing can be kept.
      const reads = Uint8Array.from(this.#rules, (rule) =>
        rule.language === "spl" || rule.reads(event) ? 1 : 0,
      );
      const always = this.#rules.flatMap((_, rule) =>
        reads[rule] === 1 && this.#unannounced[rule] === 1 ? [rule] : [],
      );
      route = { reads, always, empty: !reads.includes(1) };
      if (this.#routes.size < mostRoutes) this.#routes.set(key, route);
    }
    return route;
  }
}

/** Asks a rule of which it is not known what it was compiled from. */
function asWhole(rule: CompiledRule, event: RuleEvent, onUndecided: OnUndecided | undefined): boolean {
  try {
    return rule.matches(event);
  } catch (thrown) {
    if (onUndecided === undefined) throw thrown;
    if (!(thrown instanceof TyrianError) || thrown.code !== "analytic-invalid") throw thrown;
    onUndecided(rule, thrown.diagnostics[0]?.message ?? thrown.message);
    return false;
  }
}
