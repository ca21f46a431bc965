import * as fc from "fast-check";
import { expect, test } from "vitest";
import { convertSigma } from "../../../src/detection/convert/index.js";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { queryFor, ruleOf } from "./helpers.js";
import { keepsRow, readLiteral, tokensOf } from "./kql-stand-in.js";
import { ruleCases } from "./rule-cases.js";

const source = "Events";
const logsource = { product: "windows", category: "process_creation" };

/** The events as the assumptions have them: no empty texts, no texts in a column of numbers, no ranges in one of addresses. */
function asTable(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([name, value]) =>
        value !== "" &&
        !(name === "Address" && String(value).includes("/")) &&
        (name !== "Count" || typeof value === "number"),
    ),
  );
}

test("a rule and its KQL find the same events in the stand-in, and most rules have one", () => {
  let converted = 0;
  let found = 0;
  fc.assert(
    fc.property(ruleCases, ({ detection, events }) => {
      const text = ruleOf(detection);
      const { rule } = compileSigma(text, "rule.yml");
      const { conversion } = convertSigma(text, "rule.yml", "kql", { source });
      if (rule === null || conversion === null) return;
      converted++;
      for (const fields of events.map(asTable)) {
        const expected = rule.matches({ id: "1", fields, logsource });
        if (expected) found++;
        expect(keepsRow(conversion.query, fields), conversion.query).toBe(expected);
      }
    }),
    { numRuns: 800 },
  );
  expect(converted).toBeGreaterThan(400);
  expect(found).toBeGreaterThan(300);
});

test("no value breaks out of its literal", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary-ascii" }),
    fc.string({ unit: fc.constantFrom('"', "\\", "\n", "'", "|", " or ", "//", "x") }),
  );
  fc.assert(
    fc.property(
      hostile.filter((text) => text !== "" && !/(?![\t\n\r])\p{Cc}/u.test(text)),
      (text) => {
        const written = text.replaceAll(/[\\*?]/g, String.raw`\$&`);
        const tokens = tokensOf(queryFor("kql", { sel: { "a|cased": written } }, { source }));
        expect(tokens.slice(0, -1)).toEqual(["Events", "|", "where", "a", "=="]);
        expect(readLiteral(tokens.at(-1) ?? "")).toBe(text);
      },
    ),
  );
});
