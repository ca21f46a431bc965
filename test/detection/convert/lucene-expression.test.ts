import * as fc from "fast-check";
import { expect, test } from "vitest";
import { luceneExpression } from "../../../src/detection/convert/lucene/expression.js";
import { compileRegex } from "../../../src/detection/regex/index.js";
import { isWhole } from "./lucene-stand-in.js";

test("an expression of Lucene is the whole of the texts in which that of Sigma is found", () => {
  const part = fc.constantFrom(
    "a",
    "B",
    ".",
    "[a-c]",
    "[^a]",
    "\\d",
    "\\\\",
    "/",
    "\\s",
    "(a|b)",
    "a*",
    "b+",
    "c?",
    "a{2,3}",
    "-",
    '"',
    "#",
    "~",
  );
  const source = fc
    .tuple(
      fc.constantFrom("", "^"),
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.constantFrom("", "$", "\\z"),
    )
    .map(([start, parts, end]) => `${start}${parts.join("")}${end}`);
  const text = fc.string({
    unit: fc.constantFrom("a", "A", "b", "c", "1", "\\", "/", "-", '"', "#", "~", " ", "\n"),
  });
  fc.assert(
    fc.property(source, fc.subarray(["i", "m", "s"]), text, (expression, names, given) => {
      const flags = new Set(names);
      const converted = luceneExpression(expression, flags);
      if (converted === null) return;
      expect(isWhole(converted, given), converted).toBe(compileRegex(expression, flags).test(given));
    }),
    { numRuns: 2000 },
  );
});
