import type { Level } from "../../sigma/rule-tree.js";
import type { Parameters } from "../parameters.js";
import type { PlainValue } from "../pattern-text.js";
import { PipelineProblem } from "../problem.js";
import type { Run } from "../run.js";
import type { RuleCheck } from "./check.js";

const operators = ["eq", "ne", "gte", "gt", "lte", "lt", "in", "not_in"] as const;
type Operator = (typeof operators)[number];

const levels: readonly Level[] = ["informational", "low", "medium", "high", "critical"];
/** From the one that says least of a rule to the one that says most. */
const statuses = ["unsupported", "deprecated", "experimental", "test", "stable"];
const ordered: Readonly<Record<string, readonly string[]>> = { level: levels, status: statuses };
const dates = ["date", "modified"];
const datePattern = /^\d{4}-\d{2}-\d{2}$/;
/** What a rule's tree does not keep: it is known only where the caller gives the rule's other keys. */
const elsewhere = [
  ...["status", "description", "license", "references", "author", "date", "modified", "fields"],
  ...["falsepositives", "taxonomy", "related", "scope"],
];

function problem(attribute: string, message: string, hint = ""): PipelineProblem {
  return new PipelineProblem("pipeline-attribute", `rule_attribute "${attribute}": ${message}`, hint);
}

/** The attribute of the rule; undefined when it has none of that name. */
function attributeOf(name: string, { rule, custom, attributes }: Run): unknown {
  const { id, title, level, tags, name: ruleName } = rule.original;
  const own: Readonly<Record<string, unknown>> = { id, title, level, tags, name: ruleName };
  if (Object.hasOwn(own, name)) return own[name] ?? undefined;
  if (custom.has(name)) return custom.get(name);
  if (attributes !== null) return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  if (elsewhere.includes(name)) {
    throw problem(name, "the rule's keys were not given, so that nobody can say what it is");
  }
  return undefined;
}

function byOrder(operator: Operator, found: number, wanted: number): boolean {
  switch (operator) {
    case "eq":
      return found === wanted;
    case "ne":
      return found !== wanted;
    case "gte":
      return found >= wanted;
    case "gt":
      return found > wanted;
    case "lte":
      return found <= wanted;
    case "lt":
      return found < wanted;
    case "in":
    case "not_in":
      return false;
  }
}

function compare(name: string, found: unknown, operator: Operator, wanted: PlainValue): boolean {
  if (Array.isArray(found)) {
    const isIn = found.some((each) => each === wanted);
    if (operator === "in") return isIn;
    return operator === "not_in" ? !isIn : operator === "ne";
  }
  if (operator === "in" || operator === "not_in") {
    throw problem(name, `"${operator}" needs a list, and the rule has one value`, 'use "eq" or "ne"');
  }
  const scale = Object.hasOwn(ordered, name) ? ordered[name] : undefined;
  if (scale !== undefined) {
    const place = scale.indexOf(String(wanted).toLowerCase());
    if (place === -1) throw problem(name, `"${wanted}" is none of ${scale.join(", ")}`);
    return byOrder(operator, scale.indexOf(String(found).toLowerCase()), place);
  }
  if (typeof found === "number") {
    const number = Number(wanted);
    if (Number.isNaN(number)) throw problem(name, `"${wanted}" is no number`);
    return byOrder(operator, found, number);
  }
  if (typeof found !== "string")
    throw problem(name, "the rule has neither a text, a number nor a list there");
  if (dates.includes(name)) {
    if (!datePattern.test(String(wanted)) || !datePattern.test(found)) {
      throw problem(name, `"${wanted}" and "${found}" must both be dates such as 2026-11-24`);
    }
    return byOrder(operator, Date.parse(found), Date.parse(String(wanted)));
  }
  if (operator === "eq") return found === wanted;
  if (operator === "ne") return found !== wanted;
  throw problem(name, `"${operator}" needs an order, which texts do not have`, 'use "eq" or "ne"');
}

/** `rule_attribute`: false when the rule has no such attribute. */
export function readRuleAttribute(from: Parameters): RuleCheck {
  const attribute = from.text("attribute");
  const wanted = from.plainValue("value");
  const operator = from.choice("op", operators, "eq");
  return (run) => {
    const found = attributeOf(attribute, run);
    return found !== undefined && compare(attribute, found, operator, wanted);
  };
}
