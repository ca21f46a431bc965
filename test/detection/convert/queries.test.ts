import { describe, expect, test } from "vitest";
import { convertSigma, queryFor, refusalOf, ruleOf } from "./helpers.js";

type Row = readonly [selection: Readonly<Record<string, unknown>>, condition: string];

function table(rows: readonly Row[]): { selection: Row[0]; condition: string }[] {
  return rows.map(([selection, condition]) => ({ selection, condition }));
}

/** A condition that negates its selection, for what a negation needs beside it. */
function negation(selection: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { sel: selection, condition: "not sel" };
}

// Elastic, "EQL syntax reference": comparison operators, `:` and `like~` without regard to case, wildcards, optional
// fields, escaped names; "EQL function reference": cidrMatch; "Regular expression syntax" (Lucene's) for `regex`.
describe("EQL", () => {
  test.each(
    table([
      [{ Image: "whoami.exe" }, '?Image : "whoami.exe"'],
      [{ "Image|cased": "whoami.exe" }, '?Image == "whoami.exe"'],
      [{ "Image|endswith": "\\cmd.exe" }, String.raw`?Image like~ "*\\cmd.exe"`],
      [{ "Image|startswith|cased": "C:" }, '?Image like "C:*"'],
      [{ Image: "a?c" }, '?Image like~ "a?c"'],
      [{ "Image|contains": String.raw`a\*b` }, String.raw`?Image regex ".*[Aa]\\*[Bb].*"`],
      // Without regard to case EQL knows the letters of ASCII only.
      [{ Image: "é" }, '?Image regex "[Éé]"'],
      [{ Image: "*" }, "?Image != null"],
      [{ Image: ["a", "b"] }, '?Image : "a" or ?Image : "b"'],
      [{ EventID: 4688 }, "?EventID == 4688"],
      [{ "Count|gte": -2 }, "?Count >= -2"],
      [{ "Ip|cidr": "10.0.0.0/8" }, 'cidrMatch(?Ip, "10.0.0.0/8")'],
      [{ "Image|re": "^a[0-9]+$" }, String.raw`?Image regex "a[0-9]+\n?"`],
      [{ Parent: null }, "?Parent == null"],
      [{ "process.my-name": "x1" }, '?process.`my-name` : "x1"'],
      [{ "where.or": "1" }, '?`where`.`or` : "1"'],
      // elastic.co/docs/reference/query-languages/eql/eql-syntax: "Escape characters in a string"
      [{ Image: "a\x02" }, String.raw`?Image : "a\u{02}"`],
    ]),
  )("$condition", ({ selection, condition }) => {
    expect(queryFor("eql", { sel: selection })).toBe(`any where ${condition}`);
  });

  test("a negation asks for the field: that of null is null", () => {
    expect(queryFor("eql", negation({ Image: "a" }))).toBe(
      'any where not ((?Image != null and ?Image : "a"))',
    );
    expect(queryFor("eql", negation({ Image: null }))).toBe("any where not (?Image == null)");
  });

  test("the source is the event category", () => {
    expect(queryFor("eql", { sel: { a: "b" } }, { source: "process" })).toBe('process where ?a : "b"');
  });
});

// OpenSearch project, user manual of PPL: "where", "condition functions" (isnull, isnotnull, regexp_match), "string
// functions" (LOWER, LOCATE, RIGHT), "IP address functions" (cidrmatch); Java's Pattern for the flags d and u.
describe("PPL", () => {
  test.each(
    table([
      [{ Image: "4" }, "`Image` = '4'"],
      [{ "Image|cased": "it's" }, String.raw`${"`Image`"} = 'it\'s'`],
      [{ Image: "a.b" }, String.raw`regexp_match(${"`Image`"}, '(?du)(?is)^a\\.b\\z')`],
      [{ "Image|endswith|cased": "\\a" }, String.raw`regexp_match(${"`Image`"}, '(?du)(?s)^.*\\\\a\\z')`],
      [{ "Image|re|i": "^a" }, "regexp_match(`Image`, '(?du)(?i)^a')"],
      [{ Image: "*" }, "isnotnull(`Image`)"],
      [{ "process.name": null }, "isnull(`process`.`name`)"],
      [{ EventID: [1, 3] }, "`EventID` = 1 OR `EventID` = 3"],
      [{ "Ip|cidr": "10.0.0.0/8" }, "cidrmatch(`Ip`, '10.0.0.0/8')"],
      [{ "A|fieldref": "B" }, "(isnotnull(`B`) AND LOWER(`A`) = LOWER(`B`))"],
      [{ "A|fieldref|startswith": "B" }, "(isnotnull(`B`) AND LOCATE(LOWER(`B`), LOWER(`A`)) = 1)"],
    ]),
  )("$condition", ({ selection, condition }) => {
    const query = queryFor("ppl", { sel: selection }, { source: "logs-windows" });
    expect(query).toBe(`source=logs-windows\n| where ${condition}`);
  });

  test("a part of a date is looked for in its text", () => {
    expect(queryFor("ppl", { sel: { "A|month|gte": 11 } }, { source: "a" })).toContain("-(11|12)-(01|02|");
  });

  test("a negation asks for the field", () => {
    expect(queryFor("ppl", negation({ Image: "4" }), { source: "a" })).toBe(
      "source=a\n| where NOT ((isnotnull(`Image`) AND `Image` = '4'))",
    );
  });
});

// VictoriaLogs, "LogsQL": exact, regexp, any value, empty value, range, IPv4 range, eq_field, logical filters, literals.
describe("LogsQL", () => {
  test.each(
    table([
      [{ Image: "4" }, '"Image":="4"'],
      [{ "Image|cased": 'a"b' }, String.raw`"Image":="a\"b"`],
      [{ Image: "a.b" }, String.raw`"Image":~"(?is)^a\\.b\\z"`],
      [{ "Image|contains": "a" }, String.raw`"Image":~"(?is)^.*a.*\\z"`],
      [{ "Image|re": "a|b" }, '"Image":~"a|b"'],
      [{ "Image|re": "a*" }, '("Image":* AND "Image":~"a*")'],
      [{ Image: "*" }, '"Image":*'],
      [{ "log:level": null }, '"log:level":""'],
      [{ EventID: 1 }, '"EventID":="1"'],
      [{ "Count|lt": 5 }, '"Count":range[-Inf, 5)'],
      [{ "Count|gt": 5 }, '"Count":range(5, Inf]'],
      [{ "Ip|cidr": "10.0.0.0/8" }, '"Ip":ipv4_range("10.0.0.0/8")'],
      [{ "A|fieldref|cased": "B" }, '("A":* AND "A":eq_field("B"))'],
      [{ a: "1", b: ["2", "3"] }, '"a":="1" AND ("b":="2" OR "b":="3")'],
      // docs.victoriametrics.com/victorialogs/logsql, "String literals": those of Go
      [{ "a|cased": "\x00" }, String.raw`"a":="\u0000"`],
    ]),
  )("$condition", ({ selection, condition }) => {
    expect(queryFor("logsql", { sel: selection })).toBe(condition);
  });

  test("a negation and a filter of streams", () => {
    expect(queryFor("logsql", negation({ a: ["1", "2"] }), { source: '{host="ws1"}' })).toBe(
      '{host="ws1"} AND !("a":="1" OR "a":="2")',
    );
  });
});

// docs.victoriametrics.com/victorialogs/logsql: "pack_json pipe", "filter pipe", "delete pipe".
describe("LogsQL looks for keywords in all fields packed as one", () => {
  test.each([
    [{ sel: ["whoami"] }, "*", ['"tyrian_event":~"(?i:whoami)"']],
    [{ sel: ["a.b", "c"] }, "*", [String.raw`"tyrian_event":~"(?i:a\\.b)|(?i:c)"`]],
    [{ sel: { "|all": ["a", "b"] } }, "*", ['"tyrian_event":~"(?i:a)"', '"tyrian_event":~"(?i:b)"']],
    [{ sel: ["a"], condition: "not sel" }, "*", ['!("tyrian_event":~"(?i:a)")']],
    [
      { sel: ["a"], other: { Image: "4" }, condition: "other and sel" },
      '"Image":="4"',
      ['"tyrian_event":~"(?i:a)"'],
    ],
  ])("%j", (detection, filter, texts) => {
    const filters = texts.map((text) => `filter ${text}`);
    expect(queryFor("logsql", detection)).toBe(
      [filter, "pack_json as tyrian_event", ...filters, "delete tyrian_event"].join("\n| "),
    );
  });

  test.each([
    [{ sel: ["a"], other: { Image: "4" }, condition: "other or sel" }],
    [{ sel: ['say "a"'] }],
    [{ sel: ["a*b"] }],
    [{ sel: ["},{"] }],
    [{ a: ["a"], b: ["b"], condition: "a or not b" }],
  ])("what they may have otherwise is refused: %j", (detection) => {
    expect(refusalOf("logsql", detection).hint).toContain("name the field");
  });
});

// Grafana Loki, "Log queries": label filter expression; "Matching IP addresses"; RE2's syntax. Negations have no operator.
describe("LogQL", () => {
  const source = '{job="sysmon"} | json';
  test.each(
    table([
      [{ Image: "4" }, 'Image="4"'],
      [{ Image: "a" }, String.raw`Image=~"(?is)^a\\z"`],
      [{ "process.name": null }, 'process_name=""'],
      [{ Image: "*" }, 'Image!=""'],
      [{ "Image|re": "a" }, 'Image=~"(?s:.*)(?:a)(?s:.*)"'],
      [{ "Ip|cidr": "10.0.0.0/8" }, '(Ip=~"[0-9A-Fa-f.:]+" and Ip=ip("10.0.0.0/8"))'],
    ]),
  )("$condition", ({ selection, condition }) => {
    expect(queryFor("logql", { sel: selection }, { source })).toBe(`${source}\n| ${condition}`);
  });

  test("numbers are compared where the text is one", () => {
    const number = String.raw`"\\s*[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?\\s*"`;
    expect(queryFor("logql", { sel: { "Count|gt": 5 } }, { source })).toBe(
      `${source}\n| (Count=~${number} and Count > 5)`,
    );
    expect(queryFor("logql", negation({ "Count|gt": 5 }), { source })).toBe(
      `${source}\n| (Count!~${number} or Count <= 5)`,
    );
  });

  // grafana.com/docs/loki/latest/query/log_queries: "Line filter expression", |~ and !~ with RE2's syntax.
  test.each([
    [{ sel: ["whoami"] }, String.raw`|~ "(?i:whoami)"`],
    [{ sel: ["a.b", "c"] }, String.raw`|~ "(?i:a\\.b)|(?i:c)"`],
    [{ sel: { "|all": ["a", "b"] } }, '|~ "(?i:a)"\n|~ "(?i:b)"'],
    [{ sel: ["a", "b"], condition: "not sel" }, '!~ "(?i:a)"\n!~ "(?i:b)"'],
    [{ sel: ["a"], other: { Image: "4" }, condition: "other and sel" }, '|~ "(?i:a)"\n| Image="4"'],
  ])("keywords are looked for in the raw line: %j", (detection, filters) => {
    expect(queryFor("logql", detection, { source })).toBe(`${source}\n${filters}`);
  });

  test.each([
    [{ sel: ["a"], other: { Image: "4" }, condition: "other or sel" }],
    [{ sel: ['say "a"'] }],
    [{ sel: ["a*b"] }],
    [{ sel: ["C:\\x"] }],
    [{ a: ["a"], b: ["b"], condition: "a or not b" }],
  ])("keywords that the raw line may have otherwise are refused: %j", (detection) => {
    expect(refusalOf("logql", detection, { source }).hint).toBe("name the field");
  });

  test("negations move down to the labels", () => {
    const detection = { sel: { a: "1", b: ["2", "3"] }, condition: "not sel" };
    expect(queryFor("logql", detection, { source })).toBe(`${source}\n| a!="1" or (b!="2" and b!="3")`);
  });
});

// Google SecOps, "YARA-L 2.0 language syntax": operators, nocase, string and regex literals; "re.regex" for (?s);
// "net.ip_in_range_cidr"; "strings.to_lower"; "UDM Search" for conditions without an event variable.
describe("YARA-L and UDM search", () => {
  test.each(
    table([
      [{ "principal.hostname": "ws1" }, 'principal.hostname = "ws1" nocase'],
      [{ "principal.hostname|cased": 'a"\\' }, String.raw`principal.hostname = "a\"\\"`],
      [
        { "target.process.command_line|contains": "a/b" },
        String.raw`target.process.command_line = /(?is)^.*a\/b.*\z/ nocase`,
      ],
      [{ "principal.hostname|re": "a/b" }, String.raw`principal.hostname = /a\/b/`],
      [{ "principal.hostname": null }, 'principal.hostname = ""'],
      [{ "network.sent_bytes|gt": 5 }, "network.sent_bytes > 5"],
      [{ "principal.ip|cidr": "10.0.0.0/8" }, 'net.ip_in_range_cidr(principal.ip, "10.0.0.0/8")'],
    ]),
  )("$condition", ({ selection, condition }) => {
    expect(queryFor("udm-search", { sel: selection })).toBe(condition);
  });

  test("a rule has an event variable", () => {
    expect(queryFor("yara-l", negation({ "principal.hostname": "ws1" }))).toBe(
      [
        "rule sigma_converted {",
        "  events:",
        '    not ($e.principal.hostname = "ws1" nocase)',
        "  condition:",
        "    $e",
        "}",
      ].join("\n"),
    );
  });
});

describe("what a language cannot say is refused", () => {
  const refused = [
    ["eql", { "A|fieldref": "B" }, "EQL compares no field with another"],
    ["eql", { "A|re": String.raw`a\bb` }, "Lucene has no edges of words"],
    ["ppl", { "A|re": "(?P<name>a)" }, "Java names groups otherwise"],
    ["logsql", { "Ip|cidr": "2001:db8::/32" }, "addresses of version 4 only"],
    ["logsql", { A: "" }, "keeps no empty texts"],
    ["logsql", { "A|fieldref": "B" }, "with regard to case only"],
    ["logql", { A: "" }, "a label that is empty is none"],
    ["logql", { é: "a" }, "no label of Loki"],
    ["udm-search", { Image: "a" }, "no field of the Unified Data Model"],
    ["udm-search", { "network.sent_bytes|lt": 5 }, "a number that is absent is 0"],
    ["udm-search", { "network.sent_bytes": 0 }, "a number that is absent is 0"],
    ["eql", { "Time|week": 3 }, "reads this part of a date from no text"],
  ] as const;
  const sources: Readonly<Record<string, string>> = {
    ppl: "events",
    esql: "events",
    logql: '{job="a"} | json',
  };

  test.each(refused)("%s %j", (language, selection, message) => {
    const source = sources[language];
    const found = refusalOf(language, { sel: selection }, source === undefined ? {} : { source });
    expect(found.code).toBe("convert-unsupported");
    expect(found.message).toContain(message);
    expect(found.hint).not.toBe("");
  });

  test.each(["eql", "esql", "lucene", "ppl", "udm-search", "yara-l"] as const)(
    "keywords in %s",
    (language) => {
      const source = sources[language];
      const found = refusalOf(language, { sel: ["word"] }, source === undefined ? {} : { source });
      expect(found.hint).toContain("name the field");
    },
  );

  test("a rule is refused as a whole, with every reason", () => {
    const rule = ruleOf({
      sel: { A: "a", "A|fieldref": "B" },
      filter: ["word"],
      condition: "sel and not filter",
    });
    const { conversion, diagnostics } = convertSigma(rule, "rule.yml", "eql");
    expect(conversion).toBeNull();
    expect(diagnostics).toHaveLength(2);
  });
});
