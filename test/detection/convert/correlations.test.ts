import { describe, expect, test } from "vitest";
import { addresses, converted, either, failures, numbers, queryOf, together } from "./correlation-cases.js";

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
  // syntax reference": "Sequences"; ES|QL reference: "SUM". Splunk, Search Reference: "streamstats". Microsoft Learn, "Time window
  // join", "array_sort_asc()", "make_list()". Google, "YARA-L 2.0 language syntax", "Condition section syntax", "Match section syntax".
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
    [
      "logql",
      numbers("value_sum", "gte: 10"),
      '{job="events"} | json',
      `sum by (user, host) (sum_over_time(
{job="events"} | json
| kind=~"(?is)^.*a.*\\\\z" and user!="" and host!=""
| n=~"[-+]?([0-9]+\\\\.?[0-9]*|\\\\.[0-9]+)([eE][-+]?[0-9]+)?" | unwrap n
[5m])) >= 10`,
    ],
    [
      "esql",
      numbers("value_sum", "gt: 10"),
      "Events",
      `FROM Events
| WHERE kind RLIKE ".*[Aa].*"
| WHERE user IS NOT NULL AND host IS NOT NULL
| WHERE n IS NOT NULL
| STATS tyrian_sum = SUM(n) BY user, host
| WHERE tyrian_sum > 10`,
    ],
    [
      "spl",
      numbers("value_avg", "lt: 10"),
      undefined,
      `kind="*a*"
| eval tyrian_number=tonumber('n')
| where isnotnull('user') AND isnotnull('host') AND isnotnull(tyrian_number)
| sort 0 _time
| streamstats time_window=5m avg(tyrian_number) AS tyrian_value BY "user", "host"
| stats last(tyrian_value) AS tyrian_value BY _time, "user", "host"
| where tyrian_value < 10`,
    ],
    [
      "kql",
      numbers("value_median", "gt: 10, lte: 20").replace("[user, host]", "[user]"),
      "Events",
      `let tyrian_events = Events
| where ['kind'] contains "a"
| where isnotempty(user) and isnotnull(todouble(n))
| project tyrian_time=TimeGenerated, tyrian_1_group=user, tyrian_number=todouble(n);
tyrian_events
| distinct tyrian_time, tyrian_1_group
| join kind=inner tyrian_events on tyrian_1_group
| where tyrian_time1 between ((tyrian_time - 5m) .. tyrian_time)
| summarize tyrian_numbers=array_sort_asc(make_list(tyrian_number)) by tyrian_time, tyrian_1_group
| extend tyrian_rank=50 / 100.0 * (array_length(tyrian_numbers) - 1)
| extend tyrian_below=toreal(tyrian_numbers[tolong(floor(tyrian_rank, 1))]), tyrian_above=toreal(tyrian_numbers[tolong(ceiling(tyrian_rank))])
| extend tyrian_value=tyrian_below + (tyrian_above - tyrian_below) * (tyrian_rank - floor(tyrian_rank, 1))
| where tyrian_value > 10 and tyrian_value <= 20
| project TimeGenerated=tyrian_time, user=tyrian_1_group, tyrian_value`,
    ],
    [
      "yara-l",
      together.replace("temporal", "temporal_ordered"),
      undefined,
      `rule sigma_test {
  events:
    $e1.principal.application = /(?is)^.*a.*\\z/ nocase and $e1.principal.user.userid != ""
    $e1.principal.user.userid = $group_1
    $e2.principal.application = /(?is)^.*b.*\\z/ nocase and $e2.principal.user.userid != ""
    $e2.principal.user.userid = $group_1
    $e1.metadata.event_timestamp.seconds < $e2.metadata.event_timestamp.seconds
  match:
    $group_1 over 5m
  condition:
    $e1 and $e2
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

describe("what no query over one range of time says is refused", () => {
  test.each([
    [failures.replace("gte: 10", "lt: 10"), "spl", "few enough"],
    [failures.replace("gte: 10", "eq: 10"), "kql", "few enough"],
    [failures.replace("gte: 10", "gte: 10, lte: 20"), "esql", "few enough"],
    [together.replace("temporal", "temporal_ordered"), "spl", "temporal_ordered is not converted"],
    [numbers("value_avg", "gte: 10"), "esql", "each event ends a window"],
    [numbers("value_sum", "lt: 10"), "ppl", "each event ends a window"],
    [numbers("value_median", "gte: 10"), "logql", "each event ends a window"],
    [numbers("value_percentile", "percentile: 95, gte: 10"), "spl", "two results for a percentile"],
    [numbers("value_sum", "gte: 0"), "yara-l", "a number that is absent is 0"],
    [numbers("value_sum", "gte: 10"), "eql", "value_sum is no sequence"],
    [numbers("value_sum", "gte: 10"), "lucene", "finds events one by one"],
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
    [together.replace("group-by: [user]\n", ""), "yara-l", "groups by one field at least"],
    [
      together.replace("temporal\nrules: [a, b]\ngroup-by: [user]\n", "temporal_ordered\nrules: [a, b]\n"),
      "yara-l",
      "groups by one field at least",
    ],
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
