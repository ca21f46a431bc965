import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { convertSigma, ruleOf } from "./helpers.js";
import { ruleCases } from "./rule-cases.js";
import { asGiven, logsource, systems } from "./systems.js";

/** Of each language; a tenth of a second each. */
const RUNS = 300;

/** Rules that compare a text with true or false ask for a field of another type than the events have. */
function asksForBoolean(query: string): boolean {
  return /=[=]? (?:true|false)/.test(query);
}

test.each(systems)(
  "a rule and its $language find the same events in the stand-in, and many rules have one",
  ({ language, finds, source, allowed, shape = asGiven, least }) => {
    let converted = 0;
    let found = 0;
    fc.assert(
      fc.property(ruleCases, (given) => {
        const { detection, events } = shape(given);
        const text = ruleOf(detection);
        const { rule } = compileSigma(text, "rule.yml");
        const options = source === undefined ? {} : { source };
        const { conversion, diagnostics } = convertSigma(text, "rule.yml", language, options);
        if (rule === null) expect(conversion).toBeNull();
        else if (conversion === null) {
          expect(diagnostics.map(({ code }) => code)).toContain("convert-unsupported");
        }
        if (rule === null || conversion === null || asksForBoolean(conversion.query)) return;
        converted++;
        const condition = finds(conversion.query);
        for (const event of events) {
          const fields = Object.fromEntries(
            Object.entries(event).filter(([name, value]) => allowed(name, value)),
          );
          const expected = rule.matches({ id: "1", fields, logsource });
          if (expected) found++;
          expect(condition(fields) === true, `${conversion.query}\n${JSON.stringify(fields)}`).toBe(expected);
        }
      }),
      { numRuns: RUNS },
    );
    expect(converted).toBeGreaterThan(least[0] * RUNS);
    expect(found).toBeGreaterThan(least[1] * RUNS);
  },
);
