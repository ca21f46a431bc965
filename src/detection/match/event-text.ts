import { decimal } from "../sigma/evaluate.js";
import type { RuleEvent } from "../rule.js";
import type { FoldedText } from "./folded-text.js";

/** Rules see no values as deep as this: a dotted path ends at 64, and arrays at its end after another 64. */
const deepest = 200;

/** Adds a number's own spelling beside the one that an event has it in: rules compare numbers by value. */
function addText(text: string, into: FoldedText): void {
  into.add(text);
  const first = text.charCodeAt(0);
  // Most texts are told apart from numbers by how they start: white space, sign, point or digit.
  if ((first <= 0x39 || first >= 0x80) && decimal.test(text)) {
    const own = String(Number(text));
    if (own !== text) into.add(own);
  }
}

function addValue(value: unknown, into: FoldedText, depth: number): void {
  switch (typeof value) {
    case "string":
      addText(value, into);
      return;
    case "number":
    case "boolean":
      into.add(String(value));
      return;
    case "bigint":
      into.add(String(value));
      into.add(String(Number(value)));
      return;
    case "object": {
      if (value === null || depth > deepest) return;
      for (const inner of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) {
        addValue(inner, into, depth + 1);
      }
      return;
    }
    default:
      return;
  }
}

/** Fills a text with every value of an event that a rule may read, and the names of its log source. */
export function foldEvent(event: RuleEvent, into: FoldedText): void {
  into.clear();
  for (const name of Object.values(event.logsource)) if (name !== undefined) into.add(name);
  for (const value of Object.values(event.fields)) addValue(value, into, 0);
}
