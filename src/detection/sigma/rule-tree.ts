import type { Condition } from "./condition.js";
import type { RuleValue } from "./values.js";

/** One value as the rule writes it, and what it became through the modifiers: any of these may match. */
export interface ItemValue {
  readonly written: string;
  readonly meanings: readonly RuleValue[];
}

/** One line of a selection: a field, its modifiers, and the values of which any (or, with `all`, each) must match. */
export interface Item {
  /** The key in the rule's own words, such as `CommandLine|contains|all`; empty for plain keywords. */
  readonly key: string;
  /** The events' name for it. Null for keywords, which are looked for in every value of the event. */
  readonly field: string | null;
  readonly modifiers: readonly string[];
  readonly all: boolean;
  readonly negated: boolean;
  readonly cased: boolean;
  readonly values: readonly ItemValue[];
  /** Offset into the rule's text. */
  readonly at: number;
}

/** What a search identifier stands for. */
export type Search =
  | { readonly type: "items"; readonly items: readonly Item[] }
  | { readonly type: "alternatives"; readonly alternatives: readonly Search[] };

export type Level = "informational" | "low" | "medium" | "high" | "critical";

/** A rule as read from its file, before it is compiled. */
export interface SigmaRule {
  readonly id: string | null;
  /** The name by which correlations and filters may refer to the rule. */
  readonly name?: string | null;
  readonly title: string;
  readonly level: Level;
  readonly tags: readonly string[];
  readonly logsource: {
    readonly product: string | null;
    readonly category: string | null;
    readonly service: string | null;
  };
  readonly searches: ReadonlyMap<string, Search>;
  readonly condition: Condition;
  /** What a filter or a pipeline added to `searches`, by the name there: the rule's own file does not have these. */
  readonly added?: ReadonlyMap<string, AddedSearch>;
}

/** A search as those know it who wrote it. */
export interface AddedSearch {
  readonly name: string;
  /** Such as `filter "Administrators"`. */
  readonly by: string;
}

/** The field by the name that the rule has for it, whatever pipelines made of it; null for keywords. */
export function writtenField({ key }: Item): string | null {
  const [field = ""] = key.split("|");
  return field.trim() === "" ? null : field.trim();
}

/** The items of a search, from first to last. */
export function itemsOf(search: Search): readonly Item[] {
  return search.type === "items" ? search.items : search.alternatives.flatMap(itemsOf);
}
