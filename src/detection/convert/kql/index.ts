import { writeQuery, type Language } from "../language.js";
import { kqlLeaf } from "./leaf.js";
import { kqlName } from "./name.js";

/**
 * Writes a query of Kusto, for Microsoft Sentinel and Defender. Kusto knows "unknown" beside true and false: below a NOT
 * the tests that could be unknown are made false.
 */
export const kql: Language = (query, context) => {
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
  const condition = writeQuery(query, {
    and: "and",
    or: "or",
    not: ["not(", ")"],
    leaf: (leaf, negated) => kqlLeaf(leaf, negated, context),
  });
  return `${table}\n| where ${condition}`;
};
