import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSigmaFile } from "../../../../src/detection/sigma/collection-file.js";
import type { Diagnostic } from "../../../../src/errors.js";

const whole = `title: Test
correlation:
  type: event_count
  rules:
    - a
  group-by:
    - User
  timespan: 5m
  condition:
    gte: 10
`;

function diagnosticsOf(text: string): readonly Diagnostic[] {
  return parseSigmaFile(text, "rules/test.yml").diagnostics;
}

/** The correlation with some of its lines replaced. */
function changed(from: string, to: string): string {
  if (!whole.includes(from)) throw new Error(`no ${from}`);
  return whole.replace(from, to);
}

test("a whole correlation has nothing to be said of", () => {
  expect(parseSigmaFile(whole, "rules/test.yml").documents).toMatchObject([
    {
      type: "correlation",
      number: 1,
      position: { file: "rules/test.yml", line: 1, column: 1 },
      diagnostics: [],
      correlation: {
        title: "Test",
        type: "event_count",
        rules: [{ text: "a", position: { line: 5, column: 7 } }],
        groupBy: ["User"],
        timespan: 300_000,
        timespanText: "5m",
        condition: { type: "bounds", bounds: { gte: 10 } },
        generate: false,
      },
    },
  ]);
});

test("a rule and a group-by may stand alone, without a list, and generate at the top or in the section", () => {
  const short = changed("\n    - a", " a").replace("\n    - User", " User");
  expect(parseSigmaFile(short, "a.yml").documents).toMatchObject([
    { correlation: { rules: [{ text: "a" }], groupBy: ["User"], generate: false } },
  ]);
  for (const text of [`${whole}generate: true\n`, `${whole}  generate: true\n`])
    expect(parseSigmaFile(text, "a.yml").documents).toMatchObject([{ correlation: { generate: true } }]);
});

const condition = (type: string, lines: string): string =>
  changed("event_count", type).replace("    gte: 10\n", lines.replaceAll(/^/gm, "    "));

/** What must be refused: the text, and the code, line and column of the first error. */
const refusals: readonly (readonly [string, string, string, number, number])[] = [
  ["no type", changed("  type: event_count\n", ""), "correlation-type", 2, 1],
  ["an unknown type", changed("event_count", "event_cuont"), "correlation-type", 3, 9],
  ["a type in upper case", changed("event_count", "EVENT_COUNT"), "correlation-type", 3, 9],
  ["no rules", changed("  rules:\n    - a\n", ""), "missing-rules", 2, 1],
  ["an empty list of rules", changed("\n    - a", " []"), "wrong-type", 4, 10],
  ["a rule that is a number", changed("- a", "- 5"), "wrong-type", 5, 7],
  ["a rule that stands twice", changed("- a", "- a\n    - a"), "name-repeated", 6, 7],
  ["a group-by that is a map", changed("\n    - User", "\n    a: b"), "wrong-type", 7, 5],
  ["an empty group-by", changed("\n    - User", " []"), "wrong-type", 6, 13],
  ["no timespan", changed("  timespan: 5m\n", ""), "timespan", 2, 1],
  ["a timespan without a unit", changed("5m", "5"), "timespan", 8, 13],
  ["a timespan in upper case", changed("5m", "5M"), "timespan", 8, 13],
  ["a timespan in words", changed("5m", "5 minutes"), "timespan", 8, 13],
  ["a timespan of two units", changed("5m", "1h30m"), "timespan", 8, 13],
  ["a timespan in weeks", changed("5m", "2w"), "timespan", 8, 13],
  ["a timespan in years", changed("5m", "1y"), "timespan", 8, 13],
  ["a timespan of nothing", changed("5m", "0s"), "timespan", 8, 13],
  ["a timespan below nothing", changed("5m", "-5m"), "timespan", 8, 13],
  ["a timespan with a fraction", changed("5m", "1.5h"), "timespan", 8, 13],
  ["no condition", changed("  condition:\n    gte: 10\n", ""), "missing-condition", 2, 1],
  ["an empty condition", changed("\n    gte: 10", " {}"), "condition-operators", 9, 14],
  ["a condition that is a list", changed("\n    gte: 10", " [10]"), "wrong-type", 9, 14],
  ["a condition that is a number", changed("\n    gte: 10", " 10"), "wrong-type", 9, 14],
  ["an unknown operator", changed("gte:", "gt3:"), "unknown-key", 10, 5],
  ["two lower bounds", changed("gte: 10", "gte: 10\n    gt: 5"), "condition-operators", 10, 5],
  ["an exact count beside a bound", changed("gte: 10", "eq: 10\n    lt: 50"), "condition-operators", 10, 5],
  ["three operators", changed("gte: 10", "gt: 1\n    lt: 5\n    neq: 3"), "condition-operators", 10, 5],
  ["a count that is a text", changed("gte: 10", "gte: '10'"), "condition-value", 10, 10],
  ["a count with a fraction", changed("gte: 10", "gte: 1.5"), "condition-value", 10, 10],
  ["a count that is infinite", changed("gte: 10", "gte: .inf"), "condition-value", 10, 10],
  ["event_count with a field", changed("gte: 10", "gte: 10\n    field: User"), "condition-field", 11, 5],
  ["an expression for event_count", changed("\n    gte: 10", " a and b"), "wrong-type", 9, 14],
  ["value_count without a field", condition("value_count", "gte: 2\n"), "condition-field", 9, 3],
  ["value_count with an empty field", condition("value_count", "field: ''\ngte: 2\n"), "wrong-type", 10, 12],
  ["value_sum without a field", condition("value_sum", "gte: 2\n"), "condition-field", 9, 3],
  ["value_sum of two fields", condition("value_sum", "field: [a, b]\ngte: 2\n"), "condition-field", 10, 12],
  ["value_avg of two fields", condition("value_avg", "field: [a, b]\ngte: 2\n"), "condition-field", 10, 12],
  ["a percentile of none", condition("value_percentile", "field: a\ngte: 2\n"), "condition-percentile", 9, 3],
  [
    "a percentile above 100",
    condition("value_percentile", "field: a\npercentile: 101\ngte: 2\n"),
    "condition-percentile",
    11,
    17,
  ],
  [
    "a percentile as a text",
    condition("value_percentile", "field: a\npercentile: '5'\ngte: 2\n"),
    "condition-percentile",
    11,
    17,
  ],
  [
    "a percentile for a median",
    condition("value_median", "field: a\npercentile: 5\ngte: 2\n"),
    "condition-percentile",
    11,
    5,
  ],
  ["part of an order", condition("temporal_ordered", "gte: 0\n"), "condition-order", 10, 5],
  [
    "not in a condition",
    changed("event_count", "temporal").replace("\n    gte: 10", " a and not b"),
    "correlation-absence",
    9,
    14,
  ],
  [
    "of in a condition",
    changed("event_count", "temporal").replace("\n    gte: 10", " 1 of a*"),
    "condition-syntax",
    9,
    14,
  ],
  [
    "or in an order",
    changed("event_count", "temporal_ordered").replace("\n    gte: 10", " a or b"),
    "condition-order",
    9,
    14,
  ],
  [
    "a broken expression",
    changed("event_count", "temporal").replace("\n    gte: 10", " a and"),
    "condition-syntax",
    9,
    19,
  ],
  [
    "an expression over another rule",
    changed("event_count", "temporal").replace("\n    gte: 10", " a and b"),
    "unknown-identifier",
    9,
    20,
  ],
  [
    "a rule that the expression leaves out",
    changed("event_count", "temporal").replace("- a", "- a\n    - b").replace("\n    gte: 10", " a"),
    "condition-rules",
    10,
    14,
  ],
  ["aliases that are a list", changed("  timespan", "  aliases: [x]\n  timespan"), "wrong-type", 8, 12],
  [
    "an alias that is a field",
    changed("  timespan", "  aliases:\n    User: Account\n  timespan"),
    "alias-invalid",
    9,
    5,
  ],
  [
    "an alias of two fields",
    changed("  timespan", "  aliases:\n    User:\n      a: [X, Y]\n  timespan"),
    "alias-invalid",
    10,
    7,
  ],
  ["an unknown key", changed("group-by", "groupby"), "unknown-key", 6, 3],
  [
    "a key of one's own in the section",
    changed("  timespan", "  window: 5\n  timespan"),
    "unknown-key",
    8,
    3,
  ],
  ["generate that is a text", `${whole}generate: 'yes'\n`, "wrong-type", 11, 11],
  [
    "generate with two answers",
    `${whole}  generate: true\ngenerate: false\n`,
    "generate-contradictory",
    11,
    13,
  ],
  ["no title", changed("title: Test\n", "name: x\n"), "missing-title", 1, 1],
  ["an unknown level", `${whole}level: hihg\n`, "unknown-level", 11, 8],
  [
    "a detection beside the correlation",
    `${whole}detection:\n  s: {a: 1}\n  condition: s\n`,
    "correlation-mixed",
    11,
    1,
  ],
  ["a log source beside the correlation", `${whole}logsource: {product: a}\n`, "correlation-mixed", 11, 1],
  ["a correlation that is a text", "title: a\ncorrelation: many\n", "wrong-type", 2, 14],
  ["an alias of YAML", changed("- User", "- &u User\n  aliases: *u"), "yaml-alias", 8, 12],
];

test.each(refusals)("refused with its position: %s", (_, text, code, line, column) => {
  const file = parseSigmaFile(text, "rules/test.yml");
  const [first] = file.diagnostics.filter(({ severity }) => severity === "error");
  expect({ code: first?.code, line: first?.line, column: first?.column }).toEqual({ code, line, column });
  expect(first?.message).not.toBe("");
  expect(file.documents).toMatchObject([{ type: "refused", kind: "correlation" }]);
});

describe("hints", () => {
  test.each([
    [changed("event_count", "event_cuont"), 'did you mean "event_count"?'],
    [changed("5m", "2w"), "14d"],
    [changed("gte: 10", "gte: '10'"), "without quotes"],
    [changed("gte: 10", "gte: 10\n    field: User"), "use value_count"],
    [changed("group-by", "groupby"), 'did you mean "group-by"?'],
    [condition("value_percentile", "field: a\ngte: 2\n"), "percentile: 95"],
  ])("%#", (text, hint) => {
    expect(
      diagnosticsOf(text)
        .map((finding) => finding.hint)
        .join("\n"),
    ).toContain(hint);
  });
});

describe("conditions that hold never, always, or already for the first event are warned about", () => {
  const bound = (type: string, lines: string): (string | undefined)[] =>
    diagnosticsOf(condition(type, `${type.startsWith("value") ? "field: a\n" : ""}${lines}\n`)).map(
      ({ severity, code }) => (severity === "warning" ? code : `error ${code}`),
    );

  test.each([
    ["event_count", "gte: 0", ["condition-always"]],
    ["event_count", "gte: 1", ["condition-always"]],
    ["event_count", "gt: -1", ["condition-always"]],
    ["event_count", "neq: 0", ["condition-always"]],
    ["event_count", "lt: 1", ["condition-never"]],
    ["event_count", "lte: 0", ["condition-never"]],
    ["event_count", "eq: 0", ["condition-never"]],
    ["event_count", "gt: 5\nlte: 5", ["condition-never"]],
    ["event_count", "gt: 5\nlt: 6", ["condition-never"]],
    ["event_count", "lt: 5", ["condition-first-event"]],
    ["event_count", "eq: 1", ["condition-first-event"]],
    ["value_count", "neq: 5", ["condition-first-event"]],
    ["event_count", "gt: 5\nlte: 6", []],
    ["event_count", "eq: 5", []],
    ["value_count", "gte: 2", []],
    ["temporal", "gte: 2", ["condition-never"]],
    ["temporal", "gte: 1", ["condition-always"]],
    ["value_sum", "gt: 5\nlt: 5", ["condition-never"]],
    ["value_sum", "gt: 5\nlt: 6", []],
    ["value_avg", "lte: 0.5", []],
  ])("%s with %j: %j", (type, lines, codes) => {
    expect(bound(type, lines)).toEqual(codes);
  });
});

test("an alias that is of no use is warned about", () => {
  const text = changed("  timespan", "  aliases:\n    Who:\n      a: X\n  timespan");
  expect(diagnosticsOf(text)).toMatchObject([{ severity: "warning", code: "alias-unused" }]);
});

test("no text makes the reader throw", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "type",
      "temporal",
      "rules",
      "a",
      "group-by",
      "5m",
      "condition",
      "gte",
      "and",
      "not",
      "10",
      "aliases",
    ),
    fc.constantFrom(
      "[",
      "]",
      "{",
      "}",
      ": ",
      "- ",
      "\n",
      "\n  ",
      "\n    ",
      "null",
      "'",
      "&a",
      "*a",
      "---\n",
      "action: global",
    ),
    fc.string({ maxLength: 4 }),
  );
  const pieces = fc.array(piece, { maxLength: 10 }).map((list) => list.join(""));
  const property = fc.property(pieces, pieces, (section, end) => {
    const { documents, diagnostics } = parseSigmaFile(
      `title: a\ncorrelation:\n  ${section}\n${end}`,
      "a.yml",
    );
    return (
      documents.length > 0 &&
      diagnostics.every(({ line, column }) => line > 0 && column > 0) &&
      documents.every(
        ({ type, diagnostics: own }) =>
          (type === "refused") === own.some(({ severity }) => severity === "error"),
      )
    );
  });
  expect(fc.check(property, { numRuns: 1000 })).toMatchObject({ failed: false, counterexample: null });
});
