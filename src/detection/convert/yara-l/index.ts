import type { Language } from "../language.js";
import { conditionOf } from "./condition.js";
import { correlation, sequence } from "./correlation.js";
import { ruleText } from "./rule-text.js";

/** Writes a search over Google SecOps' events of the Unified Data Model. */
export const udmSearch: Language = {
  rule: conditionOf(""),
  correlation: "a search over the Unified Data Model finds events one by one",
};

/** Writes a rule of YARA-L 2.0. */
export const yaraL: Language = {
  rule: (query, context) =>
    ruleText(context.title, { events: [conditionOf("$e.")(query, context)], condition: "$e" }),
  correlation,
  sequence,
  holdsTimespan: true,
};
