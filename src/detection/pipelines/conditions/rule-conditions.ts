import type { Parameters } from "../parameters.js";
import { isPlainValue } from "../pattern-text.js";
import type { RuleCheck } from "./check.js";
import { readRuleAttribute } from "./rule-attribute.js";
import { readStateCheck } from "./state.js";

const logsourceKeys = ["category", "product", "service"] as const;

function readLogsource(from: Parameters): RuleCheck {
  const wanted = logsourceKeys.flatMap((key) => {
    const text = from.optionalText(key);
    return text === null ? [] : [[key, text.toLowerCase()] as const];
  });
  if (wanted.length === 0) {
    from.findings.error(from.at, "missing-key", `${from.what} needs a category, product or service`, "");
  }
  return ({ rule }) => wanted.every(([key, text]) => rule.logsource[key]?.toLowerCase() === text);
}

/** The conditions on a rule, by their names in the file. */
export const ruleConditions: Readonly<Record<string, (from: Parameters) => RuleCheck>> = {
  logsource: readLogsource,

  contains_field: (from) => {
    const field = from.text("field");
    return ({ rule }) => rule.leaves().some(({ item }) => item.field === field);
  },

  contains_detection_item: (from) => {
    const field = from.text("field");
    const value = from.plainValue("value");
    return ({ rule }) =>
      rule
        .leaves()
        .some(
          ({ item }) =>
            item.field === field &&
            item.values.some(({ meanings }) => meanings.some((meaning) => isPlainValue(meaning, value))),
        );
  },

  processing_item_applied: (from) => {
    const id = from.text("processing_item_id");
    return ({ applied }) => applied.includes(id);
  },

  processing_state: readStateCheck,
  // Correlations have their fields mapped rule by rule: what a pipeline is applied to is a rule.
  is_sigma_rule: () => () => true,
  is_sigma_correlation_rule: () => () => false,
  rule_attribute: readRuleAttribute,

  tag: (from) => {
    const tag = from.text("tag").toLowerCase();
    return ({ rule }) => rule.original.tags.some((each) => each.toLowerCase() === tag);
  },
};
