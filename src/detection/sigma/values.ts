import type { Pattern } from "./pattern.js";
import type { Network } from "./network.js";

/** Parts of a date that the time modifiers take out of a value. */
export type DatePart = "minute" | "hour" | "day" | "week" | "month" | "year";

export type Comparison = "lt" | "lte" | "gt" | "gte";

/** A value of a rule, after its modifiers: what a field is compared with. */
export type RuleValue =
  /** `binary`: each character of the literals stands for a byte (after utf16le and its like). */
  | { readonly type: "text"; readonly pattern: Pattern; readonly binary: boolean }
  /** `text` is the number as the rule writes it. */
  | { readonly type: "number"; readonly value: number; readonly text: string }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "null" }
  | { readonly type: "regex"; readonly source: string; readonly flags: ReadonlySet<RegexFlag> }
  | { readonly type: "network"; readonly network: Network }
  | { readonly type: "presence"; readonly wanted: boolean }
  | { readonly type: "reference"; readonly field: string; readonly part: ReferencePart }
  | {
      readonly type: "comparison";
      readonly operator: Comparison;
      readonly value: number;
      readonly part: DatePart | null;
    }
  | { readonly type: "date-part"; readonly part: DatePart; readonly value: number };

export type RegexFlag = "i" | "m" | "s";

/** How the field that is referred to must stand in the field that is tested. */
export type ReferencePart = "whole" | "start" | "end" | "inside";

/** What modifiers say of the item as a whole. */
export interface ItemFlags {
  all: boolean;
  negated: boolean;
  cased: boolean;
}

/** What a modifier may know of the item that it stands in. */
export interface ModifierContext {
  readonly flags: ItemFlags;
  /** Modifiers of the item that were applied before this one. */
  readonly before: readonly string[];
  /** Null for keywords. */
  readonly field: string | null;
  readonly valueCount: number;
  /** Values of the placeholders that the user gave. */
  readonly placeholders: Readonly<Record<string, readonly string[]>>;
}

/** One modifier: turns a value into the values of which any may match. Throws {@link ModifierProblem}. */
export type Modifier = (value: RuleValue, context: ModifierContext) => RuleValue[];

/** A misuse of a modifier. Does not leave `sigma/`: the reader of the detection section adds the position. */
export class ModifierProblem extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
    this.name = "ModifierProblem";
  }
}

/** The value as a user would call its type, for messages. */
export function kindOf(value: RuleValue): string {
  if (value.type === "text") return "a text";
  if (value.type === "regex") return "a regular expression";
  if (value.type === "null") return "null";
  return `a ${value.type}`;
}
