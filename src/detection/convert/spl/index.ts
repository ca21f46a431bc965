import { countName, ruleName, writeWanted, type CorrelationQuery } from "../correlation-query.js";
import { refuseName, writeQuery, type ConvertContext, type Language } from "../language.js";
import { leavesOf, type Leaf, type Query } from "../query-tree.js";
import { shapeOf } from "../text-shape.js";
import { quoteText } from "../../spl/syntax/words.js";
import type { WindowQuery } from "../window-query.js";
import { searchLeaf } from "./search-leaf.js";
import { whereLeaf } from "./where-leaf.js";
import { splWindows } from "./windows.js";

/** Names that mean something other than a field of the event in a search. */
const special = /^(?:_?index_(?:earliest|latest)|tag|eventtype|earliest|latest|splunk_server)$|::/;

function checkName(name: string, at: number, context: ConvertContext): void {
  if (special.test(name)) {
    context.refuse(at, `"${name}" is no field of the event in a search`, "rename the field with a pipeline");
  } else if (!/^[\p{L}\p{N}_@][\p{L}\p{N}_.@{}: -]*$/u.test(name)) refuseName("SPL", name, at, context);
}

/** Refuses what neither command can say. */
function check(leaf: Leaf, context: ConvertContext): void {
  const { field, value, at } = leaf;
  if (field === null) {
    if (value.type !== "text" || shapeOf(value.pattern)?.place !== "contains") {
      context.refuse(
        at,
        "a keyword with wildcards inside it or a regular expression is looked for in each value, and Splunk has only the whole event",
        "name the field",
      );
    }
    context.assume("Keywords are looked for in the event's whole text (_raw), names of fields included");
  }
  const names = [...(field === null ? [] : [field]), ...(value.type === "reference" ? [value.field] : [])];
  for (const name of names) checkName(name, at, context);
}

function assumeSearch({ field, value }: Leaf, { assume }: ConvertContext): void {
  if (value.type === "number") {
    assume(
      "Numbers stand in the events as the rule writes them: Splunk compares them as texts, 1 is not 1.0",
    );
  }
  if (value.type === "presence" || value.type === "null") {
    assume(`${field ?? "_raw"} is not extracted when its value is null`);
  }
}

function whereText(query: Query, context: ConvertContext, outermost: boolean): string {
  const leaf = (each: Leaf, negated: boolean): string => whereLeaf(each, negated, context);
  return writeQuery(query, { and: "AND", or: "OR", not: ["NOT ", ""], leaf }, false, outermost);
}

function searchText(query: Query, context: ConvertContext, outermost: boolean): string {
  const leaf = (each: Leaf): string => {
    assumeSearch(each, context);
    return searchLeaf(each) ?? "";
  };
  return writeQuery(query, { and: "AND", or: "OR", not: ["NOT ", ""], leaf }, false, outermost);
}

/** What the command `search` can say stands in it, so that the index helps; the rest follows in `where`. */
function eventsOf(query: Query, context: ConvertContext): string {
  for (const leaf of leavesOf(query)) check(leaf, context);
  const parts: readonly Query[] = query.type === "and" ? query.operands : [query];
  const isSearched = (part: Query): boolean => leavesOf(part).every((leaf) => searchLeaf(leaf) !== null);
  const searched = parts.filter(isSearched);
  const rest = parts.filter((part) => !isSearched(part));
  // In a search OR binds tighter than AND; parentheses say it either way.
  const alone = parts.length === 1 && context.source === null;
  const search = searched.map((part) => searchText(part, context, alone));
  const where = rest.map((part) => whereText(part, context, rest.length === 1));
  if (context.source === null)
    context.assume("The query reads the indexes that the user searches by default");
  const index = context.source === null ? [] : [`index=${quoteText(context.source)}`];
  const before = [...index, ...search].join(" ");
  const after = where.length === 0 ? "" : ` | where ${where.join(" AND ")}`;
  return `${before === "" ? "*" : before}${after}`;
}

function stats(result: string, by: readonly string[]): string {
  return by.length === 0 ? `stats ${result}` : `stats ${result} BY ${by.map(quoteText).join(", ")}`;
}

function correlation({ events, groupBy, counts }: CorrelationQuery, context: ConvertContext): string {
  const fields = counts.of === "values" ? counts.fields : [];
  for (const name of [...groupBy, ...fields]) checkName(name, 0, context);
  const first = eventsOf(events, context);
  if (counts.of === "rules") {
    const flags = counts.rules.map(
      (rule, index) => `${ruleName(index)}=if(${whereText(rule, context, true)}, 1, 0)`,
    );
    const results = counts.rules.map((_, index) => `max(${ruleName(index)}) AS ${ruleName(index)}`);
    const wanted = writeWanted(counts.wanted, { and: "AND", or: "OR", test: (name) => `${name}=1` });
    const lines = [first, `eval ${flags.join(", ")}`, stats(results.join(", "), groupBy), `where ${wanted}`];
    return lines.join("\n| ");
  }
  if (counts.of === "sum") throw new Error("sums are computed over windows");
  const count = `count AS ${countName}`;
  const lines = counts.of === "values" ? [first, stats(count, [...groupBy, ...fields])] : [first];
  return [...lines, stats(count, groupBy), `where ${countName}>=${counts.least}`].join("\n| ");
}

function windows(query: WindowQuery, context: ConvertContext): string {
  for (const name of [...query.groupBy, query.field]) checkName(name, 0, context);
  return splWindows(query, eventsOf(query.events, context), context);
}

/** Writes a query of Splunk. */
export const spl: Language = { rule: eventsOf, correlation, windows };
