import { keyOf, quoteKey, yamlText, type Candidate } from "./candidate.js";
import { escapeText } from "./pattern.js";
import { writtenField, type Item, type ItemValue } from "./rule-tree.js";

/** The modifiers that say where in a field a text stands. */
export const places: ReadonlySet<string> = new Set(["startswith", "endswith", "contains"]);

/** A pattern of one text, perhaps with a wildcard at either end. */
export interface Plain {
  readonly text: string;
  readonly before: boolean;
  readonly after: boolean;
}

/** What is tried for one value of a line against one text of the event. */
export interface Attempt {
  readonly item: Item;
  readonly value: ItemValue;
  /** The line's modifiers without `all` and the places. */
  readonly rest: readonly string[];
  readonly plain: Plain;
  /** The event's text as it is, and in the case in which it is compared. */
  readonly text: string;
  readonly folded: string;
  readonly wanted: string;
}

/** A line to try, how near the rule is to it, and what to say of it when it matches. */
export type Trial = Candidate & { readonly nearness: number; readonly sentence: (line: string) => string };

/** The text at a place of the value. Keywords stand anywhere without a modifier. */
export function place({ item, rest }: Attempt, name: string, text: string): Candidate {
  const modifiers = item.field === null ? rest : [...rest, name];
  return { field: item.field, modifiers, values: [escapeText(text)] };
}

/** The words that tell a reader to put a further value into the rule's line. */
export function addition(item: Item, value: string): string {
  const key =
    item.key === "" ? "the keywords" : `the values of ${quoteKey(keyOf(writtenField(item), item.modifiers))}`;
  return `add ${yamlText(escapeText(value))} to ${key}`;
}

/** A name as mktemp makes it, and an id of a trial: what they name is gone with the trial. */
const oneTrial = /tmp\.[a-z0-9]{6,}|[0-9]{8}-[0-9]{6}-[0-9a-f]{4}/i;

/** Whether the line would match one trial only: it has a random name that the rule did not have. */
export function isOfOneTrial({ values }: Candidate, { written }: ItemValue): boolean {
  return !oneTrial.test(written) && values.some((value) => oneTrial.test(value.replaceAll("\\", "")));
}

/** Whether a field has another value in each event, so that no rule can name its values. */
export function changesEachTime(field: string): boolean {
  return /(process|thread|logon|session|record)_?id$|^p?pid$|guid$|time$/i.test(field);
}
