import type { EventView } from "./event-view.js";
import { compileItem } from "./item.js";
import { applyModifiers } from "./modifiers/index.js";
import { parsePattern } from "./pattern.js";
import { RegexProblem } from "../regex/index.js";
import type { Item } from "./rule-tree.js";
import { ModifierProblem, type ItemFlags, type RuleValue } from "./values.js";

/** A line that could stand in the rule instead of one that was not met. */
export interface Candidate {
  readonly field: string | null;
  readonly modifiers: readonly string[];
  /** As the rule would write them. */
  readonly values: readonly string[];
}

/** A change that was tried on the event and holds, and how near the rule was to it, from 0 to 1. */
export interface Suggestion {
  readonly nearness: number;
  /** In words; empty when there is nothing to say. */
  readonly text: string;
  /** The line that would have matched; null when the change is told in words only. */
  readonly candidate: Candidate | null;
}

/** How many candidates may be tried for one explanation, so that long rules are explained quickly too. */
export class Budget {
  constructor(private left = 600) {}

  /** Takes a cost; false when nothing is left. */
  spend(cost = 1): boolean {
    this.left -= cost;
    return this.left >= 0;
  }
}

/** The line as an item, with its modifiers applied; null when it is no valid line. */
function itemOf({ field, modifiers, values }: Candidate): Item | null {
  const flags: ItemFlags = { all: false, negated: false, cased: false };
  try {
    const made = values.map((written) => {
      const first: RuleValue = modifiers.includes("re")
        ? { type: "regex", source: written, flags: new Set() }
        : { type: "text", pattern: parsePattern(written), binary: false };
      const context = { flags, field, valueCount: values.length, placeholders: {} };
      return { written, meanings: applyModifiers(first, modifiers, context) };
    });
    return { key: keyOf(field, modifiers), field, modifiers, ...flags, values: made, at: 0 };
  } catch (thrown) {
    if (thrown instanceof ModifierProblem) return null;
    throw thrown;
  }
}

/** Whether the line would have matched the event. */
export function wouldMatch(candidate: Candidate, event: EventView): boolean {
  const item = itemOf(candidate);
  if (item === null) return false;
  try {
    return compileItem(item)(event);
  } catch (thrown) {
    if (thrown instanceof RegexProblem) return false;
    throw thrown;
  }
}

/** The key as the rule writes it. */
export function keyOf(field: string | null, modifiers: readonly string[]): string {
  return [field ?? "", ...modifiers].join("|");
}

/** A key or line as it stands in a sentence. */
export function quoteKey(key: string): string {
  return `\`${key}\``;
}

/** A text as a YAML value. */
export function yamlText(text: string): string {
  return /[\n\r\t\u0000-\u001f]/.test(text) ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`;
}

/** The line as YAML, with the field by the rule's name. */
export function printCandidate({ modifiers, values }: Candidate, field: string | null): string {
  const texts = values.map(yamlText);
  const shown = texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
  return field === null && modifiers.length === 0 ? shown : `${keyOf(field, modifiers)}: ${shown}`;
}
