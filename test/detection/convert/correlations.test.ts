import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  convertCorrelation,
  placesOf,
  type ConvertResult,
  type QueryLanguage,
} from "../../../src/detection/convert/index.js";
import { correlate } from "../../../src/detection/sigma/correlation/evaluator.js";
import { at, compiledCorrelations, timed, withRules } from "../sigma/correlation/workbench.js";
import {
  eqlGroups,
  type FindsGroups,
  logqlGroups,
  logsqlGroups,
  splGroups,
} from "./correlation-stand-ins.js";

/** The fields' names, as Google SecOps has them. */
const udmNames: Readonly<Record<string, string>> = {
  kind: "principal.application",
  user: "principal.user.userid",
  host: "principal.hostname",
  ip: "principal.ip",
};

function inUdm(text: string): string {
  return text.replaceAll(/\b(?:kind|user|host|ip)\b/g, (name) => udmNames[name] ?? name);
}

/** The correlation named `test` over rules named a, b and c, whose events have the rule's name in the field `kind`. */
function converted(section: string, language: QueryLanguage, source?: string): ConvertResult {
  const text = language === "yara-l" ? inUdm(withRules(section)) : withRules(section);
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

  // VictoriaMetrics, LogsQL: "stats pipe", "count_uniq stats", "filter pipe". Grafana, "Metric queries" of Loki. Elastic, "EQL
  // syntax reference": "Sequences". Google, "YARA-L 2.0 language syntax", "Condition section syntax", "Match section syntax".
  test.each([
    [
      "logsql",
      failures,
      undefined,
      `"kind":~"(?is)^.*a.*\\\\z" AND "user":* AND "host":*
| stats by ("user", "host") count() as tyrian_count
| filter "tyrian_count":range[10, Inf]`,
    ],
    [
      "logsql",
      addresses,
      undefined,
      `"kind":~"(?is)^.*a.*\\\\z" AND "user":* AND "ip":*
| stats by ("user") count_uniq("ip") as tyrian_count
| filter "tyrian_count":range[4, Inf]`,
    ],
    [
      "logql",
      failures,
      '{job="events"} | json',
      `sum by (user, host) (count_over_time(
{job="events"} | json
| kind=~"(?is)^.*a.*\\\\z" and user!="" and host!=""
[5m])) >= 10`,
    ],
    [
      "eql",
      together.replace("temporal", "temporal_ordered"),
      undefined,
      `sequence with maxspan=5m
  [ any where ?kind like~ "*a*" ] by user
  [ any where ?kind like~ "*b*" ] by user`,
    ],
    [
      "eql",
      failures,
      undefined,
      `sequence with maxspan=5m
  [ any where ?kind like~ "*a*" ] by user, host with runs=10`,
    ],
    [
      "yara-l",
      addresses,
      undefined,
      `rule sigma_test {
  events:
    $e.principal.application = /(?is)^.*a.*\\z/ nocase and $e.principal.user.userid != "" and $e.principal.ip != ""
    $e.principal.user.userid = $group_1
    $e.principal.ip = $value
  match:
    $group_1 over 60m
  condition:
    $e and #value >= 4
}`,
    ],
    [
      "yara-l",
      failures,
      undefined,
      `rule sigma_test {
  events:
    $e.principal.application = /(?is)^.*a.*\\z/ nocase and $e.principal.user.userid != "" and $e.principal.hostname != ""
    $e.principal.user.userid = $group_1
    $e.principal.hostname = $group_2
  match:
    $group_1, $group_2 over 5m
  condition:
    #e >= 10
}`,
    ],
  ] as const)("%s holds all of it: %#", (language, section, source, query) => {
    expect(queryOf(section, language, source)).toBe(query);
  });

  test("it says over which range of time it counts", () => {
    expect(converted(failures, "spl").conversion?.assumptions.join("\n")).toContain("run over 5m at a time");
  });

  test("and where a SIEM leaves groups out", () => {
    const { conversion } = converted(failures, "ppl", "Events");
    expect(conversion?.assumptions.join("\n")).toContain("plugins.query.buckets");
  });
});

const event = fc.record({
  second: fc.integer({ min: 1, max: 299 }),
  kind: fc.constantFrom("a", "b", "c", "ab", "x"),
  user: fc.constantFrom("u", "v", undefined),
  host: fc.constantFrom("h", undefined),
  ip: fc.constantFrom("1", "2", "3", "4", "5", undefined),
});

const counting = [
  "type: event_count\nrules: [a, b]\ngroup-by: [user, host]\ntimespan: 5m\ncondition: { gte: 3 }",
  "type: event_count\nrules: [a]\ntimespan: 5m\ncondition: { gt: 2 }",
  "type: value_count\nrules: [a, c]\ngroup-by: [user]\ntimespan: 5m\ncondition: { field: ip, gte: 2 }",
  "type: value_count\nrules: [a]\ntimespan: 5m\ncondition: { field: [ip, user], gte: 3 }",
  "type: temporal\nrules: [a, b, c]\ngroup-by: [user]\ntimespan: 5m",
  "type: temporal\nrules: [a, b, c]\ngroup-by: [user]\ntimespan: 5m\ncondition: a and (b or c)",
  "type: temporal\nrules: [a, b]\ntimespan: 5m",
];
const sequences = [
  "type: temporal_ordered\nrules: [a, b]\ngroup-by: [user]\ntimespan: 5m",
  "type: temporal_ordered\nrules: [b, a, c]\ntimespan: 5m",
  "type: temporal_ordered\nrules: [a, b]\ngroup-by: [account]\ntimespan: 5m\naliases: { account: { a: user, b: host } }",
  "type: event_count\nrules: [a, b]\ngroup-by: [user, host]\ntimespan: 5m\ncondition: { gte: 3 }",
  "type: event_count\nrules: [a]\ntimespan: 5m\ncondition: { gt: 2 }",
];

interface Counter {
  readonly language: QueryLanguage;
  readonly source?: string;
  readonly finds: FindsGroups;
  readonly sections: readonly string[];
}

const counters: readonly Counter[] = [
  { language: "spl", finds: splGroups, sections: counting },
  { language: "logsql", finds: logsqlGroups, sections: counting },
  { language: "logql", source: '{job="events"} | json', finds: logqlGroups, sections: counting },
  { language: "eql", finds: eqlGroups, sections: sequences },
];

test.each(counters)(
  "the query in $language finds the groups that the correlation finds over its timespan",
  ({ language, source, finds, sections }) => {
    const converts = sections.map((section) => {
      const { collection, named } = compiledCorrelations(withRules(section));
      return { collection, correlation: named("test"), query: queryOf(section, language, source) };
    });
    let found = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...converts),
        fc.uniqueArray(event, { minLength: 5, maxLength: 25, selector: ({ second }) => second }),
        ({ collection, correlation, query }, list) => {
          const events = list.map(({ second, kind, ...fields }, index) => {
            const given = Object.entries(fields).filter(([, value]) => value !== undefined);
            return at(second, kind, Object.fromEntries(given), String(index));
          });
          // In the query a field of a group has the name that it has in the first rule.
          const names = correlation.tree.groupBy;
          const groupOf = (values: readonly unknown[]): string => JSON.stringify(values);
          const matches = correlate([correlation], timed(collection, events));
          const expected = [
            ...new Set(matches.map(({ group }) => groupOf(names.map((name) => group[name])))),
          ];
          found += expected.length;
          const groups = finds(query, events).map((fields) =>
            groupOf(names.map((name) => fields[correlation.fieldIn(0, name)])),
          );
          expect(groups.toSorted(), query).toEqual(expected.toSorted());
        },
      ),
      { numRuns: 300 },
    );
    expect(found).toBeGreaterThan(100);
  },
);

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
    [addresses, "eql", "value_count is no sequence"],
    [together, "eql", "temporal is no sequence"],
    [failures.replace("gte: 10", "lt: 10"), "eql", "few or none"],
    [failures.replace("gte: 10", "gte: 101"), "eql", "at most 100 runs"],
    [failures.replace("gte: 10", "gte: 1"), "eql", "two events at least"],
    [failures, "lucene", "finds events one by one"],
    [failures, "udm-search", "finds events one by one"],
    [failures.replace("gte: 10", "lte: 10"), "logsql", "few enough"],
    [failures, "logql", "starts with the streams"],
    [together, "yara-l", "one event may stand for two rules"],
    [failures.replace("group-by: [user, host]\n", ""), "yara-l", "groups by one field at least"],
    [failures.replace("5m", "90s"), "yara-l", "whole minutes"],
    [addresses.replace("field: ip", "field: [ip, host]"), "yara-l", "not combinations"],
  ] as const)("refusal %#", (section, language, message) => {
    const { conversion, diagnostics } = converted(section, language, undefined);
    expect(conversion).toBeNull();
    expect(diagnostics[0]).toMatchObject({ code: "convert-unsupported" });
    expect(diagnostics.map((each) => each.message).join("\n")).toContain(message);
  });
});
