import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluateSpl } from "../../../src/detection/spl/evaluate.js";
import { parseSpl } from "../../../src/detection/spl/parse.js";
import { findings, now, plain, refused } from "./helpers.js";

/** Queries that must be refused: the code, line and column of the first error. */
const queries: readonly (readonly [string, string, number, number])[] = [
  ["", "query-empty", 1, 1],
  ["  \n ", "query-empty", 1, 1],
  ["|", "query-empty", 1, 1],
  ["a=1 |", "query-empty", 1, 6],
  ["a=1 | | where b=1", "query-empty", 1, 6],
  ["a=", "search-syntax", 1, 3],
  ["a=1 OR", "search-syntax", 1, 7],
  ["OR a=1", "search-syntax", 1, 1],
  ["a=1 AND AND b=2", "operator-repeated", 1, 9],
  ["(a=1", "parenthesis-open", 1, 1],
  ["a=1)", "search-syntax", 1, 4],
  ["a=1 b IN ()", "search-syntax", 1, 11],
  ["a IN (x", "search-syntax", 1, 8],
  ["a, b", "search-syntax", 1, 2],
  ["NOT", "search-syntax", 1, 4],
  ["a=(1)", "search-syntax", 1, 3],
  ["a==1", "operator-unknown", 1, 2],
  ["a NOT IN (x)", "not-in-misplaced", 1, 1],
  ["a>1*", "wildcard-misplaced", 1, 3],
  ["'a b'=1", "single-quote-search", 1, 1],
  ["tag=attack", "field-unsupported", 1, 1],
  ["eventtype!=x", "field-unsupported", 1, 1],
  ["eventtype=x", "unknown-eventtype", 1, 11],
  ["_index_earliest=-1h", "field-unsupported", 1, 1],
  ['a="x', "quote-open", 1, 3],
  ["a=“x”", "curly-quote", 1, 3],
  ["a=1 [search b=1", "bracket-open", 1, 5],
  ["a=1 ]", "bracket-open", 1, 5],
  ["TERM()", "search-syntax", 1, 1],
  ["a=1\n| wehre b=1", "unknown-command", 2, 3],
  ["a=1 | transaction host", "command-unsupported", 1, 7],
  ["| datamodel Endpoint Processes search", "command-unsupported", 1, 3],
  ["| from datamodel:Endpoint.Processes", "command-unsupported", 1, 3],
  ["| where a=1", "command-misplaced", 1, 3],
  ["a=1 | 5", "command-syntax", 1, 7],
  ["* | where", "expression-syntax", 1, 10],
  ["* | where a", "not-a-condition", 1, 11],
  ["* | where a=", "expression-syntax", 1, 13],
  ["* | where a=1 b=2", "expression-syntax", 1, 15],
  ['* | where like(a, "x%") = 1', "condition-as-value", 1, 11],
  ["* | where if(a=1, b=1, 2)", "condition-as-value", 1, 11],
  ["* | eval a=(b=1)", "condition-as-value", 1, 14],
  ["* | eval a=if(b, 1, 2)", "not-a-condition", 1, 15],
  ["* | eval a=NOT b=1", "condition-as-value", 1, 12],
  ["* | eval a", "expression-syntax", 1, 11],
  ["* | eval a=1,", "expression-syntax", 1, 14],
  ["* | eval a=lwoer(b)", "unknown-function", 1, 12],
  ["* | eval a=hour(_time)", "unknown-function", 1, 12],
  ["* | eval a=random()", "function-unsupported", 1, 12],
  ["* | eval a=lower()", "function-arguments", 1, 12],
  ["* | eval a=case(b=1, 2, 3)", "function-arguments", 1, 12],
  ["* | eval a=b.c+d", "operators-mixed", 1, 15],
  ["* | eval a=1e999", "expression-syntax", 1, 12],
  ["* | where a BETWEEN 1 AND 2", "between-unknown", 1, 13],
  ["* | where a=1 && b=1", "operator-unknown", 1, 15],
  ["* | where a NOT IN (1)", "not-misplaced", 1, 13],
  ['* | where a > "5"', "number-quoted", 1, 15],
  ['* | where like(a, "100\\%")', "like-backslash", 1, 19],
  ['* | eval a=strftime(_time, "%k")', "time-format", 1, 28],
  ["* | eval a=#", "expression-syntax", 1, 12],
  ["* | stats", "command-syntax", 1, 10],
  ["* | stats cuont", "unknown-aggregation", 1, 11],
  ["* | stats sum", "command-syntax", 1, 11],
  ["* | stats values(*)", "wildcard-unsupported", 1, 18],
  ["* | stats count by a*", "wildcard-misplaced", 1, 20],
  ["* | stats count count", "command-syntax", 1, 22],
  ["* | stats allnum=true count", "option-unsupported", 1, 11],
  ["* | streamstats window=2 count by a", "option-unsupported", 1, 16],
  ["* | table", "command-syntax", 1, 10],
  ["* | rename a b", "command-syntax", 1, 14],
  ["* | rename a* AS b", "wildcard-misplaced", 1, 12],
  ["* | sort", "command-syntax", 1, 9],
  ["* | head a=1", "option-unsupported", 1, 10],
  ["* | dedup a sortby b", "option-unsupported", 1, 13],
  ['* | rex "a"', "rex-no-group", 1, 8],
  ['* | rex mode=sed "y/ab/cd/"', "option-unsupported", 1, 8],
  ['* | rex mode=sed "s/a/[&]/"', "option-unsupported", 1, 8],
  ['* | rex mode=awk "s/a/b/"', "option-invalid", 1, 8],
  ['* | rex "(?<a>"', "regex-invalid", 1, 5],
  ['* | regex a="(?!b)"', "regex-unsafe", 1, 5],
  ["* | bin _time", "option-missing", 1, 14],
  ["* | bin span=1h a", "option-invalid", 1, 18],
  ["* | bin span=0 a", "option-invalid", 1, 17],
  ["* | bin span=2mon _time", "option-invalid", 1, 24],
  ["* | lookup t", "command-syntax", 1, 13],
  ["* | inputlookup t", "command-misplaced", 1, 16],
  ["* | join [search a=1]", "command-syntax", 1, 9],
  ["* | join a", "command-syntax", 1, 11],
  ["* | convert rmunit(a)", "option-unsupported", 1, 13],
  ["* | convert ctime(a*)", "wildcard-unsupported", 1, 13],
  ["* | spath path=a{0}.b", "path-unsupported", 1, 10],
  [`${"(".repeat(200)}a${")".repeat(200)}`, "query-too-deep", 1, 101],
  [`${"NOT ".repeat(5000)}a`, "query-too-deep", 1, 401],
  [`* | where ${"(".repeat(200)}a=1${")".repeat(200)}`, "query-too-deep", 1, 111],
  [`* | where ${"-".repeat(500)}1=a`, "query-too-deep", 1, 111],
  [`* | where a=1${" OR a=1".repeat(2000)}`, "expression-too-long", 1, 8761],
  [`${"[search ".repeat(200)}a=1${"]".repeat(200)}`, "query-too-deep", 1, 802],
  [`a=1${" | head".repeat(300)}`, "query-too-long", 1, 1],
  ["a".repeat(200_000), "query-too-large", 1, 100_001],
];

const named = queries.map(([query, ...expected]) => [query.slice(0, 60), query, ...expected] as const);

test.each(named)("refused with its position: %j", (_, query, code, line, column) => {
  const { diagnostics, query: tree } = parseSpl(query, "query.spl");
  const run = evaluateSpl(query, "query.spl", [], { now });
  const first = run.diagnostics.find(({ severity }) => severity === "error");
  expect({ code: first?.code, line: first?.line, column: first?.column }).toEqual({ code, line, column });
  expect(first?.file).toBe("query.spl");
  expect(first?.message).not.toBe("");
  expect(run.rows).toBeNull();
  expect(tree === null).toBe(diagnostics.some(({ severity }) => severity === "error"));
});

describe("warnings beside a query that works", () => {
  test.each([
    ["a=1 or b=2", "1:5 operator-lowercase"],
    ["eval a=1 | where a=1", "1:1 pipe-missing"],
    ['* | where Processes.process="x"', "1:11 field-unquoted"],
    ["Image=cmd.exe", "1:1 path-missing"],
    ['* | where Image="cmd.exe"', "1:16 path-missing"],
    ["command_line=x", "1:1 field-misnamed"],
    ['* | eval f=if(a=1, "Yes", "No")', "1:5 flag-not-filtered"],
  ])("%s", (query, expected) => {
    const { query: tree } = parseSpl(query, "query.spl");
    expect(tree).not.toBeNull();
    expect(findings(query)).toEqual([expected]);
  });

  test("fields that the query or the site makes are known", () => {
    expect(findings('* | eval Image=replace(Image, ".*/", "") | where Image="bash"')).toEqual([]);
    expect(findings("command_line=x", { knownFields: ["command_line"] })).toEqual([]);
    expect(findings("| inputlookup t | search Image=bash")).toEqual([]);
  });
});

describe("no text makes the reader throw", () => {
  /** Whether the text gives rows, or an error at a position: never neither, and nothing is thrown. */
  const isAnswered = (text: string): boolean => {
    const events = plain({ Image: "/bin/bash", n: 1, list: ["a", "b"] }, { a: "x" });
    return (["strict", "lenient"] as const).every((mode) => {
      const { rows, diagnostics } = evaluateSpl(text, "query.spl", events, { mode, now });
      const isRefused = diagnostics.some(({ severity }) => severity === "error");
      return (rows === null) === isRefused && diagnostics.every(({ line, column }) => line > 0 && column > 0);
    });
  };

  test("arbitrary text", () => {
    const property = fc.property(fc.string({ unit: "binary", maxLength: 300 }), isAnswered);
    expect(fc.check(property, { numRuns: 300 })).toMatchObject({ failed: false, counterexample: null });
  });

  test("arbitrary pieces of queries", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "search",
        "where",
        "eval",
        "stats",
        "|",
        "|",
        "|",
        "(",
        ")",
        "[",
        "]",
        ",",
        "=",
        "!=",
        "<",
      ),
      fc.constantFrom(
        "NOT",
        "AND",
        "OR",
        "IN",
        "XOR",
        "BETWEEN",
        "LIKE",
        "AS",
        "BY",
        "a",
        "Image",
        "n",
        "list",
        "*",
      ),
      fc.constantFrom(
        '"',
        "'",
        "“",
        "`",
        "```",
        "\\",
        "1",
        "-",
        ".",
        "+",
        "/",
        "%",
        "if(",
        "case(",
        "like(",
        "true()",
      ),
      fc.constantFrom(
        "count",
        "dc(a)",
        "values(list)",
        "by",
        "rex",
        "field=a",
        '"(?<x>a)"',
        "head",
        "sort",
        "dedup",
      ),
      fc.constantFrom(
        "tstats",
        "from",
        "datamodel=Endpoint.Processes",
        "join",
        "append",
        "bin",
        "span=5m",
        "_time",
      ),
      fc.constantFrom(
        "lookup",
        "spath",
        "makemv",
        "mvexpand",
        "fillnull",
        "rename",
        "table",
        "fields",
        "streamstats",
      ),
      fc.string({ maxLength: 5 }),
    );
    const pieces = fc.array(piece, { maxLength: 25 }).map((list) => list.join(" "));
    const property = fc.property(pieces, (text) => isAnswered(text) && isAnswered(`* | ${text}`));
    expect(fc.check(property, { numRuns: 1500 })).toMatchObject({ failed: false, counterexample: null });
  });

  test("what nests or repeats without end is refused", () => {
    const texts = [
      "[".repeat(50_000),
      `${"[search ".repeat(12_000)}`,
      `* | eval a=${"if(".repeat(30_000)}`,
      `* | eval a=${"x BETWEEN 1 AND 2, ".repeat(50)}1`,
      "`".repeat(50_001),
      "a OR ".repeat(19_000),
      `${"(a OR b) ".repeat(1_500)}`,
    ];
    expect(texts.filter((text) => !isAnswered(text))).toEqual([]);
  });
});

describe("what doubles with each command is refused before it is too large", () => {
  test.each([
    [`* | eval a="xxxxxxxxxx"${" | eval a=a.a".repeat(60)}`, "value-limit"],
    [`* | eval a="x"${" | eval a=mvappend(a, a)".repeat(60)}`, "value-limit"],
    [`* | eval a="aaaaaaaaaa"${' | eval a=replace(a, "a", "aaaaaaaaaa")'.repeat(10)}`, "value-limit"],
    [`* | eval a=split("${"x;".repeat(1000)}", ";")${" | eval b=a | mvexpand b".repeat(3)}`, "row-limit"],
  ])("%s", (query, code) => {
    expect(refused(query, plain({})).code).toBe(code);
  });
});

test("an evaluation over too many events is refused", () => {
  const events = plain({}, {}, {});
  expect(refused("* | head 1", events, { limits: { rows: 2 } }).code).toBe("row-limit");
});

test("a regular expression is refused in words of no other language", () => {
  const { message, hint } = refused('* | regex a="(?!b)"');
  expect(`${message} ${hint}`).not.toMatch(/Sigma|selection/);
  expect(hint).toContain("exclude what must not match");
});
