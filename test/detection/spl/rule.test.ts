import { describe, expect, test } from "vitest";
import type { RuleEvent } from "../../../src/detection/rule.js";
import {
  compileSpl,
  type CompiledSplRule,
  type CompileSplOptions,
} from "../../../src/detection/spl/rule/compile.js";
import { TyrianError } from "../../../src/errors.js";
import { nearestEventSchema, type NearestEvent } from "../../../src/model/verdict.js";
import { now } from "./helpers.js";

function compiled(query: string, options: CompileSplOptions = {}): CompiledSplRule {
  const { rule, diagnostics } = compileSpl(query, "rules/my-rule.spl", options);
  if (rule === null) throw new Error(JSON.stringify(diagnostics));
  return rule;
}

function windows(fields: Record<string, unknown>, id = "e1"): RuleEvent {
  return {
    id,
    logsource: { product: "windows", category: "process_creation", service: "sysmon" },
    fields: { EventID: 1, ...fields },
  };
}

const powershell = {
  Image: String.raw`C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`,
  CommandLine: "powershell -enc SQBFAFgA",
  User: String.raw`DOM\bob`,
  UtcTime: "2026-11-24 13:00:00.123",
};

test("a rule is called by its file, unless it is told", () => {
  expect(compiled("a=1")).toMatchObject({
    id: "my-rule",
    title: "my-rule",
    language: "spl",
    level: "medium",
    tier: "alert",
  });
  const facts = { id: "x", title: "X", level: "informational", techniques: ["T1059.001"] } as const;
  expect(compiled("a=1", facts)).toMatchObject({ ...facts, tier: "signal" });
});

test("a query that cannot be read or run is no rule", () => {
  expect(compileSpl("a=1 |", "a.spl")).toMatchObject({
    rule: null,
    diagnostics: [{ code: "query-empty", column: 6 }],
  });
  expect(compileSpl("* | lookup t a", "a.spl")).toMatchObject({
    rule: null,
    diagnostics: [{ code: "unknown-lookup" }],
  });
  expect(compileSpl("* | where _time>now()", "a.spl")).toMatchObject({
    rule: null,
    diagnostics: [{ code: "now-required" }],
  });
  expect(compileSpl("* | append [search * | lookup t a]", "a.spl").rule).toBeNull();
});

describe("the events that a rule reads", () => {
  test.each([
    ["sourcetype=sysmon EventCode=1 Image=*x", true],
    ["sourcetype=WinEventLog:Security", false],
    ["EventCode=4688", false],
    ["EventCode=4688 OR Image=*x", true],
    ["NOT EventCode=1", false],
    ["NOT (EventCode=1 Image=*x)", true],
    ["EventCode IN (1, 3) | search source=*Security", false],
    ["index=windows", true],
    ["index=linux", false],
    ["* | where EventCode=4688", true],
    ["| tstats count from datamodel=Endpoint.Processes", true],
    ["| inputlookup t", false],
    ["EventCode=4688 | append [search EventCode=1]", true],
    ["EventCode=4688 [search EventCode=1 | fields User]", true],
    ["EventCode=4688 | join User [search EventCode=3]", false],
  ])("%s: %s", (query, expected) => {
    expect(compiled(query, { tables: { t: [] } }).reads(windows(powershell))).toBe(expected);
  });
});

describe("the fields that a rule reads", () => {
  test.each([
    ["Image=*x | where CommandLine=User", ["Image", "CommandLine", "User"]],
    ["EventCode=1", ["EventCode", "EventID"]],
    ["a=1 | eval b=lower(c) | stats dc(d) by e | rename f AS g | table h", ["a", "c", "d", "e", "f", "h"]],
    ["a=1 | append [search z=1]", ["a", "z"]],
    ['* | rex field=a "(?<b>x)" | lookup t c', ["a", "c"]],
  ])("%s", (query, expected) => {
    expect(compiled(query, { tables: { t: [] } }).fields).toEqual(new Set(expected));
  });

  test("a name of the data model stands for all that it is taken from", () => {
    const { fields } = compiled(
      "| tstats count from datamodel=Endpoint.Processes where Processes.process_name=x",
    );
    expect(fields?.has("process_name")).toBe(true);
    expect(fields?.has("Image")).toBe(true);
  });

  test("a rule that looks into the whole event has no list of them", () => {
    expect(compiled("powershell").fields).toBeNull();
    expect(compiled("_raw=*x*").fields).toBeNull();
    expect(compiled('* | rex "(?<b>x)"').fields).toBeNull();
  });
});

describe("matching", () => {
  test("one event", () => {
    const rule = compiled(
      'sourcetype=sysmon Image="*\\\\powershell.exe" | where like(CommandLine, "%-enc %")',
    );
    expect(rule.matches(windows(powershell))).toBe(true);
    expect(rule.matches(windows({ ...powershell, CommandLine: "powershell" }))).toBe(false);
    expect(rule.matches({ ...windows(powershell), logsource: { product: "linux" } })).toBe(false);
  });

  test("the time is taken from the event", () => {
    const rule = compiled('* | where strftime(_time, "%H:%M:%S.%3N")="13:00:00.123"');
    expect(rule.matches(windows(powershell))).toBe(true);
    expect(rule.matches(windows({}))).toBe(false);
    expect(compiled("earliest=-1h", { now }).matches(windows({ _time: now / 1000 }))).toBe(true);
  });

  test("a threshold needs several events", () => {
    const rule = compiled("* | stats dc(CommandLine) AS n by User | where n>=2");
    const first = windows({ User: "bob", CommandLine: "a" }, "e1");
    const second = windows({ User: "bob", CommandLine: "b" }, "e2");
    const third = windows({ User: "eve", CommandLine: "b" }, "e3");
    expect(rule.matches(first)).toBe(false);
    expect(rule.satisfiedBy([first, second])).toBe(true);
    expect(rule.satisfiedBy([first, third])).toBe(false);
    expect(rule.satisfiedBy([])).toBe(false);
  });

  test("a row that no event stands behind is no match", () => {
    expect(compiled("Image=none | stats count").matches(windows(powershell))).toBe(false);
    const tables = { t: [{ a: "1" }] };
    expect(compiled("Image=none | inputlookup append=true t", { tables }).matches(windows(powershell))).toBe(
      false,
    );
  });

  test("the same rule answers for one event after the other", () => {
    const rule = compiled("User=*bob | dedup User | head 1");
    for (let round = 0; round < 3; round++) expect(rule.matches(windows(powershell))).toBe(true);
  });

  test("where Splunk does not say what it gives, there is an error and no answer", () => {
    const rule = compiled('* | where User!="x"');
    expect(() => rule.matches(windows({ User: ["a", "b"] }))).toThrow(TyrianError);
    expect(() => rule.matches(windows({ User: ["a", "b"] }))).toThrow(
      expect.objectContaining({
        code: "analytic-invalid",
        diagnostics: [expect.objectContaining({ column: 15 })],
      }),
    );
  });
});

describe("explaining a miss", () => {
  const explain = (
    query: string,
    fields: Record<string, unknown> = powershell,
    options?: CompileSplOptions,
  ): NearestEvent => nearestEventSchema.parse(compiled(query, options).explain(windows(fields)));

  test("tells what was met, what was not, and what would have matched", () => {
    expect(explain('sourcetype=sysmon EventCode=1 Image="powershell.exe" User=*bob')).toEqual({
      event: "e1",
      summary: "powershell -enc SQBFAFgA",
      met: 3,
      needed: 4,
      unmet: [
        {
          clause: 'search: Image="powershell.exe"',
          field: "Image",
          wanted: '"powershell.exe"',
          found: powershell.Image,
          change: String.raw`the event has a full path: use Image="*\\powershell.exe"`,
        },
      ],
    });
  });

  test("of an event that matches, what made it match", () => {
    const { unmet, matched, met, needed } = explain('User=*bob | where like(CommandLine, "%-enc%")');
    expect({ unmet, met, needed }).toEqual({ unmet: [], met: 2, needed: 2 });
    expect(matched).toMatchObject([
      { clause: 'search: User="*bob"', found: powershell.User },
      { clause: 'where: like(CommandLine, "%-enc%")', found: powershell.CommandLine },
    ]);
  });

  /** The query, and the words about its first clause that is not met. */
  test.each([
    ['Image IN ("cmd", "powershell")', String.raw`the event has a full path: use Image="*\\powershell.exe"`],
    ['Image="C:\\\\Temp\\\\powershell.exe"', String.raw`the folder differs: use Image="*\\powershell.exe"`],
    ['CommandLine="-enc"', 'it is there, but not as the whole value: use CommandLine="*-enc*"'],
    ["User=eve", 'the event has another value: it is "DOM\\bob"'],
    ["Usr=bob", "the event has no field Usr; it has User"],
    ["zzzzzzzz=bob", "the event has no field zzzzzzzz"],
    [
      "sourcetype=WinEventLog:Security",
      "the event is of another sourcetype: XmlWinEventLog:Microsoft-Windows-Sysmon/Operational",
    ],
    ["EventCode>5", "the event has 1"],
    ["wscript", "the event's text does not have it"],
    [
      "NOT User=*bob",
      "the exclusion holds for this event: remove it, or add a term to it that tells this event apart",
    ],
    ['* | where User="dom\\\\BOB"', String.raw`only the case differs: use lower(User) = "dom\\bob"`],
    [
      '* | where CommandLine="-enc"',
      'it is there, but not as the whole value: use like(CommandLine, "%-enc%")',
    ],
    [
      '* | where like(CommandLine, "%-ENC%")',
      'only the case differs: use like(lower(CommandLine), "%-enc%")',
    ],
    ['* | where match(CommandLine, "-ENC")', 'only the case differs: use match(CommandLine, "(?i)-ENC")'],
    ["* | where User=bob", 'bob without quotes is a field, which the event does not have: is "bob" meant?'],
    ["* | dedup Absent", "this event alone gives no row behind dedup"],
  ])("%s: %s", (query, change) => {
    expect(explain(query).unmet[0]?.change).toBe(change);
  });

  test("a NOT over a function of something absent is told", () => {
    expect(explain('User=nobody | where NOT like(Absent, "x")').unmet[1]?.change).toBe(
      "Absent has no value here, and what NOT makes of that is not documented: add isnull(Absent) OR",
    );
  });

  test("of alternatives it tells the nearest", () => {
    const { unmet, met, needed } = explain("(User=eve Image=cmd) OR (User=*bob CommandLine=none)");
    expect({ met, needed }).toEqual({ met: 1, needed: 2 });
    expect(unmet.map(({ field }) => field)).toEqual(["CommandLine"]);
  });

  test("clauses behind the first that failed count too", () => {
    const { unmet, met, needed } = explain(
      "User=eve | eval n=len(User) | where n>2 | search CommandLine=none",
    );
    expect({ met, needed }).toEqual({ met: 1, needed: 3 });
    expect(unmet.map(({ clause }) => clause)).toEqual(['search: User="eve"', 'search: CommandLine="none"']);
  });

  test("of a threshold it tells how far one event comes", () => {
    const { unmet } = explain("* | stats count by User | where count>5");
    expect(unmet).toMatchObject([{ clause: "where: count > 5", field: "count", wanted: "> 5", found: "1" }]);
  });

  test("of the data model it tells its conditions", () => {
    const query = "| tstats count from datamodel=Endpoint.Processes where Processes.process_name=cmd.exe";
    expect(explain(query).unmet).toMatchObject([
      { field: "Processes.process_name", found: "powershell.exe" },
    ]);
    const { unmet } = explain(query, { EventID: 3 });
    expect(unmet).toMatchObject([
      { clause: "tstats: datamodel=Endpoint.Processes", change: "the event is no process creation" },
    ]);
  });

  test("nothing is unmet exactly when the rule matches", () => {
    const queries = [
      "User=*bob",
      "User=eve",
      "* | stats count | where count=1",
      "Image=none | stats count",
      "* | join User [search User=eve | table User]",
      "* | join User [search User=*bob | table User]",
      '* | makemv delim=" " CommandLine | mvexpand CommandLine | search CommandLine="-enc"',
      "| tstats count from datamodel=Endpoint.Processes",
      "EventCode=4688 | append [search EventCode=1]",
    ];
    for (const query of queries) {
      const rule = compiled(query);
      const event = windows(powershell);
      const { met, needed, unmet } = rule.explain(event);
      expect(needed - met).toBe(unmet.length);
      expect([query, unmet.length === 0]).toEqual([query, rule.matches(event)]);
    }
  });
});

test.each([
  [{}, true],
  [{ EventID: 1 }, true],
  [{ EventID: 3 }, false],
])(
  "an event of Windows is in the data model by its code, and without one by its log source: %j",
  (fields, expected) => {
    const logsource = { product: "windows", category: "process_creation" };
    const rule = compiled("| tstats count from datamodel=Endpoint.Processes BY Processes.process_name");
    expect(rule.matches({ id: "1", logsource, fields: { Image: "C:\\x.exe", ...fields } })).toBe(expected);
  },
);
