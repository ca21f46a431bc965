import type { SigmaDocument } from "../../../src/detection/sigma/collection-file.js";
import type { Condition } from "../../../src/detection/sigma/condition.js";
import type { CorrelationTree } from "../../../src/detection/sigma/correlation/tree.js";
import type { FilterTree } from "../../../src/detection/sigma/filter.js";
import type { Item, ItemValue, Search, SigmaRule } from "../../../src/detection/sigma/rule-tree.js";

/** What was read of Sigma as YAML again, with nothing but what the trees have. */

const strength = { or: 0, and: 1, not: 2, of: 3, identifier: 3 };

/** The condition as text, with the parentheses that it needs. Reading it again gives the same condition. */
export function printCondition(condition: Condition): string {
  const inner = (operand: Condition, above: Condition["type"]): string => {
    // `not not a` needs no parentheses; `(a and b) and c` keeps its own.
    const weaker =
      strength[operand.type] < strength[above] || (operand.type === above && operand.type !== "not");
    return weaker ? `(${printCondition(operand)})` : printCondition(operand);
  };
  switch (condition.type) {
    case "identifier":
      return condition.name;
    case "of":
      return `${condition.quantifier === "any" ? "1" : "all"} of ${condition.pattern}`;
    case "not":
      return `not ${inner(condition.operand, "not")}`;
    case "and":
    case "or":
      return condition.operands.map((operand) => inner(operand, condition.type)).join(` ${condition.type} `);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function list(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(", ")}]`;
}

/** Values that are no texts in YAML stand as the rule wrote them: 1.0 is not "1.0". */
const bare = ["number", "boolean", "null", "presence", "comparison", "date-part"];

function printValue({ written, meanings: [first] }: ItemValue): string {
  return first !== undefined && bare.includes(first.type) ? written : quoted(written);
}

function printValues({ values }: Item): string {
  const [only] = values;
  return values.length === 1 && only !== undefined
    ? printValue(only)
    : `[${values.map(printValue).join(", ")}]`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function printItems(items: readonly Item[]): string[] {
  return items.map((item) => `${quoted(item.key)}: ${printValues(item)}`);
}

/** The values of keywords, which have no key; null for a map of fields. */
function printKeywords(items: readonly Item[]): string | null {
  const [only, ...others] = items;
  return only?.key === "" && others.length === 0 ? printValues(only) : null;
}

function printSearch(name: string, search: Search): string[] {
  if (search.type === "items") {
    const keywords = printKeywords(search.items);
    return keywords === null ? [`${name}:`, ...indented(printItems(search.items))] : [`${name}: ${keywords}`];
  }
  const parts = search.alternatives.flatMap((part) => {
    if (part.type === "alternatives") throw new Error("a list in a list");
    const keywords = printKeywords(part.items);
    if (keywords !== null) return [`- ${keywords}`];
    const [first = "", ...others] = printItems(part.items);
    return [`- ${first}`, ...indented(others)];
  });
  return [`${name}:`, ...indented(parts)];
}

function printSearches({ searches, condition }: Pick<SigmaRule, "searches" | "condition">): string[] {
  return [
    ...[...searches].flatMap(([name, search]) => printSearch(name, search)),
    `condition: ${printCondition(condition)}`,
  ];
}

type Head = Partial<Pick<SigmaRule, "id" | "name" | "level" | "tags">> & Pick<SigmaRule, "title">;

function printHead({ title, id = null, name = null, level, tags = [] }: Head): string[] {
  return [
    `title: ${quoted(title)}`,
    ...(id === null ? [] : [`id: ${quoted(id)}`]),
    ...(name === null ? [] : [`name: ${quoted(name)}`]),
    ...(level === undefined ? [] : [`level: ${level}`]),
    ...(tags.length === 0 ? [] : [`tags: ${list(tags)}`]),
  ];
}

function printLogsource(logsource: SigmaRule["logsource"]): string[] {
  const given = Object.entries(logsource).filter(([, name]) => name !== null);
  return ["logsource:", ...indented(given.map(([key, name]) => `${key}: ${quoted(name ?? "")}`))];
}

function printRule(rule: SigmaRule): string[] {
  return [
    ...printHead(rule),
    ...printLogsource(rule.logsource),
    "detection:",
    ...indented(printSearches(rule)),
  ];
}

function printCorrelation(tree: CorrelationTree): string[] {
  const { type, rules, groupBy, aliases, timespanText, condition, fields, percentile, generate } = tree;
  const bounds = condition.type === "bounds" ? condition.bounds : {};
  const terms = [
    ...Object.entries(bounds).map(([operator, value]) => `${operator}: ${value}`),
    ...(fields.length === 0 ? [] : [`field: ${list(fields)}`]),
    ...(type === "value_percentile" ? [`percentile: ${percentile ?? ""}`] : []),
  ];
  const names = aliases.map(({ name, fields: of }) => {
    const pairs = of.map(({ rule, field }) => `${quoted(rule.text)}: ${quoted(field)}`);
    return `${quoted(name)}: { ${pairs.join(", ")} }`;
  });
  const section = [
    `type: ${type}`,
    `rules: ${list(rules.map(({ text }) => text))}`,
    ...(groupBy.length === 0 ? [] : [`group-by: ${list(groupBy)}`]),
    ...(names.length === 0 ? [] : ["aliases:", ...indented(names)]),
    `timespan: ${timespanText}`,
    condition.type === "expression"
      ? `condition: ${printCondition(condition.expression)}`
      : `condition: { ${terms.join(", ")} }`,
    ...(generate ? ["generate: true"] : []),
  ];
  return [...printHead(tree), "correlation:", ...indented(section)];
}

function printFilter(filter: FilterTree): string[] {
  const rules = filter.rules === null ? "any" : list(filter.rules.map(({ text }) => text));
  const { id, name, title } = filter;
  return [
    ...printHead({ id, name, title }),
    ...printLogsource(filter.logsource),
    "filter:",
    ...indented([`rules: ${rules}`, ...printSearches(filter)]),
  ];
}

function printDocument(document: SigmaDocument): string[] {
  switch (document.type) {
    case "rule":
      return printRule(document.rule);
    case "correlation":
      return printCorrelation(document.correlation);
    case "filter":
      return printFilter(document.filter);
    case "refused":
      throw new Error(JSON.stringify(document.diagnostics));
  }
}

/** Documents as a file; throws with the findings of one that was refused. */
export function printDocuments(documents: readonly SigmaDocument[]): string {
  return documents.map((document) => `${printDocument(document).join("\n")}\n`).join("---\n");
}

/** A tree without the places where its parts stand, and without the spaces of an expression, as plain data. */
export function withoutPlaces(value: unknown): unknown {
  if (value instanceof Map) return [...value].map(([key, part]) => [key as unknown, withoutPlaces(part)]);
  if (value instanceof Set) return [...value].map(withoutPlaces);
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (typeof value !== "object" || value === null) return value;
  const isExpression = "expression" in value;
  const places = ["at", "position", "number", "diagnostics", ...(isExpression ? ["text"] : [])];
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !places.includes(key))
      .map(([key, part]) => [key, withoutPlaces(part)]),
  );
}
