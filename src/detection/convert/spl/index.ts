import { refuseName, writeQuery, type ConvertContext, type Language } from "../language.js";
import { leavesOf, type Leaf, type Query } from "../query-tree.js";
import { shapeOf } from "../text-shape.js";
import { quoteText } from "../../spl/syntax/words.js";
import { searchLeaf } from "./search-leaf.js";
import { whereLeaf } from "./where-leaf.js";

/** Names that mean something other than a field of the event in a search. */
const special = /^(?:_?index_(?:earliest|latest)|tag|eventtype|earliest|latest|splunk_server)$|::/;

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
  for (const name of names) {
    if (special.test(name)) {
      context.refuse(
        at,
        `"${name}" is no field of the event in a search`,
        "rename the field with a pipeline",
      );
    } else if (!/^[\p{L}\p{N}_@][\p{L}\p{N}_.@{}: -]*$/u.test(name)) refuseName("SPL", name, at, context);
  }
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

/**
 * Writes a query of Splunk: what the command `search` can say stands in it, so that the index helps; what it cannot, such
 * as a regular expression, follows in `where`.
 */
export const spl: Language = (query, context) => {
  for (const leaf of leavesOf(query)) check(leaf, context);
  const parts: readonly Query[] = query.type === "and" ? query.operands : [query];
  const isSearched = (part: Query): boolean => leavesOf(part).every((leaf) => searchLeaf(leaf) !== null);
  const searched = parts.filter(isSearched);
  const rest = parts.filter((part) => !isSearched(part));
  const search = searched.map((part) =>
    writeQuery(
      part,
      {
        and: "AND",
        or: "OR",
        not: ["NOT ", ""],
        leaf: (leaf) => {
          assumeSearch(leaf, context);
          return searchLeaf(leaf) ?? "";
        },
      },
      false,
      // In a search OR binds tighter than AND; parentheses say it either way.
      parts.length === 1,
    ),
  );
  const where = rest.map((part) =>
    writeQuery(
      part,
      {
        and: "AND",
        or: "OR",
        not: ["NOT ", ""],
        leaf: (leaf, negated) => whereLeaf(leaf, negated, context),
      },
      false,
      rest.length === 1,
    ),
  );
  if (context.source === null)
    context.assume("The query reads the indexes that the user searches by default");
  const index = context.source === null ? [] : [`index=${quoteText(context.source)}`];
  const first =
    index.length > 0 && search.length === 1 && searched[0]?.type === "or" ? [`(${search[0]})`] : search;
  const before = [...index, ...first].join(" ");
  const after = where.length === 0 ? "" : ` | where ${where.join(" AND ")}`;
  return `${before === "" ? "*" : before}${after}`;
};
