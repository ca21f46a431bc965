import type { Trial } from "./attempt.js";
import {
  keyOf,
  printCandidate,
  quoteKey,
  wouldMatch,
  yamlText,
  type Budget,
  type Candidate,
  type Suggestion,
} from "./candidate.js";
import type { EventView } from "./event-view.js";
import { writtenField, type Item, type ItemValue } from "./rule-tree.js";
import { foldCase } from "./text.js";
import { textTrials } from "./text-trials.js";

const mostValues = 60;

function* regexTrials(item: Item, value: ItemValue): Generator<Trial> {
  const names = item.modifiers.filter((name) => name !== "all");
  const flags: [string, string, string][] = [
    ["i", "ignorecase", "only the case differs"],
    ["s", "dotall", "a line break stands where the expression has a dot"],
    ["m", "multiline", "it stands on a line of its own"],
  ];
  for (const [flag, long, why] of flags) {
    if (names.includes(flag) || names.includes(long)) continue;
    const sentence = (line: string): string => `${why}: use ${line}`;
    yield {
      field: item.field,
      modifiers: [...names, flag],
      values: [value.written],
      nearness: 0.9,
      sentence,
    };
  }
  const loose = value.written.replace(/^((?:\(\?[a-z]+\))?)\^/, "$1").replace(/(?<!\\)\$$/, "");
  if (loose !== value.written && loose !== "") {
    const sentence = (line: string): string => `it is there, but not as the whole value: use ${line}`;
    yield { field: item.field, modifiers: names, values: [loose], nearness: 0.8, sentence };
  }
}

/** The line as it is shown: where the rule's line has several values, only the value that takes the place of one. */
function shownLine(candidate: Candidate, item: Item): string {
  const names = item.modifiers.filter((name) => name !== "all");
  const sameField = candidate.field === item.field;
  const sameKey = sameField && candidate.modifiers.join("|") === names.join("|");
  const [only = ""] = candidate.values;
  if (sameKey && candidate.values.length === 1 && item.values.length > 1) {
    return `${yamlText(only)} in ${item.key === "" ? "the keywords" : quoteKey(item.key)}`;
  }
  const line = quoteKey(printCandidate(candidate, sameField ? writtenField(item) : candidate.field));
  return item.all ? `${line} as a line of its own` : line;
}

/** Another field of the event that has what the line wants. */
function otherField(item: Item, event: EventView, budget: Budget): Suggestion | null {
  if (item.field === null || item.negated || item.modifiers.includes("fieldref")) return null;
  const wanted = foldCase(item.field);
  const names = Object.keys(event.event.fields)
    .filter((name) => name !== item.field)
    .toSorted((left, right) => Number(foldCase(right) === wanted) - Number(foldCase(left) === wanted));
  for (const name of names.slice(0, 100)) {
    if (!budget.spend()) return null;
    const moved: Candidate = {
      field: name,
      modifiers: item.modifiers,
      values: item.values.map(({ written }) => written),
    };
    if (!wouldMatch(moved, event)) continue;
    const written = writtenField(item);
    const use =
      written === item.field
        ? `use ${quoteKey(keyOf(name, item.modifiers))}`
        : `map ${quoteKey(written ?? "keywords")} to ${quoteKey(name)} in the pipeline`;
    const why =
      foldCase(name) === wanted ? "field names are case-sensitive" : "the event has it in another field";
    const text = `${why}: ${use}`;
    return { nearness: foldCase(name) === wanted ? 0.95 : 0.55, text, candidate: moved };
  }
  return null;
}

/**
 * The smallest change of a line of the rule, or of some of its values, with which the event would have met it. Every
 * suggested line was tried on the event.
 */
export function suggestChange(
  item: Item,
  values: readonly ItemValue[],
  event: EventView,
  budget: Budget,
): Suggestion {
  const field = item.field === null ? event.everything() : event.field(item.field);
  let best: Suggestion = { nearness: field.present ? 0.1 : 0, text: "", candidate: null };
  if (field.present && !item.negated) {
    for (const value of values.slice(0, mostValues)) {
      const type = value.meanings[0]?.type;
      const trials = type === "regex" ? regexTrials(item, value) : textTrials(item, value, field, budget);
      for (const { nearness, sentence, ...candidate } of trials) {
        if (nearness <= best.nearness) continue;
        if (!budget.spend()) return best;
        if (wouldMatch(candidate, event)) {
          best = { nearness, text: sentence(shownLine(candidate, item)), candidate };
        }
      }
    }
  }
  const other = best.nearness < 0.55 ? otherField({ ...item, values: [...values] }, event, budget) : null;
  return other !== null && other.nearness > best.nearness ? other : best;
}
