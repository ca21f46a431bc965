import type { Row } from "../evaluate/row.js";
import { compileSearch, conditionOfRows } from "../evaluate/search.js";
import type { Scope } from "../evaluate/scope.js";
import { textsOf } from "../evaluate/values.js";
import { printQuery } from "../commands/index.js";
import { printSearch } from "../syntax/printer.js";
import { searchLeaves, type SearchExpression } from "../syntax/tree.js";
import { quoteText } from "../syntax/words.js";
import { all, cut, nearest, type Outcome } from "./outcome.js";
import { suggestSearch } from "./suggest.js";

/** What a row has under a field, as text; null when it has nothing. */
export function shownField(row: Row, field: string | null): string | null {
  if (field === null) return null;
  const texts = textsOf(row.get(field));
  return texts.length === 0 ? null : cut(texts.join(", "));
}

function fieldOf(leaf: SearchExpression): string | null {
  if (leaf.type === "compare" || leaf.type === "in") return leaf.field;
  return leaf.type === "time" ? "_time" : null;
}

function wantedOf(leaf: SearchExpression): string {
  switch (leaf.type) {
    case "compare":
      return leaf.operator === "=" ? quoteText(leaf.value) : `${leaf.operator} ${quoteText(leaf.value)}`;
    case "in": {
      const shown = leaf.values.slice(0, 6).map(quoteText).join(", ");
      return `any of ${shown}${leaf.values.length > 6 ? ` and ${leaf.values.length - 6} more` : ""}`;
    }
    case "keyword":
      return `the event's text has ${quoteText(leaf.text)}`;
    case "time":
      return `${leaf.bound === "earliest" ? "at or after" : "before"} ${leaf.value}`;
    case "eventtype":
      return `the event type ${leaf.name}`;
    case "subsearch":
      return "one of the rows of the subsearch";
    case "and":
    case "or":
    case "not":
      return printSearch(leaf, printQuery);
  }
}

/** What a row has under the fields that the rows of a subsearch have. */
function shownFields(
  leaf: SearchExpression & { readonly type: "subsearch" },
  row: Row,
  scope: Scope,
): string | null {
  const fields = new Set(searchLeaves(conditionOfRows(leaf, scope)).flatMap((each) => fieldOf(each) ?? []));
  const texts = [...fields].map((field) => `${field}: ${shownField(row, field) ?? "absent"}`);
  return texts.length === 0 ? null : cut(texts.join(", "));
}

function explainLeaf(leaf: SearchExpression, row: Row, scope: Scope, negated: boolean): Outcome {
  const holds = compileSearch(leaf, scope)(row) !== negated;
  const printed = cut(printSearch(leaf, printQuery).replaceAll("\n", " "));
  const field = fieldOf(leaf);
  const found = leaf.type === "subsearch" ? shownFields(leaf, row, scope) : shownField(row, field);
  const clause = `search: ${negated ? "NOT " : ""}${printed}`;
  const wanted = `${negated ? "not " : ""}${cut(wantedOf(leaf))}`;
  if (holds) {
    return { met: 1, needed: 1, unmet: [], matched: [{ clause, field, value: wanted, found }] };
  }
  const change = negated
    ? "the exclusion holds for this event: remove it, or add a term to it that tells this event apart"
    : suggestSearch(leaf, row, scope);
  return { met: 0, needed: 1, unmet: [{ clause, field, wanted, found, change }], matched: [] };
}

/** Which terms of a search a row meets and which not; of alternatives those of the nearest. */
export function explainSearch(search: SearchExpression, row: Row, scope: Scope, negated: boolean): Outcome {
  switch (search.type) {
    case "not":
      return explainSearch(search.operand, row, scope, !negated);
    case "and":
    case "or": {
      const outcomes = search.operands.map((operand) => explainSearch(operand, row, scope, negated));
      return (search.type === "and") === negated ? nearest(outcomes) : all(outcomes);
    }
    case "eventtype":
      return explainSearch(search.search, row, scope, negated);
    case "compare":
    case "in":
    case "keyword":
    case "time":
    case "subsearch":
      return explainLeaf(search, row, scope, negated);
  }
}
