import { isMap, isScalar, type YAMLMap } from "yaml";
import { ConditionProblem, leavesOf, parseCondition, type Condition } from "../condition.js";
import type { Findings } from "../findings.js";
import { entry } from "../yaml-file.js";
import { isWithin, operators, reachOf, type Bounds, type Operator } from "./bounds.js";
import { readNames, refuseUnknown } from "./parse-names.js";
import {
  isNumeric,
  type CorrelationCondition,
  type CorrelationTree,
  type CorrelationType,
  type RuleReference,
} from "./tree.js";

/** The part of a document that a condition is read from. */
export interface ConditionSection {
  readonly map: YAMLMap;
  readonly at: number;
  readonly type: CorrelationType;
  readonly text: string;
}

export interface ReadCondition {
  readonly condition: CorrelationCondition;
  readonly fields: readonly string[];
  readonly percentile: number | null;
  readonly rules: readonly RuleReference[] | null;
}

const isTemporal = (type: CorrelationType): boolean => type === "temporal" || type === "temporal_ordered";

/** Reads a condition that is a map of operators; for temporal types it may be absent, and all rules must match. */
export function readBounds(
  { map, at, type }: ConditionSection,
  listed: readonly RuleReference[] | null,
  findings: Findings,
): ReadCondition | null {
  const found = entry(map, "condition");
  if (found === null) {
    if (isTemporal(type)) {
      const condition = { type: "bounds", bounds: { gte: listed?.length ?? 1 } } as const;
      return { condition, fields: [], percentile: null, rules: listed };
    }
    const hint = "such as gte: 10";
    findings.error(at, "missing-condition", "the correlation has no condition", hint);
    return null;
  }
  if (!isMap(found.node)) {
    findings.error(found.at, "wrong-type", '"condition" must be a map such as gte: 10', "");
    return null;
  }
  refuseUnknown(found.node, [...operators, "field", "percentile"], "a correlation's condition", findings);
  const bounds = readOperators(found.node, type, found.at, findings);
  const fields = readFields(found.node, type, found.keyAt, findings);
  const percentile = readPercentile(found.node, type, found.keyAt, findings);
  if (bounds === null || fields === null || percentile === undefined) return null;
  const count = listed?.length ?? 0;
  if (type === "temporal_ordered" && count > 0) {
    const partial = Array.from({ length: count }, (_, index) => index).some((few) => isWithin(bounds, few));
    if (partial || !isWithin(bounds, count)) {
      const hint = `remove the condition, or use temporal, where the number of rules is counted`;
      findings.error(found.at, "condition-order", `in order means all ${count} rules`, hint);
      return null;
    }
  }
  return { condition: { type: "bounds", bounds }, fields, percentile, rules: listed };
}

function readOperators(map: YAMLMap, type: CorrelationType, at: number, findings: Findings): Bounds | null {
  const bounds: Partial<Record<Operator, number>> = {};
  let failed = false;
  for (const operator of operators) {
    const found = entry(map, operator);
    if (found === null) continue;
    const value = isScalar(found.node) ? found.node.value : null;
    const number = typeof value === "number" && Number.isFinite(value) ? value : null;
    if (number === null || (!isNumeric(type) && !Number.isSafeInteger(number))) {
      const wanted = isNumeric(type) ? "a number" : "a whole number";
      const hint = typeof value === "string" ? "write the number without quotes" : "";
      findings.error(found.at, "condition-value", `"${operator}" takes ${wanted}`, hint);
      failed = true;
    } else bounds[operator] = number;
  }
  if (failed) return null;
  const names = Object.keys(bounds);
  const lower = names.filter((name) => name === "gt" || name === "gte").length;
  const upper = names.filter((name) => name === "lt" || name === "lte").length;
  const isRange = names.length === 2 && lower === 1 && upper === 1;
  if (names.length === 1 || isRange) return bounds;
  const message =
    names.length === 0
      ? "the condition compares with no number"
      : `${names.join(" and ")} do not go together`;
  const hint = `one of ${operators.join(", ")}, or a range of gt or gte with lt or lte`;
  findings.error(at, "condition-operators", message, hint);
  return null;
}

function readFields(
  map: YAMLMap,
  type: CorrelationType,
  at: number,
  findings: Findings,
): readonly string[] | null {
  const found = entry(map, "field");
  const takesField = type === "value_count" || isNumeric(type);
  if (found === null) {
    if (!takesField) return [];
    const hint = "field: the name of the field whose values are meant";
    findings.error(at, "condition-field", `${type} needs a field in its condition`, hint);
    return null;
  }
  const names = readNames(map, "field", "field", findings);
  if (names === null) return null;
  if (!takesField) {
    const hint = type === "event_count" ? "to count values use value_count" : "remove it";
    findings.error(found.keyAt, "condition-field", `${type} takes no field`, hint);
    return null;
  }
  if (names.length > 1 && type !== "value_count") {
    findings.error(found.at, "condition-field", `${type} computes with one field`, "keep one");
    return null;
  }
  return names;
}

/** Undefined when it is refused. */
function readPercentile(
  map: YAMLMap,
  type: CorrelationType,
  at: number,
  findings: Findings,
): number | null | undefined {
  const found = entry(map, "percentile");
  if (type !== "value_percentile") {
    if (found === null) return type === "value_median" ? 50 : null;
    findings.error(
      found.keyAt,
      "condition-percentile",
      `${type} takes no percentile`,
      "use value_percentile",
    );
    return undefined;
  }
  const value = isScalar(found?.node) ? found.node.value : null;
  if (typeof value === "number" && value >= 0 && value <= 100) return value;
  const hint =
    "percentile: 95, for one, is compared as the value below which 95 of 100 values lie; the operators compare with that value";
  const message = "value_percentile needs a percentile from 0 to 100 in its condition";
  findings.error(found?.at ?? at, "condition-percentile", message, hint);
  return undefined;
}

/** Reads a condition that is an expression over rules (pySigma's extended conditions). */
export function readExpression(
  { map, type, text }: ConditionSection,
  listed: readonly RuleReference[] | null,
  findings: Findings,
): ReadCondition | null {
  const found = entry(map, "condition");
  if (found === null || !isScalar(found.node)) return null;
  const source = String(found.node.value);
  const inner = text.indexOf(source, found.at);
  const place = (offset: number): number =>
    inner !== -1 && inner <= found.at + 1 ? inner + offset : found.at;
  if (!isTemporal(type)) {
    findings.error(found.at, "wrong-type", `the condition of ${type} is a map such as gte: 10`, "");
    return null;
  }
  let expression: Condition;
  try {
    expression = parseCondition(source);
  } catch (thrown) {
    if (!(thrown instanceof ConditionProblem)) throw thrown;
    findings.error(place(thrown.at), thrown.code, thrown.message, thrown.hint);
    return null;
  }
  const problem = problemOf(expression, type);
  if (problem !== null) {
    findings.error(found.at, problem.code, problem.message, problem.hint);
    return null;
  }
  const names = namesInOrder(expression);
  const rules =
    listed ?? names.map(({ name, at }) => ({ text: name, position: findings.position(place(at)) }));
  for (const { name, at } of names) {
    if (rules.some((rule) => rule.text === name)) continue;
    const hint = `under rules are ${rules.map((rule) => rule.text).join(", ")}`;
    findings.error(place(at), "unknown-identifier", `"${name}" is no rule of the correlation`, hint);
    return null;
  }
  const unused = rules.find((rule) => !names.some(({ name }) => name === rule.text));
  if (unused !== undefined) {
    findings.error(
      found.at,
      "condition-rules",
      `the condition does not use "${unused.text}"`,
      "remove the rule, or use it",
    );
    return null;
  }
  // In order, `a and b` says no more than the list of rules does.
  const condition: CorrelationCondition =
    type === "temporal_ordered"
      ? { type: "bounds", bounds: { gte: rules.length } }
      : { type: "expression", expression, text: source };
  return { condition, fields: [], percentile: null, rules };
}

/** The identifiers of an expression, each once, in the order in which they stand. */
function namesInOrder(expression: Condition): { name: string; at: number }[] {
  const found = new Map<string, number>();
  for (const leaf of leavesOf(expression)) {
    if (leaf.type === "identifier" && !found.has(leaf.name)) found.set(leaf.name, leaf.at);
  }
  return [...found].map(([name, at]) => ({ name, at }));
}

function problemOf(
  expression: Condition,
  type: CorrelationType,
): { code: string; message: string; hint: string } | null {
  if (leavesOf(expression).some((leaf) => leaf.type === "of")) {
    const hint = "name each rule, or use a condition such as gte: 1";
    return { code: "condition-syntax", message: '"of" has no meaning over rules', hint };
  }
  if (hasType(expression, "not")) {
    const hint =
      "that an event does not come is known only for a window whose start is fixed, and Sigma does not say which one is meant; a rule's own condition may hold the not";
    return {
      code: "correlation-absence",
      message: 'a correlation\'s condition with "not" cannot be decided',
      hint,
    };
  }
  if (type === "temporal_ordered" && hasType(expression, "or")) {
    const hint = "write one correlation for each order";
    return { code: "condition-order", message: 'the order of rules joined with "or" is not defined', hint };
  }
  return null;
}

function hasType(condition: Condition, type: "not" | "or"): boolean {
  if (condition.type === type) return true;
  if (condition.type === "not") return hasType(condition.operand, type);
  return "operands" in condition && condition.operands.some((operand) => hasType(operand, type));
}

/** Warns about conditions that no window, every window, or already the first event of a group meets. */
export function warnAboutReach(tree: CorrelationTree, at: number, findings: Findings): void {
  if (tree.condition.type !== "bounds") return;
  const { bounds } = tree.condition;
  const highest = isTemporal(tree.type) ? tree.rules.length : Infinity;
  const reach = reachOf(bounds, isNumeric(tree.type) ? null : { highest });
  if (reach === "never") {
    findings.warn(at, "condition-never", "nothing can meet this condition", "correct the numbers");
  } else if (reach === "always") {
    const hint = "the correlation matches whenever one of its rules does: is a rule alone not enough?";
    findings.warn(at, "condition-always", "every event meets this condition", hint);
  } else if (!isNumeric(tree.type) && isWithin(bounds, 1)) {
    const hint =
      "a window slides: when the first event of a group comes, the count is 1. That a value is rare over a whole period is not what it says";
    findings.warn(at, "condition-first-event", "the first event of each group meets this condition", hint);
  }
}
