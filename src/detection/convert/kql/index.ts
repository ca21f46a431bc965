import { countName, ruleName, writeWanted, type CorrelationQuery } from "../correlation-query.js";
import { refuseName, writeQuery, type ConvertContext, type Language } from "../language.js";
import type { Query } from "../query-tree.js";
import { kqlLeaf } from "./leaf.js";
import type { WindowQuery } from "../window-query.js";
import { kqlName } from "./name.js";
import { kqlWindows } from "./windows.js";

function condition(query: Query, context: ConvertContext, outermost = true): string {
  return writeQuery(
    query,
    {
      and: "and",
      or: "or",
      not: ["not(", ")"],
      leaf: (leaf, negated) => kqlLeaf(leaf, negated, context),
    },
    false,
    outermost,
  );
}

/** The table, and the events of a query in it. */
function eventsOf(query: Query, context: ConvertContext): string {
  const table = context.source === null ? null : kqlName(context.source);
  if (table === null) {
    return context.refuse(
      0,
      context.source === null
        ? "a KQL query starts with the table that it reads, and none is given"
        : `no KQL query can carry the table name "${context.source}"`,
      "give the table as the source, such as DeviceProcessEvents",
    );
  }
  return `${table}\n| where ${condition(query, context)}`;
}

function summarize(results: readonly string[], by: readonly string[]): string {
  return ["summarize", results.join(", "), by.length === 0 ? "" : `by ${by.join(", ")}`]
    .filter((part) => part !== "")
    .join(" ");
}

/** Absent fields are a group of their own in Kusto: they are sorted out before. */
function correlation({ events, groupBy, counts }: CorrelationQuery, context: ConvertContext): string {
  const nameOf = (name: string): string => kqlName(name) ?? refuseName("KQL", name, 0, context);
  const by = groupBy.map(nameOf);
  const fields = counts.of === "values" ? counts.fields.map(nameOf) : [];
  const present = [...by, ...fields].map((name) => `isnotempty(${name})`);
  for (const name of [...groupBy, ...(counts.of === "values" ? counts.fields : [])])
    context.assume(`${name} is empty only where the event has no value for it`);
  const lines = [
    eventsOf(events, context),
    ...(present.length === 0 ? [] : [`where ${present.join(" and ")}`]),
  ];
  if (counts.of === "rules") {
    const flags = counts.rules.map(
      (rule, index) => `${ruleName(index)}=countif(${condition(rule, context)})`,
    );
    const wanted = writeWanted(counts.wanted, { and: "and", or: "or", test: (name) => `${name} > 0` });
    return [...lines, summarize(flags, by), `where ${wanted}`].join("\n| ");
  }
  if (counts.of === "sum") throw new Error("sums are computed over windows");
  if (counts.of === "values") lines.push(summarize([], [...by, ...fields]));
  return [...lines, summarize([`${countName}=count()`], by), `where ${countName} >= ${counts.least}`].join(
    "\n| ",
  );
}

function windows(query: WindowQuery, context: ConvertContext): string {
  return kqlWindows(query, eventsOf(query.events, context), context);
}

/**
 * Writes a query of Kusto, for Microsoft Sentinel and Defender. Kusto knows "unknown" beside true and false: below a NOT
 * the tests that could be unknown are made false.
 */
export const kql: Language = { rule: eventsOf, escapesControls: true, correlation, windows };
