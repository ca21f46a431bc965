import { treeOf } from "./match/rule-trees.js";
import type { CompiledRule, RuleEvent } from "./rule.js";
import { type EventView, viewOf } from "./sigma/event-view.js";
import { compileItem } from "./sigma/item.js";
import { ruleTest } from "./sigma/rule-test.js";
import { type Item, itemsOf } from "./sigma/rule-tree.js";

/** Lines of a rule about unknown fields of which every combination is tried. */
const MOST_UNKNOWN = 10;

/**
 * Whether a rule's answer about an event is the same whatever the fields hold that the event does not have: for events of a sensor that
 * does not tell all that the deployed one would. False where that cannot be shown, as with a rule of SPL that reads such a field.
 */
export function isCertain(rule: CompiledRule, event: RuleEvent): boolean {
  if (!rule.reads(event)) return true;
  const view = viewOf(event);
  const isThere = (field: string): boolean => view.field(field).present;
  if (rule.fields !== null && [...rule.fields].every(isThere)) return true;
  const tree = treeOf(rule);
  if (tree === null) return false;
  const items = [...tree.searches.values()].flatMap(itemsOf);
  const unknown = items.filter((item) => !isKnown(item, view, isThere));
  if (unknown.length > MOST_UNKNOWN) return false;
  const answers = Array.from({ length: 2 ** unknown.length }, (_, combination) =>
    ruleTest(tree, (item) => {
      const at = unknown.indexOf(item);
      return at < 0 ? compileItem(item) : () => ((combination >> at) & 1) === 1;
    })(view),
  );
  return new Set(answers).size === 1;
}

/** Keywords that are found stay found; a field that is there, and the one that it is compared with, keep their values. */
function isKnown(item: Item, view: EventView, isThere: (field: string) => boolean): boolean {
  if (item.field === null) return compileItem(item)(view) !== item.negated;
  const compared = item.values.flatMap(({ meanings }) =>
    meanings.flatMap((meaning) => (meaning.type === "reference" ? [meaning.field] : [])),
  );
  return [item.field, ...compared].every(isThere);
}
