import * as fc from "fast-check";
import { expect, test } from "vitest";
import { convertSigma } from "../../../src/detection/convert/index.js";
import { luceneExpression } from "../../../src/detection/convert/lucene/expression.js";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { compileRegex } from "../../../src/detection/regex/index.js";
import { queryFor, ruleOf } from "./helpers.js";
import { findsRow, isWhole, readQuoted, tokensOf } from "./lucene-stand-in.js";
import { ruleCases } from "./rule-cases.js";

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

test("a rule and its query find the same events in the stand-in, and many rules have one", () => {
  let converted = 0;
  let found = 0;
  fc.assert(
    fc.property(ruleCases, ({ detection, events }) => {
      const text = ruleOf(detection);
      const { rule } = compileSigma(text, "rule.yml");
      const { conversion } = convertSigma(text, "rule.yml", "lucene");
      if (rule === null || conversion === null) return;
      converted++;
      for (const fields of events.map(asIndexed)) {
        const expected = rule.matches({ id: "1", fields, logsource });
        if (expected) found++;
        expect(findsRow(conversion.query, fields), conversion.query).toBe(expected);
      }
    }),
    { numRuns: 800 },
  );
  expect(converted).toBeGreaterThan(300);
  expect(found).toBeGreaterThan(200);
});

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

test("no value breaks out of its quotes or its slashes", () => {
  const hostile = fc
    .oneof(
      fc.string({ unit: "binary-ascii" }),
      fc.string({ unit: fc.constantFrom('"', "\\", "/", " OR ", ")", "x") }),
    )
    .filter((text) => text !== "" && text.length < 60 && !/(?![\t\n\r])\p{Cc}/u.test(text));
  fc.assert(
    fc.property(hostile, (text) => {
      const written = text.replaceAll(/[\\*?]/g, String.raw`\$&`);
      const whole = tokensOf(queryFor("lucene", { sel: { "a|cased": written } }));
      expect(whole.slice(0, -1)).toEqual(["a", ":"]);
      expect(readQuoted(whole.at(-1) ?? "")).toBe(text);
      const parts = tokensOf(queryFor("lucene", { sel: { "a|endswith": written, "b|contains": "/x" } }));
      expect(parts.filter((_, index) => index !== 2)).toEqual([
        "a",
        ":",
        "AND",
        "b",
        ":",
        String.raw`/.*\/[Xx].*/`,
      ]);
      expect(isWhole((parts[2] ?? "").slice(1, -1), `before ${text}`)).toBe(true);
    }),
  );
});
