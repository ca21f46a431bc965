import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSigmaFile } from "../../../src/detection/sigma/collection-file.js";
import { ruleCases } from "../convert/rule-cases.js";
import { printDocuments, withoutPlaces } from "./print-rule.js";

/** Reads, prints and reads again. */
function expectSameAgain(text: string, file: string): void {
  const first = parseSigmaFile(text, file).documents;
  const printed = printDocuments(first);
  const again = parseSigmaFile(printed, file).documents;
  expect(withoutPlaces(again), printed).toEqual(withoutPlaces(first));
}

/** What the rules of the converters' tests do not have: encodings, times, keywords, texts that look like something else. */
const further = fc.constantFrom<unknown>(
  { "A|base64offset|contains": "whoami", "B|wide|base64offset|contains": ["a", "b"] },
  { "A|utf16le|base64": "x", "B|re|i|m": ["^a", "b$"] },
  { "T|hour|gte": 22, "U|week": 3, "V|lt": -1.5, "W|gt": 1e3 },
  { "A|windash|contains|all": [" -enc ", " -nop "], "B|neq": ["x", "y"] },
  { Number: 1.5, Text: "1.5", Zeros: "007", Large: 12345678901234567890n.toString(), Octal: "0o17" },
  { Empty: "", Null: null, Tilde: "~", Yes: "yes", On: "on", True: "true", Truth: true },
  { Colon: "a: b", Hash: "a #b", Dash: "- a", Quote: "'\"", Percent: "%x%", At: "@a", Line: "a\nb\tc" },
  { "key: with colon": "a", "#key": "b", "Über.Feld": "ü😀\u2028" },
  ["keyword", "*wild?card*", String.raw`back\\slash\*`],
  "one keyword",
  { "|all": ["one", "two"] },
  { "|re": ["^one$"] },
  [{ A: "x" }, "keyword", { B: [1, "2"], C: null }],
);

const names = ["first", "second", "4e9b8a56-0000-4000-8000-000000000001"];
const document = fc
  .tuple(ruleCases, further, fc.integer({ min: 0, max: 3 }))
  .map(([{ detection }, sel_c, number]) => ({
    title: `a rule: "${number}" # of many`,
    ...(number === 0 ? {} : { id: names[2], name: names[number % 2] }),
    ...(number < 2 ? {} : { level: "high", tags: ["attack.t1059", "detection.threat-hunting"] }),
    logsource: [
      { product: "windows", category: "process_creation" },
      { service: "yes" },
      { product: "~" },
      { category: "a b" },
    ][number],
    detection: { ...detection, sel_c },
  }));

const bounds = fc.constantFrom({ gte: 3 }, { gt: 1, lte: 20 }, { eq: 2 }, { neq: 5 }, { lt: 4 });
const field = fc.constantFrom("Bytes", "User Name", "%x");
const measured = fc.oneof(
  bounds.map((condition) => ({ type: "event_count", condition })),
  fc
    .tuple(bounds, fc.uniqueArray(field, { minLength: 1 }))
    .map(([given, fields]) => ({ type: "value_count", condition: { ...given, field: fields } })),
  fc
    .tuple(bounds, field, fc.constantFrom("value_sum", "value_avg", "value_median"))
    .map(([given, name, type]) => ({ type, condition: { ...given, field: name } })),
  fc.tuple(bounds, field, fc.constantFrom(0, 50, 99.9)).map(([given, name, percentile]) => ({
    type: "value_percentile",
    condition: { ...given, field: name, percentile },
  })),
  fc.constantFrom(
    { type: "temporal" },
    { type: "temporal", condition: { gte: 1 } },
    { type: "temporal", condition: "first and  (second)" },
    { type: "temporal", condition: "second or first" },
    { type: "temporal_ordered" },
  ),
);
const correlation = fc
  .tuple(measured, fc.uniqueArray(field), fc.boolean(), fc.constantFrom("30s", "5m", "2h", "1d"))
  .map(([section, groupBy, generate, timespan]) => ({
    title: "a correlation",
    name: "third",
    correlation: {
      ...section,
      rules: ["first", "second"],
      ...(groupBy.length === 0 ? {} : { "group-by": groupBy }),
      ...(groupBy.length < 2 ? {} : { aliases: { [groupBy[0] ?? ""]: { first: "A", second: "B c" } } }),
      timespan,
      ...(generate ? { generate } : {}),
    },
  }));
const filter = fc
  .tuple(ruleCases, fc.constantFrom("any", ["first"], ["first", names[2]]))
  .map(([{ detection }, rules]) => ({
    title: "a filter",
    logsource: { product: "windows" },
    filter: { rules, ...detection, condition: `not (${String(detection["condition"])})` },
  }));

describe("what is printed and read again is the same", () => {
  test("generated rules, correlations and filters, several in a file", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(document, correlation, filter), { minLength: 1, maxLength: 4 }),
        (documents) => {
          // JSON is YAML: what was not printed by us is read first.
          expectSameAgain(documents.map((each) => JSON.stringify(each)).join("\n---\n"), "generated.yml");
        },
      ),
      { numRuns: 150 },
    );
  });

  test.each([
    "A: 1.0",
    "A: [007, 0x1F, 1e3, -0.5]",
    "A: 12345678901234567890",
    "A|contains: [1, 2.5]",
    "A|exists: true\n    B: ~\n    C:",
    "A|re: 5",
    "A: |\n      two\n      lines",
  ])("values that are no texts in YAML, or are written over several lines: %j", (line) => {
    const logsource = "logsource:\n  product: linux";
    expectSameAgain(`title: t\n${logsource}\ndetection:\n  s:\n    ${line}\n  condition: s\n`, "rule.yml");
  });

  const folder = resolve(import.meta.dirname, "../../../../shared/known-answers/sigma");
  test("every rule of SigmaHQ among the known answers", ({ skip }) => {
    skip(!existsSync(folder), `${folder} is not on this machine`);
    const rules = readdirSync(folder).filter((name) => name.endsWith(".rule.yml"));
    expect(rules.length).toBeGreaterThan(60);
    for (const name of rules) expectSameAgain(readFileSync(join(folder, name), "utf8"), name);
  });
});
