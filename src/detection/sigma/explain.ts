import type { MatchedClause, NearestEvent, UnmetClause } from "../../model/verdict.js";
import type { RuleEvent } from "../rule.js";
import { Budget, yamlText, type Suggestion } from "./candidate.js";
import { namesOf, type Condition } from "./condition.js";
import { EventView, type FieldView } from "./event-view.js";
import { compileItem, compileItemValue, type Test } from "./item.js";
import type { Item, ItemValue, Search, SigmaRule } from "./rule-tree.js";
import { suggestChange } from "./suggest.js";
import { valueHint } from "./value-hint.js";

/** How near an event came to a part of a rule. */
interface Outcome {
  readonly met: number;
  readonly needed: number;
  readonly unmet: readonly UnmetClause[];
  readonly matched: readonly MatchedClause[];
  /** Sum over the unmet clauses of how near each was, from 0 to 1. */
  readonly nearness: number;
}

const met: Outcome = { met: 1, needed: 1, unmet: [], matched: [], nearness: 0 };
const longestShown = 300;

function both(outcomes: readonly Outcome[]): Outcome {
  return {
    met: outcomes.reduce((sum, outcome) => sum + outcome.met, 0),
    needed: outcomes.reduce((sum, outcome) => sum + outcome.needed, 0),
    unmet: outcomes.flatMap((outcome) => outcome.unmet),
    matched: outcomes.flatMap((outcome) => outcome.matched),
    nearness: outcomes.reduce((sum, outcome) => sum + outcome.nearness, 0),
  };
}

/** The share met, then the fewest that are missing, then how near those were; the first of equals. */
function nearest(outcomes: readonly Outcome[]): Outcome {
  const rank = (outcome: Outcome): [number, number, number] => [
    outcome.needed === 0 ? 1 : outcome.met / outcome.needed,
    -outcome.unmet.length,
    outcome.unmet.length === 0 ? 0 : outcome.nearness / outcome.unmet.length,
  ];
  const isNearer = (left: Outcome, right: Outcome): boolean => {
    const rights = rank(right);
    for (const [index, value] of rank(left).entries()) {
      if (value !== rights[index]) return value > (rights[index] ?? 0);
    }
    return false;
  };
  const [first = met, ...others] = outcomes;
  return others.reduce((best, outcome) => (isNearer(outcome, best) ? outcome : best), first);
}

function cut(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

/** A value in the rule's words. */
function shownValue({ written, meanings }: ItemValue): string {
  const [first] = meanings;
  const bare = first?.type === "number" || first?.type === "boolean" || first?.type === "null";
  return bare || first?.type === "presence" || first?.type === "comparison" || first?.type === "date-part"
    ? written
    : yamlText(cut(written));
}

function shownValues(values: readonly ItemValue[]): string {
  const [only] = values;
  if (values.length === 1 && only !== undefined) return shownValue(only);
  const shown = values.slice(0, 6).map(shownValue).join(", ");
  return `any of ${shown}${values.length > 6 ? ` and ${values.length - 6} more` : ""}`;
}

/** What the event has, as it has it; null when the field is absent. Only a list needs quotes. */
function shownField(field: FieldView): string | null {
  if (!field.present) return null;
  const [only] = field.texts;
  if (field.texts.length === 1 && only !== undefined) return cut(only);
  if (field.texts.length === 0) return field.filled ? "(an object)" : "null";
  return cut(field.texts.map(yamlText).join(", "));
}

/** The walk over one rule and one event. */
class Explainer {
  readonly #budget = new Budget();
  readonly #view: EventView;
  readonly #tests: Tests;
  readonly #rule: SigmaRule;

  constructor(rule: SigmaRule, event: RuleEvent, tests: Tests) {
    this.#rule = rule;
    this.#view = new EventView(event);
    this.#tests = tests;
  }

  explain(): NearestEvent {
    const { event } = this.#view;
    const {
      met: count,
      needed,
      unmet,
      matched,
    } = both([...this.#logsource(), this.#condition(this.#rule.condition, false)]);
    const nearest = { event: event.id, summary: this.#summary(), met: count, needed, unmet: [...unmet] };
    return unmet.length === 0 ? { ...nearest, matched: [...matched] } : nearest;
  }

  /** Clauses for the parts of the log source that the event is not of; none when the rule reads the event. */
  #logsource(): Outcome[] {
    const { logsource } = this.#view.event;
    return (["product", "category", "service"] as const).flatMap((key) => {
      const wanted = this.#rule.logsource[key];
      const found = logsource[key] ?? null;
      if (wanted === null || wanted.toLowerCase() === found?.toLowerCase()) return [];
      const change = `the event is of another log source: it has ${found === null ? `no ${key}` : `${key}: ${found}`}`;
      const clause = { clause: `logsource: ${key}`, field: null, wanted, found, change };
      return [{ met: 0, needed: 1, unmet: [clause], matched: [], nearness: 0 }];
    });
  }

  #condition(condition: Condition, negated: boolean): Outcome {
    switch (condition.type) {
      case "not":
        return this.#condition(condition.operand, !negated);
      case "and":
      case "or": {
        const outcomes = condition.operands.map((operand) => this.#condition(operand, negated));
        return (condition.type === "and") === negated ? nearest(outcomes) : both(outcomes);
      }
      case "of": {
        const names = namesOf(condition.pattern, this.#rule.searches.keys());
        const outcomes = names.map((name) => this.#named(name, negated));
        return (condition.quantifier === "all") === negated ? nearest(outcomes) : both(outcomes);
      }
      case "identifier":
        return this.#named(condition.name, negated);
    }
  }

  #named(name: string, negated: boolean): Outcome {
    const search = this.#rule.searches.get(name);
    if (search === undefined) return met;
    return negated ? this.#excluded(name, search) : this.#search(name, search);
  }

  #search(name: string, search: Search): Outcome {
    return search.type === "items"
      ? both(search.items.map((item) => this.#item(name, item)))
      : nearest(search.alternatives.map((alternative) => this.#search(name, alternative)));
  }

  #item(name: string, item: Item): Outcome {
    if (this.#tests.ofItem(item)(this.#view)) {
      const count = item.all && !item.negated ? item.values.length : 1;
      return { ...met, met: count, needed: count, matched: [this.#matched(name, item)] };
    }
    if (item.all && !item.negated) {
      // Each value is a clause of its own: what is there counts as met.
      return both(
        item.values.map((value) =>
          this.#tests.ofValue(item, value)(this.#view) ? met : this.#unmet(name, item, [value]),
        ),
      );
    }
    return this.#unmet(name, item, item.values);
  }

  #unmet(name: string, item: Item, values: readonly ItemValue[]): Outcome {
    const field = item.field === null ? null : this.#view.field(item.field);
    const suggestion = this.#suggestion(item, values);
    const wanted = shownValues(values);
    const clause: UnmetClause = {
      ...this.#clause(name, item),
      wanted: item.negated ? `not ${wanted}` : wanted,
      found: field === null ? null : shownField(field),
      change: suggestion.text,
    };
    return { met: 0, needed: 1, unmet: [clause], matched: [], nearness: suggestion.nearness };
  }

  /** A selection by the name that its author gave it. */
  #shownName(name: string): string {
    const added = this.#rule.added?.get(name);
    return added === undefined ? name : `${added.name} of the ${added.by}`;
  }

  #clause(name: string, item: Item): { clause: string; field: string | null } {
    return {
      clause: `${this.#shownName(name)}: ${item.key === "" ? "keywords" : item.key}`,
      field: item.field,
    };
  }

  /** An item that the event meets, with the values that it meets it by. */
  #matched(name: string, item: Item): MatchedClause {
    const found = item.field === null ? null : shownField(this.#view.field(item.field));
    const value = this.#matchedValues(item);
    return { ...this.#clause(name, item), value: item.negated ? `not ${value}` : value, found };
  }

  #suggestion(item: Item, values: readonly ItemValue[]): Suggestion {
    const suggestion = suggestChange(item, values, this.#view, this.#budget);
    if (suggestion.text !== "") return suggestion;
    return { ...suggestion, text: valueHint(item, values, this.#view) };
  }

  /** A search that must not match. It is one clause, whatever it is made of. */
  #excluded(name: string, search: Search): Outcome {
    const items = this.#matching(search);
    if (items === null) return met;
    const fields = new Set(items.map(({ field }) => field));
    const [first] = items;
    const single = items.length === 1 && first !== undefined ? first : null;
    const found = items.map(({ field }) => (field === null ? null : shownField(this.#view.field(field))));
    const named = items.map(({ field }, index) => `${field ?? "keywords"}: ${found[index] ?? "absent"}`);
    const added = this.#rule.added?.get(name);
    const exclusion =
      added === undefined ? `the exclusion "${name}"` : `the exclusion "${added.name}" of the ${added.by}`;
    const clause: UnmetClause = {
      clause: `not ${this.#shownName(name)}: ${items.map(({ key }) => (key === "" ? "keywords" : key)).join(", ")}`,
      field: fields.size === 1 ? (first?.field ?? null) : null,
      wanted: `not ${items.map((item) => this.#shownMatch(item, single !== null)).join(" and ")}`,
      found: single === null ? cut(named.join(", ")) : (found[0] ?? null),
      change:
        single === null
          ? `${exclusion} holds for this event: add a field to it that tells this event apart`
          : `${exclusion} holds for this event: remove the value from it, or add a field that tells this event apart`,
    };
    return { met: 0, needed: 1, unmet: [clause], matched: [], nearness: 0.5 };
  }

  /** The items of the first alternative that matches; null when the search does not match. */
  #matching(search: Search): readonly Item[] | null {
    if (search.type === "items") {
      return search.items.every((item) => this.#tests.ofItem(item)(this.#view)) ? search.items : null;
    }
    for (const alternative of search.alternatives) {
      const items = this.#matching(alternative);
      if (items !== null) return items;
    }
    return null;
  }

  #shownMatch(item: Item, alone: boolean): string {
    const text = this.#matchedValues(item);
    return alone ? text : `${item.key === "" ? "keywords" : item.key} ${text}`;
  }

  #matchedValues(item: Item): string {
    if (item.all) return item.values.map(shownValue).join(" and ");
    if (item.negated) return shownValues(item.values);
    return shownValues(
      item.values.filter((value) => this.#tests.ofValue(item, value)(this.#view)).slice(0, 1),
    );
  }

  /** One line that tells a reader which event this is. */
  #summary(): string {
    const { fields } = this.#view.event;
    const names = ["CommandLine", "Image", ...Object.keys(fields)];
    for (const name of names) {
      const field = this.#view.field(name);
      const [text] = field.texts;
      if (text !== undefined && text !== "")
        return name === "CommandLine" ? cut(text) : `${name}: ${cut(text)}`;
    }
    return "an event without values";
  }
}

/** The tests of a rule's items, made once. */
class Tests {
  readonly #items = new Map<Item, Test>();
  readonly #values = new Map<ItemValue, Test>();

  ofItem(item: Item): Test {
    let test = this.#items.get(item);
    if (test === undefined) this.#items.set(item, (test = compileItem(item)));
    return test;
  }

  ofValue(item: Item, value: ItemValue): Test {
    let test = this.#values.get(value);
    if (test === undefined) this.#values.set(value, (test = compileItemValue(item, value)));
    return test;
  }
}

/**
 * A function that tells which clauses of the rule an event met and which not, and for each unmet clause the smallest
 * change of the rule that would have matched. Of alternatives it tells the one that came nearest. For every answer
 * `needed - met` is the number of unmet clauses; it is 0 exactly when the rule matches. Deterministic.
 */
export function makeExplainer(rule: SigmaRule): (event: RuleEvent) => NearestEvent {
  const tests = new Tests();
  return (event) => new Explainer(rule, event, tests).explain();
}
