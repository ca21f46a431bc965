import { namesOf, type Condition } from "../sigma/condition.js";
import type { Pattern } from "../sigma/pattern.js";
import { foldCase } from "../sigma/text.js";
import type { Item, ItemValue, Search, SigmaRule } from "../sigma/rule-tree.js";
import type { RuleValue } from "../sigma/values.js";
import { BOUND_TEXT, foldedLiteral, OTHER_TEXT } from "./folded-text.js";
import { bothOf, eitherOf, literalGroup, type Group } from "./group.js";
import { regexGroups } from "./regex-groups.js";

/** A hyphen, a slash, or one of the long dashes, which are no ASCII. */
const dashes = ["-", "/", OTHER_TEXT];
const mostSpellings = 27;
/** Groups of a rule that are used: the strongest. */
const mostGroups = 4;

/** The texts between the wildcards of a pattern, each in all its spellings, with a bound where the value begins or ends. */
function textGroups(pattern: Pattern): Group[] {
  const pieces: string[][] = [];
  let piece = pattern[0]?.type === "run" ? [""] : [BOUND_TEXT];
  const spell = (endings: readonly string[]): void => {
    if (piece.length * endings.length <= mostSpellings) {
      piece = piece.flatMap((start) => endings.map((ending) => joined(start, ending)));
    } else {
      pieces.push(piece);
      piece = [""];
    }
  };
  for (const token of pattern) {
    if (token.type === "literal") spell([foldedLiteral(foldCase(token.text))]);
    else if (token.type === "dash") spell(dashes);
    else {
      pieces.push(piece);
      piece = [""];
    }
  }
  if (pattern.at(-1)?.type !== "run") piece = piece.map((start) => start + BOUND_TEXT);
  pieces.push(piece);
  return bothOf(pieces.map((spellings) => literalGroup(spellings.map(lookedFor))));
}

/** A text that is too short to be looked for, with a letter beyond ASCII, as that letter: few events have any. */
function lookedFor(literal: string): string {
  return literal.length < 3 && literal.includes(OTHER_TEXT) ? OTHER_TEXT : literal;
}

/** Letters beyond ASCII that meet are one byte, as within a text. */
function joined(start: string, ending: string): string {
  return start.endsWith(OTHER_TEXT) && ending.startsWith(OTHER_TEXT)
    ? start + ending.slice(1)
    : start + ending;
}

/** The group of values of which an event has at least one, as a whole value. */
export function wholeValues(texts: readonly string[]): Group[] {
  return literalGroup(texts.map((text) => BOUND_TEXT + foldedLiteral(foldCase(text)) + BOUND_TEXT));
}

function valueGroups(value: RuleValue): Group[] {
  switch (value.type) {
    case "text":
      return textGroups(value.pattern);
    case "number":
      // Events have each number that they hold, or hold as text, in this spelling too (EventText).
      return wholeValues([String(value.value)]);
    case "boolean":
      return wholeValues([String(value.value)]);
    case "regex":
      return regexGroups(value.source, value.flags);
    case "null":
    case "presence":
    case "network":
    case "comparison":
    case "date-part":
    case "reference":
      return [];
  }
}

function itemValueGroups({ meanings }: ItemValue): Group[] {
  return eitherOf(meanings.map(valueGroups));
}

function itemGroups(item: Item, positive: boolean): Group[] {
  if (item.negated === positive) return [];
  const values = item.values.map(itemValueGroups);
  return item.all ? bothOf(values) : eitherOf(values);
}

function searchGroups(search: Search, positive: boolean): Group[] {
  if (search.type === "items") {
    const items = search.items.map((item) => itemGroups(item, positive));
    return positive ? bothOf(items) : eitherOf(items);
  }
  const alternatives = search.alternatives.map((alternative) => searchGroups(alternative, positive));
  return positive ? eitherOf(alternatives) : bothOf(alternatives);
}

function conditionGroups(condition: Condition, rule: SigmaRule, positive: boolean): Group[] {
  const named = (name: string): Group[] => {
    const search = rule.searches.get(name);
    return search === undefined ? [] : searchGroups(search, positive);
  };
  switch (condition.type) {
    case "identifier":
      return named(condition.name);
    case "of": {
      const parts = namesOf(condition.pattern, rule.searches.keys()).map(named);
      return (condition.quantifier === "all") === positive ? bothOf(parts) : eitherOf(parts);
    }
    case "not":
      return conditionGroups(condition.operand, rule, !positive);
    case "and":
    case "or": {
      const parts = condition.operands.map((operand) => conditionGroups(operand, rule, positive));
      return (condition.type === "and") === positive ? bothOf(parts) : eitherOf(parts);
    }
  }
}

/**
 * What every event that a rule matches holds: at least one literal of each group, whatever the field. No groups mean that
 * nothing is known, and the rule must be tried on every event.
 */
export function groupsOfRule(rule: SigmaRule): readonly Group[] {
  let groups = known.get(rule);
  if (groups === undefined) {
    groups = tellingGroups(conditionGroups(rule.condition, rule, true));
    known.set(rule, groups);
  }
  return groups;
}

/** Rules whose groups were found out: the same rules go into one matcher after the other. */
const known = new WeakMap<SigmaRule, readonly Group[]>();

/** Texts hold short literals so often that looking for them costs more than it saves. */
function tellingGroups(groups: readonly Group[]): readonly Group[] {
  const telling = groups.filter((group) =>
    group.every((literal) => literal.length > 3 || literal === OTHER_TEXT),
  );
  return (telling.length > 0 ? telling : groups).slice(0, mostGroups);
}
