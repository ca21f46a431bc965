import type { Parameters } from "../parameters.js";
import type { PlainValue } from "../pattern-text.js";
import type { FieldContext } from "./check.js";

const operators = ["eq", "ne", "gte", "gt", "lte", "lt"] as const;
type Operator = (typeof operators)[number];

function holds(found: PlainValue, operator: Operator, wanted: PlainValue): boolean {
  if (operator === "eq") return found === wanted;
  if (operator === "ne") return found !== wanted;
  // Texts and numbers have an order of their own kind only.
  if (typeof found !== typeof wanted) return false;
  switch (operator) {
    case "gte":
      return found >= wanted;
    case "gt":
      return found > wanted;
    case "lte":
      return found <= wanted;
    case "lt":
      return found < wanted;
  }
}

/** `processing_state`: what an earlier step has put into the state. False when the key was never set. */
export function readStateCheck(from: Parameters): (context: Pick<FieldContext, "state">) => boolean {
  const key = from.text("key");
  const wanted = from.plainValue("val");
  const operator = from.choice("op", operators, "eq");
  return ({ state }) => {
    const found = state.get(key);
    if (found === undefined) return false;
    if (found === null || typeof found === "object") return operator === "ne";
    return holds(found, operator, wanted);
  };
}
