import type { ConvertContext } from "./language.js";
import { escapeExpression } from "./pattern-expression.js";
import { leavesOf, type Leaf, type Query } from "./query-tree.js";
import { shapeOf } from "./text-shape.js";

/** Whether a part of a query is about the whole event: keywords. */
export function isRaw(query: Query): boolean {
  return leavesOf(query).every(({ field }) => field === null);
}

/** The parts of a query that all must hold, those about the whole event apart. */
export function rawApart(query: Query): { readonly raw: readonly Query[]; readonly rest: readonly Query[] } {
  const parts = query.type === "and" ? query.operands : [query];
  return { raw: parts.filter(isRaw), rest: parts.filter((part) => !isRaw(part)) };
}

/** A text that stands in the event's whole text as it is, however that is encoded. */
function wordExpression({ value, cased, at }: Leaf, language: string, context: ConvertContext): string {
  const shape = value.type === "text" ? shapeOf(value.pattern) : null;
  const isPlain = /^[A-Za-z0-9 _.,:;()@%$^*+=!?~|[\]{}-]*[A-Za-z0-9][A-Za-z0-9 _.,:;()@%$^*+=!?~|[\]{}-]*$/;
  if (shape?.place !== "contains" || !isPlain.test(shape.text)) {
    return context.refuse(
      at,
      `${language} looks for keywords in the event's whole text, where quotes, slashes and letters beyond ASCII may be escaped, and wildcards reach over several fields`,
      "name the field",
    );
  }
  return `(?${cased ? "-" : ""}i:${escapeExpression(shape.text)})`;
}

/**
 * An expression that is found in the event's whole text where any of the keywords is, and whether none must be; of a part
 * without negations inside it.
 */
export function rawExpression(
  query: Query,
  language: string,
  context: ConvertContext,
): { readonly expression: string; readonly negated: boolean } {
  const leaves = leavesOf(query);
  if (query.type === "or" && !query.operands.every(({ type }) => type === "leaf")) {
    context.refuse(
      leaves[0]?.at ?? 0,
      `${language} joins keywords that are negated by AND only`,
      "name the field",
    );
  }
  const expression = leaves.map((leaf) => wordExpression(leaf, language, context)).join("|");
  return { expression, negated: query.type === "not" };
}
