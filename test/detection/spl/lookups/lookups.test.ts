import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RuleEvent } from "../../../../src/detection/rule.js";
import type { CompileSplResult } from "../../../../src/detection/spl/rule/compile.js";
import { compileSplFile } from "../../../../src/detection/spl/rule/file.js";
import { fieldsOf, plain, refused, run } from "../helpers.js";

function compiled(query: string, tables: Readonly<Record<string, string>>): CompileSplResult {
  const lookups = Object.entries(tables).map(([name, text]) => ({ file: `rules/lookups/${name}`, text }));
  return compileSplFile(query, "rules/query.spl", { singleEvents: true, lookups });
}

function event(fields: Readonly<Record<string, unknown>>): RuleEvent {
  return { id: "1", logsource: { product: "linux" }, fields };
}

const assets = "host,tier\nws1,1\nws2,3\n";

describe("the lookup tables beside a query", () => {
  test("are the file NAME.csv, with and without its ending", () => {
    for (const name of ["assets", "assets.csv"]) {
      const { rule, diagnostics } = compiled(`* | lookup ${name} host AS box OUTPUT tier | search tier=1`, {
        "assets.csv": assets,
      });
      expect(diagnostics).toEqual([]);
      expect(rule?.matches(event({ box: "ws1" }))).toBe(true);
      expect(rule?.matches(event({ box: "ws2" }))).toBe(false);
      expect(rule?.matches(event({ box: "ws9" }))).toBe(false);
    }
  });

  test("leave events out that an allow list names; each event still decides by itself", () => {
    const { rule, diagnostics } = compiled("run=* NOT [| inputlookup allowed | fields account]", {
      "allowed.csv": "account\nbob\n",
    });
    expect(diagnostics).toEqual([]);
    expect(rule?.matches(event({ run: "x", account: "bob" }))).toBe(false);
    expect(rule?.matches(event({ run: "x", account: "eve" }))).toBe(true);
    expect(rule?.explain(event({ run: "x", account: "bob" })).unmet).toMatchObject([
      { clause: expect.stringMatching(/^search: NOT \[\| inputlookup .*allowed/), found: "account: bob" },
    ]);
  });

  test("do not make a subsearch over events one of tables", () => {
    const query = "run=* NOT [search other=* | lookup assets host OUTPUT tier | fields tier]";
    expect(compiled(query, { "assets.csv": assets }).diagnostics).toMatchObject([
      { code: "several-events-unsupported" },
    ]);
  });

  test("may be asked behind an aggregation about the fields that it groups by, not about what they give", () => {
    const query = "run=* | stats count BY host | lookup assets host OUTPUT tier | search";
    expect(compiled(`${query} host=ws1`, { "assets.csv": assets }).diagnostics).toEqual([]);
    expect(compiled(`${query} tier=1`, { "assets.csv": assets }).diagnostics).toMatchObject([
      { code: "several-events-unsupported" },
    ]);
  });

  test("leave a query that decides event by event one that does", () => {
    const queries = [
      "run=* | lookup assets host AS box OUTPUT tier | search tier=1",
      "run=* [| inputlookup assets | fields host | rename host AS box]",
      "run=* NOT [| inputlookup assets where tier=3 | fields host | rename host AS box] | stats count BY box",
    ].map((query) => compiled(query, { "assets.csv": assets }).rule);
    const fields = fc.record(
      { run: fc.constant("x"), box: fc.constantFrom("ws1", "ws2", "ws9") },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...queries), fc.array(fields, { maxLength: 5 }), (rule, list) => {
        const events = list.map((each, index) => ({ ...event(each), id: String(index) }));
        expect(rule?.satisfiedBy(events)).toBe(events.some((each) => rule?.matches(each)));
      }),
    );
  });

  test("that are missing are asked for where they belong", () => {
    expect(compiled("* | lookup assets host", {}).diagnostics).toMatchObject([
      { code: "unknown-lookup", line: 1, column: 5, hint: expect.stringContaining("lookups/assets.csv") },
    ]);
  });

  test("that are broken are refused in their own file, and the query with them", () => {
    const { rule, diagnostics } = compiled("* | lookup assets host", { "assets.csv": "host,tier\nws1\n" });
    expect(rule).toBeNull();
    expect(diagnostics).toMatchObject([
      { file: "rules/lookups/assets.csv", line: 2, code: "lookup-invalid" },
    ]);
  });
});

describe("what Splunk's documentation leaves open about a table is refused", () => {
  const tables = {
    gaps: [{ host: "ws1", tier: "" }],
    nets: [{ range: "10.0.0.0/8", zone: "lan" }],
    "nets.csv": [{ range: "10.0.0.0/8", zone: "lan" }],
    stars: [{ program: "*.exe", kind: "x" }],
    many: Array.from({ length: 101 }, (_, index) => ({ host: "ws1", port: String(index) })),
  };

  test.each([
    ["* | lookup gaps host OUTPUT tier", "lookup-empty-cell"],
    ["| inputlookup gaps", "lookup-empty-cell"],
    ["* | lookup nets range AS ip", "lookup-match-type"],
    ["* | lookup stars program", "lookup-match-type"],
    ["* | lookup many host OUTPUT port", "lookup-limit"],
    ['* | lookup "../secrets" host', "unknown-lookup"],
  ])("%s", (query, code) => {
    const { hint, ...found } = refused(query, plain({ host: "ws1" }), { tables });
    expect(found.code).toBe(code);
    expect(hint).not.toBe("");
  });

  test("a column that nothing is asked of may have gaps", () => {
    expect(
      fieldsOf(run("* | lookup gaps host OUTPUT host AS found", plain({ host: "ws1" }), { tables })),
    ).toEqual([{ found: "ws1" }]);
  });

  test("a file is compared as it is, a definition of Splunk may say otherwise", () => {
    const looked = run("* | lookup nets.csv range AS ip", plain({ ip: "10.0.0.0/8" }, { ip: "10.1.1.1" }), {
      tables,
    });
    expect(fieldsOf(looked)).toEqual([{ ip: "10.0.0.0/8", zone: "lan" }, { ip: "10.1.1.1" }]);
  });

  test("several fields and several values are looked up together, in the order of the table", () => {
    const ports = [
      { host: "b", port: "1", name: "one" },
      { host: "a", port: "1", name: "two" },
      { host: "a", port: "2", name: "three" },
    ];
    const looked = run("* | lookup ports host port OUTPUT name", plain({ host: ["a", "b"], port: "1" }), {
      tables: { ports },
    });
    expect(looked[0]?.fields["name"]).toEqual(["one", "two"]);
  });
});
