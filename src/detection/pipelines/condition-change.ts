import { namesOf, writtenOut, type Condition } from "../sigma/condition.js";

function isPresent(condition: Condition | null): condition is Condition {
  return condition !== null;
}

/** The condition without searches that no longer exist; null when nothing is left of it. */
export function dropFromCondition(
  condition: Condition,
  names: readonly string[],
  dropped: ReadonlySet<string>,
): Condition | null {
  switch (condition.type) {
    case "identifier":
      return dropped.has(condition.name) ? null : condition;
    case "of":
      return namesOf(condition.pattern, names).every((name) => dropped.has(name)) ? null : condition;
    case "not": {
      const operand = dropFromCondition(condition.operand, names, dropped);
      return operand === null ? null : { type: "not", operand };
    }
    case "and":
    case "or": {
      const operands = condition.operands
        .map((operand) => dropFromCondition(operand, names, dropped))
        .filter(isPresent);
      const [first] = operands;
      if (first === undefined) return null;
      return operands.length === 1 ? first : { type: condition.type, operands };
    }
  }
}

/**
 * The condition with every pattern that would take in a new search written out as the searches that it meant before:
 * `1 of *` must not be satisfied by what a pipeline adds.
 */
export function keepFromPatterns(condition: Condition, names: readonly string[], added: string): Condition {
  return writtenOut(condition, names, (pattern) => namesOf(pattern, [added]).length > 0);
}
