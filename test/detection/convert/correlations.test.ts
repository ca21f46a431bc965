import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  convertCorrelation,
  placesOf,
  type ConvertResult,
  type QueryLanguage,
} from "../../../src/detection/convert/index.js";
import { correlate } from "../../../src/detection/sigma/correlation/evaluator.js";
import { evaluateSpl } from "../../../src/detection/spl/evaluate.js";
import { at, compiledCorrelations, timed, withRules } from "../sigma/correlation/workbench.js";

/** The correlation named `test` over rules named a, b and c, whose events have the rule's name in the field `kind`. */
function converted(section: string, language: QueryLanguage, source?: string): ConvertResult {
  const text = withRules(section);
  const { collection, named } = compiledCorrelations(text);
  const correlation = named("test");
  const rules = correlation.counted.map((counted) => {
    const found = collection.rules.find(({ rule }) => counted.type === "rule" && rule === counted.rule);
    return found === undefined ? null : { rule: found.tree, place: placesOf(text, "rules/file1.yml") };
  });
  return convertCorrelation(correlation, rules, language, source === undefined ? {} : { source });
}

function queryOf(section: string, language: QueryLanguage, source?: string): string {
  const { conversion, diagnostics } = converted(section, language, source);
  if (conversion === null) throw new Error(JSON.stringify(diagnostics));
  return conversion.query;
}

const failures = `
type: event_count
rules: [a]
group-by: [user, host]
timespan: 5m
condition: { gte: 10 }`;
const addresses = `
type: value_count
rules: [a]
group-by: [user]
timespan: 1h
condition: { field: ip, gt: 3 }`;
const together = `
type: temporal
rules: [a, b]
group-by: [user]
timespan: 5m`;
const either = `
type: temporal
rules: [a, b, c]
timespan: 5m
condition: a and (b or c)`;

// Splunk, Search Reference: "stats" (rows without a field of BY are left out), "eval" (if). Microsoft Learn, "summarize
// operator", "countif()", "isnotempty()". Elastic, ES|QL reference: "STATS", "EVAL", "CASE". OpenSearch, user manual of
// PPL: "stats", "eval", "if".
describe("a correlation becomes a query that counts", () => {
  test.each([
    [
      "spl",
      failures,
      ['kind="*a*"', 'stats count AS tyrian_count BY "user", "host"', "where tyrian_count>=10"],
    ],
    [
      "spl",
      addresses,
      [
        'kind="*a*"',
        'stats count AS tyrian_count BY "user", "ip"',
        'stats count AS tyrian_count BY "user"',
        "where tyrian_count>=4",
      ],
    ],
    [
      "kql",
      failures,
      [
        "Events",
        `where ['kind'] contains "a"`,
        "where isnotempty(user) and isnotempty(host)",
        "summarize tyrian_count=count() by user, host",
        "where tyrian_count >= 10",
      ],
    ],
    [
      "kql",
      addresses,
      [
        "Events",
        `where ['kind'] contains "a"`,
        "where isnotempty(user) and isnotempty(ip)",
        "summarize by user, ip",
        "summarize tyrian_count=count() by user",
        "where tyrian_count >= 4",
      ],
    ],
    [
      "kql",
      either,
      [
        "Events",
        `where ['kind'] contains "a" or ['kind'] contains "b" or ['kind'] contains "c"`,
        `summarize tyrian_rule_1=countif(['kind'] contains "a"), tyrian_rule_2=countif(['kind'] contains "b"), tyrian_rule_3=countif(['kind'] contains "c")`,
        "where tyrian_rule_1 > 0 and (tyrian_rule_2 > 0 or tyrian_rule_3 > 0)",
      ],
    ],
    [
      "esql",
      addresses,
      [
        "FROM Events",
        'WHERE kind RLIKE ".*[Aa].*"',
        "WHERE user IS NOT NULL AND ip IS NOT NULL",
        "STATS tyrian_count = COUNT(*) BY user, ip",
        "STATS tyrian_count = COUNT(*) BY user",
        "WHERE tyrian_count >= 4",
      ],
    ],
    [
      "esql",
      together,
      [
        "FROM Events",
        'WHERE kind RLIKE ".*[Aa].*" OR kind RLIKE ".*[Bb].*"',
        "WHERE user IS NOT NULL",
        'EVAL tyrian_rule_1 = CASE(kind RLIKE ".*[Aa].*", 1, 0), tyrian_rule_2 = CASE(kind RLIKE ".*[Bb].*", 1, 0)',
        "STATS tyrian_rule_1 = MAX(tyrian_rule_1), tyrian_rule_2 = MAX(tyrian_rule_2) BY user",
        "WHERE tyrian_rule_1 == 1 AND tyrian_rule_2 == 1",
      ],
    ],
    [
      "ppl",
      failures,
      [
        "source=Events",
        String.raw`where regexp_match(${"`kind`"}, '(?du)(?is)^.*a.*\\z')`,
        "where isnotnull(`user`) AND isnotnull(`host`)",
        "stats count() as tyrian_count by `user`, `host`",
        "where tyrian_count >= 10",
      ],
    ],
  ] as const)("%s: %#", (language, section, lines) => {
    expect(queryOf(section, language, language === "spl" ? undefined : "Events")).toBe(lines.join("\n| "));
  });

  test("it says over which range of time it counts", () => {
    expect(converted(failures, "spl").conversion?.assumptions.join("\n")).toContain("run over 5m at a time");
  });

  test("and where a SIEM leaves groups out", () => {
    const { conversion } = converted(failures, "ppl", "Events");
    expect(conversion?.assumptions.join("\n")).toContain("plugins.query.buckets");
  });
});

test("the query in SPL finds the groups that the correlation finds over its timespan", () => {
  const event = fc.record({
    second: fc.integer({ min: 0, max: 299 }),
    kind: fc.constantFrom("a", "b", "c", "ab", "x"),
    user: fc.constantFrom("u", "v", undefined),
    host: fc.constantFrom("h", undefined),
    ip: fc.constantFrom("1", "2", "3", "4", "5", undefined),
  });
  const sections = [
    "type: event_count\nrules: [a, b]\ngroup-by: [user, host]\ntimespan: 5m\ncondition: { gte: 3 }",
    "type: event_count\nrules: [a]\ntimespan: 5m\ncondition: { gt: 2 }",
    "type: value_count\nrules: [a, c]\ngroup-by: [user]\ntimespan: 5m\ncondition: { field: ip, gte: 2 }",
    "type: value_count\nrules: [a]\ntimespan: 5m\ncondition: { field: [ip, user], gte: 3 }",
    "type: temporal\nrules: [a, b, c]\ngroup-by: [user]\ntimespan: 5m",
    "type: temporal\nrules: [a, b, c]\ngroup-by: [user]\ntimespan: 5m\ncondition: a and (b or c)",
  ].map((section) => {
    const { collection, named } = compiledCorrelations(withRules(section));
    return { collection, correlation: named("test"), query: queryOf(section, "spl") };
  });
  let found = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...sections),
      fc.array(event, { minLength: 5, maxLength: 25 }),
      (section, list) => {
        const { collection, correlation, query } = section;
        const events = list.map(({ second, kind, ...fields }, index) => {
          const given = Object.entries(fields).filter(([, value]) => value !== undefined);
          return at(second, kind, Object.fromEntries(given), String(index));
        });
        const { rows } = evaluateSpl(
          query,
          "query.spl",
          events.map(({ id, fields, time, logsource }) => ({ id, fields, time: time ?? null, logsource })),
        );
        const groupOf = (fields: Readonly<Record<string, unknown>>): string =>
          JSON.stringify(correlation.tree.groupBy.map((name) => fields[name]));
        const matches = correlate([correlation], timed(collection, events));
        const expected = [...new Set(matches.map(({ group }) => groupOf(group)))];
        found += expected.length;
        expect(rows?.map(({ fields }) => groupOf(fields)).toSorted(), query).toEqual(expected.toSorted());
      },
    ),
    { numRuns: 300 },
  );
  expect(found).toBeGreaterThan(100);
});

describe("what no query over one range of time says is refused", () => {
  test.each([
    [failures.replace("gte: 10", "lt: 10"), "spl", "few enough"],
    [failures.replace("gte: 10", "eq: 10"), "kql", "few enough"],
    [failures.replace("gte: 10", "gte: 10, lte: 20"), "esql", "few enough"],
    [together.replace("temporal", "temporal_ordered"), "spl", "temporal_ordered is not converted"],
    [
      failures.replace("event_count", "value_sum").replace("gte: 10", "field: n, gte: 10"),
      "spl",
      "value_sum is not converted",
    ],
    [
      `${together}\naliases: { user: { a: user, b: account } }`,
      "spl",
      '"user" is another field in each rule',
    ],
    [failures, "eql", "EQL finds sequences"],
    [failures, "lucene", "finds events one by one"],
    [failures, "logsql", "LogsQL"],
    [failures, "logql", "LogQL"],
    [failures, "yara-l", "Google SecOps"],
  ] as const)("refusal %#", (section, language, message) => {
    const { conversion, diagnostics } = converted(section, language, undefined);
    expect(conversion).toBeNull();
    expect(diagnostics[0]).toMatchObject({ code: "convert-unsupported" });
    expect(diagnostics.map((each) => each.message).join("\n")).toContain(message);
  });
});
