import type { Parameters } from "../parameters.js";
import { fieldCheck, testAtStart, type FieldCheck } from "./check.js";
import { readStateCheck } from "./state.js";

/** Whether a name is one of the list: as it stands, or by expressions that match from its start. Keywords never are. */
function readFieldList(from: Parameters): (name: string | null) => boolean {
  const fields = from.texts("fields");
  if (from.choice("mode", ["plain", "re"], "plain") === "plain") {
    return (name) => name !== null && fields.includes(name);
  }
  const tests = fields.map((field) => testAtStart(field, "fields", from));
  return (name) => name !== null && tests.some((test) => test(name));
}

/** The conditions on the name of a field, by their names in the file. */
export const fieldConditions: Readonly<Record<string, (from: Parameters) => FieldCheck>> = {
  include_fields: (from) => fieldCheck(readFieldList(from)),

  exclude_fields: (from) => {
    const isListed = readFieldList(from);
    return fieldCheck((name) => !isListed(name));
  },

  processing_item_applied: (from) => {
    const id = from.text("processing_item_id");
    return {
      ofName: (name, context) => name !== null && context.fieldProcessedBy.get(name)?.has(id) === true,
      ofLeaf: ({ processedBy }) => processedBy.has(id),
    };
  },

  processing_state: (from) => {
    const check = readStateCheck(from);
    return fieldCheck((_, context) => check(context));
  },
};
