import { namesOf, type Condition } from "../sigma/condition.js";
import type { Item, Search, SigmaRule } from "../sigma/rule-tree.js";
import type { RuleValue } from "../sigma/values.js";

/** One test of one field, or of the whole event for keywords. */
export interface Leaf {
  readonly type: "leaf";
  /** Null for keywords. */
  readonly field: string | null;
  readonly value: RuleValue;
  readonly cased: boolean;
  /** Offset into the rule's text. */
  readonly at: number;
}

/** A rule as a query language sees it: no selections and lists any more, only tests and how they are linked. */
export type Query =
  | Leaf
  | { readonly type: "not"; readonly operand: Query }
  | { readonly type: "and" | "or"; readonly operands: readonly Query[] };

/** Every test of a query, from first to last. */
export function leavesOf(query: Query): readonly Leaf[] {
  switch (query.type) {
    case "leaf":
      return [query];
    case "not":
      return leavesOf(query.operand);
    case "and":
    case "or":
      return query.operands.flatMap(leavesOf);
  }
}

/** Links parts, of which there is at least one. Links of one kind that stand in one another are one. */
export function link(type: "and" | "or", parts: readonly Query[]): Query {
  const operands = parts.flatMap((part) => (part.type === type ? part.operands : [part]));
  const [only] = operands;
  return operands.length === 1 && only !== undefined ? only : { type, operands };
}

function negate(operand: Query): Query {
  return operand.type === "not" ? operand.operand : { type: "not", operand };
}

function itemQuery({ field, values, cased, all, negated, at }: Item): Query {
  const meant = values.map(({ meanings }) =>
    link(
      "or",
      meanings.map((value): Leaf => ({ type: "leaf", field, value, cased, at })),
    ),
  );
  const query = link(all ? "and" : "or", meant);
  return negated ? negate(query) : query;
}

function searchQuery(search: Search): Query {
  return search.type === "items"
    ? link("and", search.items.map(itemQuery))
    : link("or", search.alternatives.map(searchQuery));
}

/** The condition of a rule with the selections put in their places. */
export function queryOf(rule: SigmaRule): Query {
  const named = (name: string): Query => {
    const search = rule.searches.get(name);
    // The reader has refused conditions that name what is not there.
    if (search === undefined) throw new Error(`no selection "${name}"`);
    return searchQuery(search);
  };
  const conditionQuery = (condition: Condition): Query => {
    switch (condition.type) {
      case "identifier":
        return named(condition.name);
      case "of":
        return link(
          condition.quantifier === "any" ? "or" : "and",
          namesOf(condition.pattern, rule.searches.keys()).map(named),
        );
      case "not":
        return negate(conditionQuery(condition.operand));
      case "and":
      case "or":
        return link(condition.type, condition.operands.map(conditionQuery));
    }
  };
  return conditionQuery(rule.condition);
}
