import { isMap, isScalar, isSeq } from "yaml";
import { ConditionProblem, leavesOf, parseCondition, type Condition } from "../../sigma/condition.js";
import { offsetOf } from "../../sigma/detection.js";
import { didYouMean } from "../../sigma/text.js";
import { Parameters } from "../parameters.js";

/** The names of the keys that hold one kind of conditions. */
export interface ConditionKeys {
  readonly conditions: string;
  readonly op: string;
  readonly not: string;
  readonly expression: string;
}

/** `rule`, `detection_item` or `field_name`, as the keys of a step begin. */
export function conditionKeys(kind: "rule" | "detection_item" | "field_name"): ConditionKeys {
  return {
    conditions: `${kind}_conditions`,
    op: `${kind}_cond_op`,
    not: `${kind}_cond_not`,
    expression: `${kind}_cond_expr`,
  };
}

/** How the conditions of a set are linked, whatever they are about. */
export type Linking = (answer: (index: number) => boolean) => boolean;

/** Conditions of one kind, and how they are linked. */
export interface ConditionSet<Check> {
  readonly checks: readonly Check[];
  readonly holds: Linking;
}

function readCheck<Check>(
  node: unknown,
  parent: number,
  known: Readonly<Record<string, (from: Parameters) => Check>>,
  step: Parameters,
): Check | null {
  if (!isMap(node)) {
    step.findings.error(offsetOf(node, parent), "wrong-type", "a condition is a map with a type", "");
    return null;
  }
  const from = new Parameters(node, step.findings, "the condition");
  const type = from.text("type");
  if (!from.has("type")) return null;
  const read = Object.hasOwn(known, type) ? known[type] : undefined;
  if (read === undefined) {
    const names = Object.keys(known);
    const hint = didYouMean(type, names, `known are ${names.join(", ")}`);
    from.error("type", "unknown-condition", `unknown condition "${type}"`, hint);
    return null;
  }
  const named = new Parameters(node, step.findings, `the condition ${type}`);
  named.node("type");
  const check = read(named);
  named.finish();
  return check;
}

function evaluate(condition: Condition, answer: (name: string) => boolean): boolean {
  switch (condition.type) {
    case "identifier":
      return answer(condition.name);
    case "not":
      return !evaluate(condition.operand, answer);
    case "and":
      return condition.operands.every((operand) => evaluate(operand, answer));
    case "or":
      return condition.operands.some((operand) => evaluate(operand, answer));
    case "of":
      return false;
  }
}

function readExpression(keys: ConditionKeys, names: readonly string[], step: Parameters): Linking {
  const text = step.text(keys.expression);
  const never: Linking = () => false;
  let condition: Condition;
  try {
    condition = parseCondition(text);
  } catch (thrown) {
    if (!(thrown instanceof ConditionProblem)) throw thrown;
    step.error(keys.expression, thrown.code, `${text}: ${thrown.message}`, thrown.hint);
    return never;
  }
  const used = new Set<string>();
  for (const leaf of leavesOf(condition)) {
    if (leaf.type === "of") {
      step.error(keys.expression, "condition-syntax", 'an expression knows "and", "or" and "not" only');
      return never;
    }
    used.add(leaf.name);
    if (names.includes(leaf.name)) continue;
    const hint = didYouMean(leaf.name, names, `${keys.conditions} has ${names.join(", ")}`);
    step.error(keys.expression, "unknown-identifier", `${keys.conditions} has no "${leaf.name}"`, hint);
  }
  const unused = names.filter((name) => !used.has(name));
  if (unused.length > 0) {
    step.error(
      keys.expression,
      "condition-unused",
      `the expression does not use ${unused.join(", ")}`,
      "remove the condition or add it to the expression",
    );
  }
  return (answer) => evaluate(condition, (name) => answer(names.indexOf(name)));
}

/** Reads the conditions of one kind of a step; null when the step has none. */
export function readConditions<Check>(
  keys: ConditionKeys,
  known: Readonly<Record<string, (from: Parameters) => Check>>,
  step: Parameters,
): ConditionSet<Check> | null {
  const node = step.node(keys.conditions);
  const hasExpression = step.has(keys.expression);
  const hasOperator = step.has(keys.op);
  const operator = step.choice(keys.op, ["and", "or"], "and");
  const negated = step.flag(keys.not);
  const parent = step.atOf(keys.conditions);
  const nodes: readonly unknown[] = isSeq(node)
    ? node.items
    : isMap(node)
      ? node.items.map((pair) => pair.value)
      : [];
  if (node !== undefined && !isSeq(node) && !isMap(node)) {
    step.error(keys.conditions, "wrong-type", `"${keys.conditions}" must be a list or a map of conditions`);
    return null;
  }
  if (nodes.length === 0) {
    const orphan = [keys.op, keys.not, keys.expression].find((key) => step.has(key));
    if (orphan !== undefined)
      step.error(orphan, "condition-missing", `"${orphan}" stands without ${keys.conditions}`, "");
    return null;
  }
  const checks = nodes.map((each) => readCheck(each, parent, known, step));
  const link: Linking = (answer) => {
    const indexes = [...checks.keys()];
    return operator === "and" ? indexes.every(answer) : indexes.some(answer);
  };
  let holds = link;
  if (hasExpression && hasOperator) {
    step.error(
      keys.op,
      "condition-conflict",
      `"${keys.op}" and "${keys.expression}" exclude each other`,
      "keep the expression",
    );
  } else if (hasExpression && !isMap(node)) {
    step.error(
      keys.conditions,
      "wrong-type",
      `with "${keys.expression}" the conditions are a map of names to conditions`,
    );
  } else if (hasExpression && isMap(node)) {
    const names = node.items.map(({ key }) => (isScalar(key) ? String(key.value) : ""));
    holds = readExpression(keys, names, step);
  }
  if (checks.includes(null)) return null;
  return {
    checks: checks as readonly Check[],
    holds: negated ? (answer) => !holds(answer) : holds,
  };
}
