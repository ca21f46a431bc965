import * as fc from "fast-check";
import { expect, test } from "vitest";
import { convertSigma } from "../../../src/detection/convert/index.js";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { evaluateSpl } from "../../../src/detection/spl/evaluate.js";
import { ruleOf } from "./helpers.js";
import { ruleCases } from "./rule-cases.js";

test("a rule and its SPL find the same events, and most rules have one", () => {
  let converted = 0;
  let found = 0;
  fc.assert(
    fc.property(ruleCases, ({ detection, events }) => {
      const text = ruleOf(detection);
      const { rule } = compileSigma(text, "rule.yml");
      const { conversion, diagnostics } = convertSigma(text, "rule.yml", "spl");
      if (rule === null) {
        expect(conversion).toBeNull();
        return;
      }
      if (conversion === null) {
        expect(diagnostics.map(({ code }) => code)).toContain("convert-unsupported");
        return;
      }
      converted++;
      const logsource = { product: "windows", category: "process_creation" };
      const list = events.map((fields, index) => ({ id: String(index), time: 0, fields, logsource }));
      const expected = list.filter((event) => rule.matches(event)).map(({ id }) => id);
      found += expected.length;
      const { rows, diagnostics: problems } = evaluateSpl(conversion.query, "query.spl", list);
      expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
      expect(rows?.flatMap((row) => row.events).toSorted(), conversion.query).toEqual(expected);
    }),
    { numRuns: 800 },
  );
  expect(converted).toBeGreaterThan(500);
  expect(found).toBeGreaterThan(300);
});
