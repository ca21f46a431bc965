import type { Position } from "../../errors.js";
import type { Condition } from "../sigma/condition.js";
import type { Correlation } from "../sigma/correlation/correlation.js";
import type { SigmaRule } from "../sigma/rule-tree.js";
import { link, queryOf, type Query } from "./query-tree.js";

/** Which rules must have matched, by their numbers from 0. */
export type WantedRules =
  | { readonly type: "rule"; readonly index: number }
  | { readonly type: "and" | "or"; readonly operands: readonly WantedRules[] };

/**
 * A correlation as a query language sees it. The query is run over a range of time that is the correlation's timespan: over
 * it alone it counts, and so it finds a group exactly when the correlation does. That holds for conditions that more
 * events can only meet, never break.
 */
export interface CorrelationQuery {
  /** The events that count: those of any rule. */
  readonly events: Query;
  /** Fields that an event must have to count, and by whose values it is counted. */
  readonly groupBy: readonly string[];
  readonly counts:
    | { readonly of: "events"; readonly least: number }
    /** Values of a field, or combinations of values of several, that differ. An event without one does not count. */
    | { readonly of: "values"; readonly fields: readonly string[]; readonly least: number }
    /** A sum of numbers of a field that are never negative. An event without a number does not count. */
    | { readonly of: "sum"; readonly field: string; readonly operator: "gt" | "gte"; readonly least: number }
    | { readonly of: "rules"; readonly rules: readonly Query[]; readonly wanted: WantedRules };
  /** As Sigma writes it: a number and s, m, h or d. */
  readonly timespan: string;
}

/** The sign of a sum's bound in most languages. */
export const sumSigns = { gt: ">", gte: ">=" } as const;

/** Refuses the correlation. */
export type Refuse = (position: Position, message: string, hint: string) => null;

/** The least whole number that meets the condition; null when a greater one may break it. */
export function leastOf({ tree }: Correlation): number | null {
  const { condition } = tree;
  if (condition.type !== "bounds") return null;
  const { gte, gt, ...others } = condition.bounds;
  if (Object.values(others).some((value) => value !== undefined)) return null;
  const least = gte !== undefined ? Math.ceil(gte) : gt !== undefined ? Math.floor(gt) + 1 : null;
  return least !== null && Number.isSafeInteger(least) ? Math.max(1, least) : null;
}

/** The bound of a sum that grows with every event, when its numbers are not negative; null for other correlations. */
export function growingSum({ tree }: Correlation): { operator: "gt" | "gte"; least: number } | null {
  const { type, condition } = tree;
  if (type !== "value_sum" || condition.type !== "bounds") return null;
  const [only, ...others] = Object.entries(condition.bounds);
  if (only === undefined || others.length > 0) return null;
  const [operator, least] = only;
  return operator === "gt" || operator === "gte" ? { operator, least } : null;
}

function wantedOf(condition: Condition, references: readonly string[]): WantedRules | null {
  switch (condition.type) {
    case "identifier":
      return { type: "rule", index: references.indexOf(condition.name) };
    case "and":
    case "or": {
      const operands = condition.operands.map((operand) => wantedOf(operand, references));
      return { type: condition.type, operands: operands.filter((operand) => operand !== null) };
    }
    case "not":
    case "of":
      // The reader of correlations has refused both.
      return null;
  }
}

function countsOf(
  correlation: Correlation,
  rules: readonly Query[],
  fields: readonly string[],
  refuse: Refuse,
): CorrelationQuery["counts"] | null {
  const { tree, counted } = correlation;
  const all = rules.map((_, index): WantedRules => ({ type: "rule", index }));
  if (tree.type === "temporal" && tree.condition.type === "expression") {
    const references = counted.map(({ reference }) => reference);
    const wanted = wantedOf(tree.condition.expression, references);
    return wanted === null ? null : { of: "rules", rules, wanted };
  }
  const sum = growingSum(correlation);
  if (sum !== null) return { of: "sum", field: fields[0] ?? "", ...sum };
  const least = leastOf(correlation);
  if (least === null) {
    return refuse(
      tree.position,
      "whether there are few enough depends on where the window ends, and a query counts over one range",
      "a condition with gte or gt can be converted",
    );
  }
  if (tree.type === "event_count") return { of: "events", least };
  if (tree.type === "value_count") return { of: "values", fields, least };
  if (least >= all.length) return { of: "rules", rules, wanted: { type: "and", operands: all } };
  if (least === 1) return { of: "rules", rules, wanted: { type: "or", operands: all } };
  return refuse(
    tree.position,
    `a query says which rules must have matched, not that ${least} of ${all.length} have`,
    'write the condition in "and" and "or" over the names of the rules',
  );
}

/**
 * The query of a correlation; null when it was refused. `trees` are the rules that it counts, in its order, as the queries'
 * fields have them.
 */
export function correlationQuery(
  correlation: Correlation,
  trees: readonly SigmaRule[],
  refuse: Refuse,
): CorrelationQuery | null {
  const { tree } = correlation;
  if (tree.type === "temporal_ordered") {
    return refuse(
      tree.position,
      "temporal_ordered is not converted: a query that counts keeps no order",
      "convert it to EQL or YARA-L, which have sequences",
    );
  }
  if (!commonLogsource(trees, tree.position, refuse)) return null;
  const groupBy = sharedNames(correlation, trees, tree.groupBy, refuse);
  const fields = sharedNames(correlation, trees, tree.fields, refuse);
  if (groupBy === null || fields === null) return null;
  const rules = trees.map(queryOf);
  const counts = countsOf(correlation, rules, fields, refuse);
  if (counts === null) return null;
  return {
    events: link("or", rules),
    groupBy,
    counts,
    timespan: tree.timespanText,
  };
}

/** Fields of a correlation by the names that all its rules have for them; null when it was refused. */
export function sharedNames(
  correlation: Correlation,
  trees: readonly SigmaRule[],
  fields: readonly string[],
  refuse: Refuse,
): readonly string[] | null {
  const names = fields.map((name) => {
    const all = new Set(trees.map((_, index) => correlation.fieldIn(index, name)));
    const [only] = all;
    if (all.size === 1 && only !== undefined && !only.startsWith("tyrian_")) return only;
    return refuse(
      correlation.tree.position,
      `"${name}" is another field in each rule, and a query groups by one`,
      "let a pipeline give the fields one name",
    );
  });
  const found = names.filter((name) => name !== null);
  return found.length < names.length ? null : found;
}

/** Whether all rules read one log source; refuses them otherwise. */
export function commonLogsource(trees: readonly SigmaRule[], position: Position, refuse: Refuse): boolean {
  if (new Set(trees.map(({ logsource }) => JSON.stringify(logsource))).size <= 1) return true;
  refuse(
    position,
    "the rules read different log sources, and a query reads one source",
    "convert each rule by itself, and correlate in the SIEM",
  );
  return false;
}

/** The events of a query that have all of these fields. */
export function havingFields(events: Query, names: readonly string[]): Query {
  const present = names.map((field): Query => {
    return { type: "leaf", field, value: { type: "presence", wanted: true }, cased: false, at: 0 };
  });
  return link("and", [events, ...present]);
}

/** The fields in which a query counts and adds, and those in which it keeps which rules matched. */
export const countName = "tyrian_count";
export const sumName = "tyrian_sum";

export function ruleName(index: number): string {
  return `tyrian_rule_${index + 1}`;
}

/** Which rules must have matched, as a condition over {@link ruleName}. */
export function writeWanted(
  wanted: WantedRules,
  links: { readonly and: string; readonly or: string; readonly test: (name: string) => string },
  outermost = true,
): string {
  if (wanted.type === "rule") return links.test(ruleName(wanted.index));
  const parts = wanted.operands.map((operand) => writeWanted(operand, links, false));
  const text = parts.join(` ${links[wanted.type]} `);
  return outermost || parts.length === 1 ? text : `(${text})`;
}
