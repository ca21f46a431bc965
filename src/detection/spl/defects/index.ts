import type { Query } from "../syntax/tree.js";
import { fullPaths } from "./full-paths.js";
import { rewriteCommand, rewriteQuery, type Report } from "./rewrite.js";
import { filterByFlag } from "./unfiltered-flag.js";
import { knownFields } from "./unknown-fields.js";

/**
 * The query as it was evidently meant, where Splunk accepts what is written and it can never find what it is for; the same
 * query when there is nothing of the kind. Each defect is told with its position.
 */
export function repairQuery(query: Query, known: ReadonlySet<string>, tell: Report): Query {
  const repaired = rewriteQuery(query, (node, written) => {
    const given = new Set([...known, ...written]);
    return knownFields(node, given, tell).map((each) => rewriteCommand(each, fullPaths(given, tell)));
  });
  return filterByFlag(repaired, tell);
}
