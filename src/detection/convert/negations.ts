import type { Query } from "./query-tree.js";

/**
 * The query with every negation moved down to a test, for languages that negate nothing else. Sound because rules are
 * two-valued: a test of an absent field is false, and its negation true.
 */
export function withNegationsDown(query: Query, negated = false): Query {
  switch (query.type) {
    case "leaf":
      return negated ? { type: "not", operand: query } : query;
    case "not":
      return withNegationsDown(query.operand, !negated);
    case "and":
    case "or": {
      const opposite = query.type === "and" ? "or" : "and";
      const type = negated ? opposite : query.type;
      const operands = query.operands
        .map((operand) => withNegationsDown(operand, negated))
        .flatMap((operand) => (operand.type === type ? operand.operands : [operand]));
      return { type, operands };
    }
  }
}
