import { numberOf } from "./evaluate.js";
import { datePartOf } from "./date-part.js";
import type { EventView } from "./event-view.js";
import { parseAddress } from "./network.js";
import { changesEachTime } from "./attempt.js";
import { yamlText } from "./candidate.js";
import { writtenField, type Item, type ItemValue } from "./rule-tree.js";
import { nearestWord } from "./text.js";

/** The event's field and, where a pipeline renamed it, what the rule calls it. */
function named(field: string, written: string): string {
  return field === written ? `\`${field}\`` : `\`${field}\` (the rule's \`${written}\`)`;
}

function absentHint(field: string, written: string, view: EventView): string {
  const names = Object.keys(view.event.fields).filter((name) => view.field(name).present);
  const similar = nearestWord(field, names);
  if (similar !== null)
    return `this event has no ${named(field, written)} but \`${similar}\`: is that the field that is meant?`;
  const shown = names.slice(0, 12).map((name) => `\`${name}\``);
  const has =
    shown.length === 0 ? "no fields" : `${shown.join(", ")}${names.length > 12 ? " and others" : ""}`;
  return `this event has no ${named(field, written)}: test a field that its log source has (${has})`;
}

/** What to change where there is no text to look for: absent fields, numbers, addresses, dates, other fields. May be empty. */
export function valueHint(item: Item, values: readonly ItemValue[], view: EventView): string {
  const { field } = item;
  const meaning = values[0]?.meanings[0];
  if (field === null || meaning === undefined) return "";
  const found = view.field(field);
  const written = writtenField(item) ?? field;
  if (item.negated) return `remove the value from \`${item.key}\`, or exclude with a second field`;
  if (meaning.type === "null") return `the event has a value in ${named(field, written)}: remove this line`;
  if (meaning.type === "presence") {
    if (!meaning.wanted) return `the event has ${named(field, written)}: remove this line`;
    return absentHint(field, written, view);
  }
  if (!found.present) return absentHint(field, written, view);
  if (item.all && values.length === 1) {
    const value = yamlText(values[0]?.written ?? "");
    return `the event has nothing like it: remove ${value} from \`${item.key}\`, or give it a selection of its own`;
  }
  if (changesEachTime(field) && (meaning.type === "number" || meaning.type === "text"))
    return `${named(field, written)} has another value in each event: test another field`;
  const [scalar] = found.scalars;
  if (scalar === undefined) return `${named(field, written)} has no plain value in this event`;
  switch (meaning.type) {
    case "number":
    case "boolean":
      return `the event has another value: add ${typeof scalar === "string" ? yamlText(scalar) : scalar} to the values of \`${item.key}\``;
    case "comparison": {
      const number = meaning.part === null ? numberOf(scalar) : datePartOf(String(scalar), meaning.part);
      if (number === null)
        return `the value is no ${meaning.part === null ? "number" : "date"}: test another field`;
      const reached = meaning.operator.startsWith("lt") ? "lte" : "gte";
      const prefix = meaning.part === null ? "" : `${meaning.part}|`;
      return `the event has ${number}: use \`${written}|${prefix}${reached}: ${number}\``;
    }
    case "date-part": {
      const number = datePartOf(String(scalar), meaning.part);
      return number === null
        ? "the value is no date: test another field"
        : `the event has ${number}: add ${number} to the values of \`${item.key}\``;
    }
    case "network": {
      const address = parseAddress(String(scalar));
      if (address === null) return "the value is no IP address: test another field";
      return `the address is outside the range: add '${scalar}/${address.version === 4 ? 32 : 128}' to the values of \`${item.key}\``;
    }
    case "reference": {
      const other = view.field(meaning.field);
      return other.present
        ? `\`${meaning.field}\` has ${yamlText(other.texts.join(", "))}`
        : absentHint(meaning.field, meaning.field, view);
    }
    case "text":
    case "regex":
      return "";
  }
}
