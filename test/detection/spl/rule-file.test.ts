import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RuleEvent } from "../../../src/detection/rule.js";
import { compileSplFile } from "../../../src/detection/spl/rule/file.js";

const fence = "```";
const header = `${fence}
title: Encoded command
id: b5a0cb0a-5a0c-4b51-8d3e-000000000001
status: test
logsource: { product: linux, category: process_creation }
level: high
tags: [attack.t1059.004, attack.execution]
${fence}
`;

function codesOf(text: string): [string, number][] {
  return compileSplFile(text, "a.spl").diagnostics.map(({ code, line }) => [code, line]);
}

function linux(fields: Record<string, unknown>, category = "process_creation"): RuleEvent {
  return { id: "e1", logsource: { product: "linux", category }, fields };
}

describe("the header of a query's file", () => {
  test("gives the rule what the query does not say; Splunk reads it as a comment", () => {
    const { rule, diagnostics } = compileSplFile(`${header}index=* CommandLine=*base64*`, "a.spl");
    expect(diagnostics).toEqual([]);
    expect(rule).toMatchObject({
      id: "b5a0cb0a-5a0c-4b51-8d3e-000000000001",
      title: "Encoded command",
      language: "spl",
      level: "high",
      techniques: ["T1059.004"],
    });
  });

  test("names the log source: events of others are not read", () => {
    const { rule } = compileSplFile(`${header}index=* CommandLine=*base64*`, "a.spl");
    const fields = { CommandLine: "base64 -d" };
    expect([rule?.reads(linux(fields)), rule?.matches(linux(fields))]).toEqual([true, true]);
    const other = linux(fields, "file_event");
    expect([rule?.reads(other), rule?.matches(other), rule?.satisfiedBy([other])]).toEqual([
      false,
      false,
      false,
    ]);
    expect(rule?.satisfiedBy([other, linux(fields)])).toBe(true);
  });

  test("may be missing, and a first comment may be a remark", () => {
    for (const text of ["a=1", `${fence} what is looked for: everything ${fence} a=1`]) {
      const { rule, diagnostics } = compileSplFile(text, "rules/plain.spl");
      expect(diagnostics).toEqual([]);
      expect(rule).toMatchObject({ id: "plain", title: "plain", level: "medium" });
    }
  });

  test("is refused where it is wrong, at its own line", () => {
    expect(codesOf(header.replace("title: Encoded command", "name: x"))[0]).toEqual(["missing-title", 2]);
    expect(codesOf(`${header.replace("level: high", "level: hihg")}a=1`)).toEqual([["unknown-level", 6]]);
    expect(codesOf(`${header.replace("logsource:", "logsorce:")}a=1`)).toEqual([["unknown-key", 5]]);
    expect(codesOf(`${header.replace("product: linux, category: process_creation", "")}a=1`)).toEqual([
      ["missing-logsource", 5],
    ]);
    const { rule } = compileSplFile(`${header.replace("level: high", "level: hihg")}a=1`, "a.spl");
    expect(rule).toBeNull();
  });

  test("leaves the positions of the query as they are in the file", () => {
    expect(codesOf(`${header}a=1 |`)).toEqual([["query-empty", 9]]);
  });
});

/** Queries of which each event decides by itself. */
const taken = [
  "a=1 | where b>2 | eval c=b+1 | search c=4",
  "a=1 | stats count min(_time) AS first BY host user | convert ctime(first) | table host user count",
  "a=1 | stats count BY host user | search user=root",
  'a=1 | eventstats count BY user | where user="root"',
  "| tstats count from datamodel=Endpoint.Processes where Processes.process_name=bash by Processes.user Processes.dest | rename Processes.* as * | search user=root",
  "a=1 | dedup user | sort - _time | head 10 | table user",
];

describe("a query for single events", () => {
  const single = (query: string): string[] =>
    compileSplFile(query, "a.spl", { singleEvents: true }).diagnostics.flatMap(({ code, severity }) =>
      severity === "error" ? [code] : [],
    );

  test("fires for many events exactly when it fires for one of them alone", () => {
    const value = fc.constantFrom("1", "2", "3");
    const events = fc.array(fc.record({ a: value, b: value, user: value }, { requiredKeys: [] }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(fc.constantFrom(...taken), events, (query, list) => {
        const { rule } = compileSplFile(query, "a.spl", { singleEvents: true });
        const given = list.map((fields, index) => ({ ...linux(fields), id: String(index) }));
        expect(rule?.satisfiedBy(given)).toBe(given.some((each) => rule?.matches(each)));
      }),
    );
  });

  test.each(taken)("is taken when each event decides by itself: %s", (query) => {
    expect(single(query)).toEqual([]);
  });

  test.each([
    "a=1 | stats count BY user | where count>3",
    "a=1 | stats dc(host) AS hosts BY user | search hosts>2",
    "a=1 | eventstats count AS total BY user | where total>3",
    "a=1 | streamstats count BY user | where count=2",
    "a=1 | stats count BY user | eval many=count*2 | where many>3",
    "a=1 | stats count BY user | rename count AS user | where user>3",
    "a=1 | stats count BY user | stats dc(host) BY count | where count>3",
    "a=1 | head 1 | where b=2",
    "a=1 | dedup user | where b=2",
    "a=1 | sort 1 b | where b=2",
    "a=1 | fillnull | stats count BY b | filldown b | where b=2",
    "a=1 | append [search b=2]",
    "a=1 | join user [search b=2]",
    "a=1 [search b=2 | fields user]",
  ])("is refused when others may decide with it: %s", (query) => {
    expect(single(query)).toEqual(["several-events-unsupported"]);
  });

  test("is refused at the condition, with what to do", () => {
    const { diagnostics } = compileSplFile("a=1\n| stats count BY user\n| where count>3", "a.spl", {
      singleEvents: true,
    });
    expect(diagnostics).toMatchObject([{ line: 3, column: 3 }]);
    expect(diagnostics[0]?.message).toContain("where is about count");
    expect(diagnostics[0]?.hint).toContain("Sigma correlation");
  });
});

test("a file that is refused for what is evidently a mistake says the whole query as it was meant", () => {
  const { rule, diagnostics } = compileSplFile(
    "index=main | where hour(_time) NOT BETWEEN 6 AND 18",
    "a.spl",
  );
  expect(rule).toBeNull();
  expect(diagnostics.at(-1)).toMatchObject({ severity: "warning", code: "query-corrected" });
  expect(diagnostics.at(-1)?.message).toContain('where tonumber(strftime(_time, "%H")) < 6 OR tonumber(');
});
