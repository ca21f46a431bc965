import { expandDashes, type Pattern } from "../../sigma/pattern.js";
import { parseAddress } from "../../sigma/network.js";
import { quoteText } from "../../spl/syntax/words.js";
import { literalsOf } from "../text-shape.js";
import type { Leaf } from "../query-tree.js";

/** Most alternatives that a text with dashes is written out to. */
const mostAlternatives = 25;

/** Whether a text reads as itself between the quotes of a search: `*` is a wildcard, and a backtick calls a macro. */
function isPlain(text: string): boolean {
  const [address = ""] = text.split("/");
  // A search takes `10.0.0.0/8` for the addresses in it.
  return !/[*`]/.test(text) && !(text.includes("/") && parseAddress(address) !== null);
}

/** The values that are searched for in place of a pattern; null when a search has no such value. */
function searchValues(pattern: Pattern): readonly string[] | null {
  if (pattern.some(({ type }) => type === "one")) return null;
  const patterns = expandDashes(pattern, mostAlternatives);
  if (patterns === null || !patterns.every((each) => isPlain(literalsOf(each)))) return null;
  return patterns.map((each) =>
    quoteText(each.map((token) => (token.type === "literal" ? token.text : "*")).join("")),
  );
}

/** A field's name in a search. */
function searchField(name: string): string {
  const bare = /^[A-Za-z_][\w.]*$/.test(name) && !/^(?:and|or|not|in|by|term|case)$/i.test(name);
  return bare ? name : quoteText(name);
}

/** A test as the command `search` says it; null when it needs `where`. */
export function searchLeaf({ field, value, cased }: Leaf): string | null {
  const name = searchField(field ?? "_raw");
  switch (value.type) {
    case "text": {
      // CASE() around a value takes no wildcards for sure in every version.
      if (cased) return null;
      const values = searchValues(value.pattern)?.map((text) => `${name}=${text}`);
      if (values === undefined) return null;
      return values.length === 1 ? (values[0] ?? null) : `(${values.join(" OR ")})`;
    }
    case "boolean":
      return `${name}=${value.value}`;
    case "null":
      return `(NOT ${name}=*)`;
    case "presence":
      return value.wanted ? `${name}=*` : `(NOT ${name}=*)`;
    case "number":
      return `${name}=${quoteText(value.text)}`;
    case "regex":
    case "network":
    case "reference":
    case "comparison":
    case "date-part":
      return null;
  }
}
