import { compareNumbers } from "../../sigma/evaluate.js";
import {
  havingFields,
  ruleName,
  sumSigns,
  writeWanted,
  type CorrelationQuery,
} from "../correlation-query.js";
import type { ConvertContext } from "../language.js";
import type { SequenceQuery } from "../sequence-query.js";
import { conditionOf, refuseField, refuseZero } from "./condition.js";
import { ruleText, windowOf, type Sections } from "./rule-text.js";

/** Google SecOps, "Outcome section syntax". */
const mostOutcomes = 20;

function refuseUngrouped({ refuse }: ConvertContext): string {
  return refuse(
    0,
    "a rule of YARA-L over several events groups by one field at least",
    "add a field to group-by",
  );
}

type Counted = Pick<Sections, "outcome" | "condition">;

/**
 * What a correlation counts, of the events `$e` of a group: `#` is how many events or values there are ("Condition section
 * syntax"); sums, and whether a rule matched any of them, are outcomes ("Outcome section syntax": aggregations of `if()`).
 */
function counted(counts: CorrelationQuery["counts"], context: ConvertContext): Counted {
  switch (counts.of) {
    case "events":
      return { condition: `#e >= ${counts.least}` };
    case "values":
      return { condition: `$e and #value >= ${counts.least}` };
    case "sum": {
      refuseField(counts.field, 0, context);
      if (compareNumbers(0, counts.operator, counts.least)) refuseZero({ at: 0 }, context);
      context.assume(`${counts.field} is a number in the Unified Data Model, and has one value an event`);
      return {
        outcome: [`$tyrian_sum = sum($e.${counts.field})`],
        condition: `$e and $tyrian_sum ${sumSigns[counts.operator]} ${counts.least}`,
      };
    }
    case "rules": {
      if (counts.rules.length > mostOutcomes)
        context.refuse(0, `a rule of YARA-L has at most ${mostOutcomes} outcomes`, "correlate fewer rules");
      const outcome = counts.rules.map(
        (rule, index) => `$${ruleName(index)} = max(if(${conditionOf("$e.")(rule, context)}, 1, 0))`,
      );
      const wanted = writeWanted(
        counts.wanted,
        { and: "and", or: "or", test: (name) => `$${name} > 0` },
        false,
      );
      return { outcome, condition: `$e and ${wanted}` };
    }
  }
}

/** Writes a rule over the events of a group. */
export function correlation(
  { events, groupBy, counts, timespan }: CorrelationQuery,
  context: ConvertContext,
): string {
  if (groupBy.length === 0) return refuseUngrouped(context);
  const fields = counts.of === "values" ? counts.fields : [];
  if (fields.length > 1) {
    return context.refuse(0, "YARA-L counts the values of one field, not combinations", "count one field");
  }
  const variables = new Map([
    ...groupBy.map((field, index): [string, string] => [field, `$group_${index + 1}`]),
    ...fields.map((field): [string, string] => [field, "$value"]),
  ]);
  const text = conditionOf("$e.")(havingFields(events, [...variables.keys()]), context);
  const placeholders = [...variables].map(([field, variable]) => `$e.${field} = ${variable}`);
  const groups = groupBy.map((field) => variables.get(field) ?? "");
  return ruleText(context.title, {
    events: [text, ...placeholders],
    match: `${groups.join(", ")} over ${windowOf(timespan, context)}`,
    ...counted(counts, context),
  });
}

/**
 * Writes a rule over events that follow each other: an event variable for each, joined by their groups ("Events section
 * syntax", joins) and in the order of their seconds. Of two variables that follow each other none can be the other's event.
 */
export function sequence({ steps, timespan }: SequenceQuery, context: ConvertContext): string {
  const groups = (steps[0]?.by ?? []).map((_, index) => `$group_${index + 1}`);
  if (groups.length === 0) return refuseUngrouped(context);
  context.assume(
    "The events of a sequence are a second apart at least: YARA-L puts them in order by whole seconds",
  );
  const events = steps.flatMap(({ events: step, by }, index) => {
    const variable = `$e${index + 1}`;
    const placeholders = by.map((field, place) => `${variable}.${field} = ${groups[place] ?? ""}`);
    return [conditionOf(`${variable}.`)(havingFields(step, by), context), ...placeholders];
  });
  const second = (index: number): string => `$e${index}.metadata.event_timestamp.seconds`;
  const order = steps.slice(1).map((_, index) => `${second(index + 1)} < ${second(index + 2)}`);
  return ruleText(context.title, {
    events: [...events, ...order],
    match: `${groups.join(", ")} over ${windowOf(timespan, context)}`,
    condition: steps.map((_, index) => `$e${index + 1}`).join(" and "),
  });
}
