import * as fc from "fast-check";
import { expect, test } from "vitest";
import { convertSigma } from "../../../src/detection/convert/index.js";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { keepsRow, readLiteral, tokensOf } from "./esql-stand-in.js";
import { queryFor, ruleOf } from "./helpers.js";
import { ruleCases } from "./rule-cases.js";

const source = "events";
const logsource = { product: "windows", category: "process_creation" };

/** The events as the assumptions have them: numbers in a field of numbers, addresses in one of addresses. */
function asIndexed(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => {
      if (name === "Count") return typeof value === "number";
      return name !== "Address" || /^[\d.]+$|:/.test(String(value));
    }),
  );
}

/** Rules that compare a text with true or false ask for a field of another type than the events have. */
function asksForBoolean(query: string): boolean {
  return /== (?:true|false)/.test(query);
}

test("a rule and its ES|QL find the same events in the stand-in, and many rules have one", () => {
  let converted = 0;
  let found = 0;
  fc.assert(
    fc.property(ruleCases, ({ detection, events }) => {
      const text = ruleOf(detection);
      const { rule } = compileSigma(text, "rule.yml");
      const { conversion } = convertSigma(text, "rule.yml", "esql", { source });
      if (rule === null || conversion === null || asksForBoolean(conversion.query)) return;
      converted++;
      for (const fields of events.map(asIndexed)) {
        const expected = rule.matches({ id: "1", fields, logsource });
        if (expected) found++;
        expect(keepsRow(conversion.query, fields), conversion.query).toBe(expected);
      }
    }),
    { numRuns: 800 },
  );
  expect(converted).toBeGreaterThan(300);
  expect(found).toBeGreaterThan(200);
});

test("no value breaks out of its literal", () => {
  const hostile = fc
    .oneof(
      fc.string({ unit: "binary-ascii" }),
      fc.string({ unit: fc.constantFrom('"', "\\", "\n", "`", "|", " OR ", "//", "x") }),
    )
    .filter((text) => !/(?![\t\n\r])\p{Cc}/u.test(text));
  fc.assert(
    fc.property(hostile, (text) => {
      const written = text.replaceAll(/[\\*?]/g, String.raw`\$&`);
      const tokens = tokensOf(queryFor("esql", { sel: { "a|cased": written } }, { source }));
      expect(tokens.slice(0, -1)).toEqual(["FROM", "events", "|", "WHERE", "a", "=="]);
      expect(readLiteral(tokens.at(-1) ?? "")).toBe(text);
    }),
  );
});
