import type { RuleValue } from "../../sigma/values.js";
import type { Parameters } from "../parameters.js";
import { bareKeyword, isPlainValue, printedPattern, writtenOut } from "../pattern-text.js";
import { testAtStart, type LeafCheck } from "./check.js";
import { readStateCheck } from "./state.js";

/**
 * A condition on the values of a line, of which `cond` says whether any or all must satisfy it. A value that its
 * modifiers made several of satisfies it when each of them does.
 */
function ofValues(from: Parameters, isMet: (meaning: RuleValue) => boolean, negated = false): LeafCheck {
  const quantifier = from.choice("cond", ["any", "all"], null);
  return ({ item }) => {
    const answers = item.values.map(
      ({ meanings }) => meanings.every((meaning) => isMet(bareKeyword(item.field, meaning))) !== negated,
    );
    return quantifier === "any" ? answers.includes(true) : !answers.includes(false);
  };
}

/** The conditions on a line of a rule, by their names in the file. */
export const itemConditions: Readonly<Record<string, (from: Parameters) => LeafCheck>> = {
  match_string: (from) => {
    const matches = testAtStart(from.text("pattern"), "pattern", from);
    const isMet = (meaning: RuleValue): boolean =>
      meaning.type === "text" &&
      writtenOut(meaning.pattern).every((pattern) => matches(printedPattern(pattern)));
    return ofValues(from, isMet, from.flag("negate"));
  },

  match_value: (from) => {
    const value = from.plainValue("value");
    return ofValues(from, (meaning) => isPlainValue(meaning, value));
  },

  contains_wildcard: (from) =>
    ofValues(
      from,
      (meaning) =>
        meaning.type === "text" && meaning.pattern.some(({ type }) => type === "run" || type === "one"),
    ),

  is_null: (from) => ofValues(from, ({ type }) => type === "null"),

  processing_item_applied: (from) => {
    const id = from.text("processing_item_id");
    return ({ processedBy }) => processedBy.has(id);
  },

  processing_state: (from) => {
    const check = readStateCheck(from);
    return (_, run) => check(run);
  },
};
