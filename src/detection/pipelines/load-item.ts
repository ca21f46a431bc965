import { isMap, isSeq } from "yaml";
import { offsetOf } from "../sigma/detection.js";
import type { Findings } from "../sigma/findings.js";
import { didYouMean } from "../sigma/text.js";
import { conditionKeys, readConditions, type ConditionSet } from "./conditions/condition-set.js";
import type { FieldCheck, LeafCheck, RuleCheck } from "./conditions/check.js";
import { fieldConditions } from "./conditions/field-conditions.js";
import { itemConditions } from "./conditions/item-conditions.js";
import { ruleConditions } from "./conditions/rule-conditions.js";
import { Parameters } from "./parameters.js";
import type { ProcessingItem, Transformation } from "./pipeline.js";
import { transformations, type TransformationKind } from "./transformations/index.js";
import { refusedTransformations } from "./transformations/refused.js";

const ruleKeys = conditionKeys("rule");
const leafKeys = conditionKeys("detection_item");
const fieldKeys = conditionKeys("field_name");

const deepest = 20;

/** `nest`: steps that are taken one after the other where the step that holds them is. */
function readNest(from: Parameters, depth: number): Transformation {
  const node = from.node("items");
  if (depth >= deepest) {
    from.error("items", "pipeline-too-deep", `steps nest more than ${deepest} deep`);
    return () => undefined;
  }
  const items = readItems(node, from.atOf("items"), from.findings, `"items" of nest`, depth + 1);
  return (run) => {
    for (const item of items) run.take(item);
  };
}

function ruleCheck(set: ConditionSet<RuleCheck> | null): RuleCheck {
  if (set === null) return () => true;
  return (run) => set.holds((index) => set.checks[index]?.(run) === true);
}

function leafCheck(set: ConditionSet<LeafCheck> | null): LeafCheck {
  if (set === null) return () => true;
  return (leaf, run) => set.holds((index) => set.checks[index]?.(leaf, run) === true);
}

function nameCheck(set: ConditionSet<FieldCheck> | null): FieldCheck {
  if (set === null) return { ofName: () => true, ofLeaf: () => true };
  return {
    ofName: (name, run) => set.holds((index) => set.checks[index]?.ofName(name, run) === true),
    ofLeaf: (leaf, run) => set.holds((index) => set.checks[index]?.ofLeaf(leaf, run) === true),
  };
}

function kindOf(type: string, from: Parameters, depth: number): TransformationKind | null {
  const refused = Object.hasOwn(refusedTransformations, type) ? refusedTransformations[type] : undefined;
  if (refused !== undefined) {
    from.error("type", "transformation-unsupported", `${type} ${refused.why}`, refused.hint);
    return null;
  }
  if (type === "nest") return { read: (nested) => readNest(nested, depth), scope: "rule" };
  const kind = transformations.get(type);
  if (kind !== undefined) return kind;
  const names = [...transformations.keys(), "nest"];
  const hint = didYouMean(type, names, `known are ${names.join(", ")}`);
  from.error("type", "unknown-transformation", `unknown transformation "${type}"`, hint);
  return null;
}

function readItem(node: unknown, parent: number, findings: Findings, depth: number): ProcessingItem | null {
  const at = offsetOf(node, parent);
  if (!isMap(node)) {
    findings.error(at, "wrong-type", "a step of a pipeline is a map with a type", "");
    return null;
  }
  const head = new Parameters(node, findings, "a step of a pipeline");
  const type = head.text("type");
  if (!head.has("type")) return null;
  const kind = kindOf(type, head, depth);
  if (kind === null) return null;
  const from = new Parameters(node, findings, `the transformation ${type}`);
  from.node("type");
  const id = from.optionalText("id");
  const rule = readConditions(ruleKeys, ruleConditions, from);
  const leaf = readConditions(leafKeys, itemConditions, from);
  const field = readConditions(fieldKeys, fieldConditions, from);
  for (const keys of kind.scope === "rule" ? [leafKeys, fieldKeys] : []) {
    if (!from.has(keys.conditions)) continue;
    const hint =
      type === "rule_failure" ? "use detection_item_failure" : "use rule_conditions, such as contains_field";
    const message = `"${keys.conditions}" would have no effect: ${type} is about the rule as a whole`;
    from.error(keys.conditions, "condition-without-effect", message, hint);
  }
  const transformation = kind.read(from);
  from.finish();
  return {
    id,
    position: findings.position(at),
    type,
    rule: ruleCheck(rule),
    leaf: leafCheck(leaf),
    field: nameCheck(field),
    transformation,
  };
}

/** Reads a list of steps; `what` is how messages call it. What is refused is left out, and the findings say why. */
export function readItems(
  node: unknown,
  at: number,
  findings: Findings,
  what: string,
  depth = 0,
): readonly ProcessingItem[] {
  if (!isSeq(node)) {
    findings.error(offsetOf(node, at), "wrong-type", `${what} must be a list of steps`, "");
    return [];
  }
  return node.items.flatMap((each) => readItem(each, offsetOf(node, at), findings, depth) ?? []);
}
