import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileRule } from "../../../src/detection/sigma/compile.js";
import { parseSigmaFile } from "../../../src/detection/sigma/collection-file.js";
import { applyFilter } from "../../../src/detection/sigma/filter-apply.js";
import type { FilterTree } from "../../../src/detection/sigma/filter.js";
import type { SigmaRule } from "../../../src/detection/sigma/rule-tree.js";
import { correlate } from "../../../src/detection/sigma/correlation/evaluator.js";
import { at, baseRule, collectionOf, timed } from "./correlation/workbench.js";
import { event } from "./helpers.js";

interface FilterParts {
  readonly rules?: string;
  readonly logsource?: string;
  readonly selections?: string;
  readonly condition?: string;
}

function filterText(parts: FilterParts = {}): string {
  const {
    rules = "[login]",
    logsource = "product: linux",
    selections = "admin: {User|startswith: adm_}",
  } = parts;
  const { condition = "not admin" } = parts;
  return [
    "title: Administrators",
    "logsource:",
    `  ${logsource}`,
    "filter:",
    `  rules: ${rules}`,
    ...selections.split("\n").map((line) => `  ${line}`),
    `  condition: ${condition}`,
    "",
  ].join("\n");
}

const login = `title: Login
name: login
id: 6f3e2987-db24-4c78-a860-b4f4095a7095
logsource:
  product: linux
  category: process_creation
detection:
  first:
    A: 1
  second:
    B: 1
  condition: first or second
`;

/** Whether the rule that comes first in the collection matches an event with the given fields. */
function matches(texts: readonly string[], fields: Record<string, unknown>): boolean {
  const collection = collectionOf(...texts);
  if (collection.refused.length > 0) throw new Error(JSON.stringify(collection.refused));
  return collection.rules[0]?.rule.matches(event(fields)) ?? false;
}

describe("the filter's condition is added to the rule's with and", () => {
  test("a rule matches what its own condition and the filter's let through", () => {
    const texts = [login, filterText()];
    expect(matches(texts, { A: 1, User: "bob" })).toBe(true);
    expect(matches(texts, { A: 1, User: "adm_bob" })).toBe(false);
    expect(matches(texts, { A: 1 })).toBe(true);
    expect(matches(texts, { User: "bob" })).toBe(false);
  });

  test("the rule's or stays together: a or b with a filter is (a or b) and filter", () => {
    expect(matches([login, filterText()], { B: 1, User: "adm_bob" })).toBe(false);
    expect(
      matches(
        [login, filterText({ condition: "not admin or none", selections: "admin: {User: x}\nnone: {C: 1}" })],
        { B: 1, User: "x", C: 1 },
      ),
    ).toBe(true);
  });

  test("a list of conditions is filtered as a whole", () => {
    const listed = login.replace("condition: first or second", "condition: [first, second]");
    expect(matches([listed, filterText()], { A: 1, User: "adm_bob" })).toBe(false);
    expect(matches([listed, filterText()], { B: 1, User: "adm_bob" })).toBe(false);
    expect(matches([listed, filterText()], { B: 1, User: "bob" })).toBe(true);
  });

  test("without a not only the events of the filter are left, which is warned about: the specification's own example reads so", () => {
    const texts = [login, filterText({ condition: "admin" })];
    expect(matches(texts, { A: 1, User: "adm_bob" })).toBe(true);
    expect(matches(texts, { A: 1, User: "bob" })).toBe(false);
    expect(collectionOf(...texts).diagnostics).toMatchObject([
      { severity: "warning", code: "filter-keeps-only", file: "rules/file2.yml", line: 7, column: 14 },
    ]);
    // A negation inside a selection is a not, too.
    expect(
      collectionOf(login, filterText({ condition: "admin", selections: "admin: {User|neq: x}" })).diagnostics,
    ).toEqual([]);
  });

  test("several filters are all added, one after the other", () => {
    const other = filterText({ selections: "s: {Host: jump}", condition: "not s" });
    const texts = [login, filterText(), other];
    expect(matches(texts, { A: 1, User: "adm_bob" })).toBe(false);
    expect(matches(texts, { A: 1, Host: "jump" })).toBe(false);
    expect(matches(texts, { A: 1, Host: "h" })).toBe(true);
    expect(collectionOf(...texts).rules[0]?.filters).toEqual(["Administrators", "Administrators"]);
  });

  test("the fields of the filter are fields that the rule reads, and its selections are explained", () => {
    const [rule] = collectionOf(login, filterText()).rules;
    expect(rule?.rule.fields).toEqual(new Set(["A", "B", "User"]));
    expect(rule?.rule.explain(event({ A: 1, User: "adm_bob" })).unmet).toMatchObject([
      {
        clause: 'not admin of the filter "Administrators": User|startswith',
        found: "adm_bob",
        change: expect.stringMatching(/^the exclusion "admin" of the filter "Administrators" holds/),
      },
    ]);
    const kept = collectionOf(login, filterText({ condition: "admin" })).rules[0]?.rule;
    expect(kept?.explain(event({ A: 1, User: "bob" })).unmet).toMatchObject([
      { clause: 'admin of the filter "Administrators": User|startswith', found: "bob" },
    ]);
  });
});

describe("patterns of the rule and of the filter do not see each other's selections", () => {
  const ruleWith = (condition: string): string => login.replace("first or second", condition);

  test.each(["1 of them", "1 of *", "any of *s*", "1 of f* or 1 of s*"])("the rule's %s", (condition) => {
    // If the filter's selection counted, an event of its own would match the rule.
    const positive = filterText({ condition: "admin" });
    expect(matches([ruleWith(condition), positive], { User: "adm_bob" })).toBe(false);
    expect(matches([ruleWith(condition), positive], { A: 1, User: "adm_bob" })).toBe(true);
  });

  test.each(["all of them", "all of *"])("the rule's %s", (condition) => {
    expect(matches([ruleWith(condition), filterText()], { A: 1, B: 1, User: "bob" })).toBe(true);
  });

  test.each([
    ["not 1 of them", { A: 1, X: 1 }],
    ["not 1 of s*", { A: 1, X: 1 }],
    ["not 1 of *d", { A: 1, Y: 1 }],
  ])("the filter's %s", (condition, fields) => {
    const selections = "s_one: {X: 1}\nsecond: {Y: 1}";
    expect(matches([login, filterText({ selections, condition })], fields)).toBe(false);
    expect(matches([login, filterText({ selections, condition })], { B: 1 })).toBe(true);
  });

  test("selections of the same name stay apart, those of several filters too", () => {
    const selections = "first: {X: 1}";
    const texts = [
      login,
      filterText({ selections, condition: "not first" }),
      filterText({ selections: "first: {Y: 1}", condition: "not first" }),
    ];
    expect(matches(texts, { A: 1 })).toBe(true);
    expect(matches(texts, { A: 1, X: 1 })).toBe(false);
    expect(matches(texts, { A: 1, Y: 1 })).toBe(false);
  });

  test("whatever the conditions, a filtered rule matches what both match", () => {
    const names = ["s_a", "s_b", "_c"];
    const leaf = fc.constantFrom(
      ...names,
      "1 of them",
      "all of them",
      "1 of *",
      "all of s_*",
      "all of *",
      "1 of *a",
    );
    const condition = fc
      .array(fc.tuple(fc.constantFrom("and", "or", "and not", "or not"), leaf), { maxLength: 3 })
      .chain((rest) =>
        leaf.map((first) => rest.reduce((text, [word, part]) => `${text} ${word} ${part}`, first)),
      );
    const detection = (prefix: string, text: string): string =>
      [...names.map((name) => `  ${name}: {${prefix}${name}: 1}`), `  condition: ${text}`, ""].join("\n");
    const head = "title: x\nlogsource:\n  product: linux\n";
    const bits = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(
        condition,
        condition,
        condition,
        fc.array(bits, { minLength: 1, maxLength: 8 }),
        (own, first, second, list) => {
          const document = (kind: string, prefix: string, text: string): ReturnType<typeof parseSigmaFile> =>
            parseSigmaFile(
              `${head}${kind}:\n${kind === "filter" ? "  rules: any\n" : ""}${detection(prefix, text)}`,
              "x.yml",
            );
          const rule = (document("detection", "r", own).documents[0] as { rule: SigmaRule }).rule;
          const filters = [first, second].map(
            (text, index) =>
              (document("filter", `f${index}`, text).documents[0] as { filter: FilterTree }).filter,
          );
          const parts = [rule, ...filters].map((each) =>
            compileRule({ ...rule, searches: each.searches, condition: each.condition }, "x.yml"),
          );
          const filtered = compileRule(filters.reduce(applyFilter, rule), "x.yml");
          for (const [index, some] of list.entries()) {
            const fields = Object.fromEntries(
              ["r", "f0", "f1"].flatMap((prefix, part) =>
                names.map((name, place) => [
                  `${prefix}${name}`,
                  some[(part * 3 + place + index) % 6] === true ? 1 : 0,
                ]),
              ),
            );
            expect(filtered.matches(event(fields))).toBe(parts.every((part) => part.matches(event(fields))));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("the rules that a filter is for", () => {
  const applied = (parts: FilterParts, ...texts: readonly string[]): readonly string[] =>
    collectionOf(...texts, filterText(parts)).filters[0]?.rules ?? [];
  const other = login
    .replace(/id: .*\n/, "id: other\n")
    .replace("name: login", "name: other")
    .replace("product: linux", "product: windows");

  test("are named by id, in any case, or by name, in a list or alone", () => {
    for (const rules of ["[login]", "login", "[6F3E2987-DB24-4C78-A860-B4F4095A7095]"])
      expect(applied({ rules }, login)).toEqual(["6f3e2987-db24-4c78-a860-b4f4095a7095"]);
    expect(applied({ rules: "[login, 6f3e2987-db24-4c78-a860-b4f4095a7095]" }, login)).toHaveLength(1);
  });

  test.each(["any", "Any", "'any'"])("are with %s all of the log source", (rules) => {
    expect(applied({ rules }, login, other)).toEqual(["6f3e2987-db24-4c78-a860-b4f4095a7095"]);
  });

  test.each([
    ["product: linux", 1],
    ["product: Linux", 1],
    ["category: process_creation", 1],
    ["{product: linux, category: process_creation}", 1],
    ["product: windows", 0],
    ["{product: linux, service: auditd}", 0],
    ["{product: linux, category: file_event}", 0],
  ])("must be of the filter's log source, which may name less than theirs: %s", (logsource, count) => {
    const text = filterText({ rules: "any", logsource }).replace("logsource:\n  {", "logsource: {");
    expect(collectionOf(login, text).filters[0]?.rules).toHaveLength(count);
  });

  test("a reference to nothing, to a refused rule, to another log source and to a correlation are warned about", () => {
    const refused = login
      .replace("first or second", "third")
      .replace("name: login", "name: refused")
      .replace(/id: .*\n/, "");
    const correlation =
      "title: x\nname: chain\ncorrelation:\n  type: event_count\n  rules: [login]\n  timespan: 5m\n  condition: {gte: 2}\n";
    const text = filterText({ rules: "[login, logn, refused, other, chain]" });
    const collection = collectionOf(login, refused, other, correlation, text);
    const found = collection.diagnostics.filter(({ file }) => file === "rules/file5.yml");
    expect(found.map(({ severity, code, line, column }) => [severity, code, line, column])).toEqual([
      ["warning", "reference-unknown", 5, 18],
      ["warning", "reference-refused", 5, 24],
      ["warning", "filter-logsource", 5, 33],
      ["warning", "filter-correlation", 5, 40],
    ]);
    expect(collection.filters).toMatchObject([{ rules: ["6f3e2987-db24-4c78-a860-b4f4095a7095"] }]);
  });

  test("a filter that changes no rule is warned about", () => {
    const { diagnostics } = collectionOf(other, filterText({ rules: "any" }));
    expect(diagnostics).toMatchObject([{ severity: "warning", code: "filter-unused", line: 4, column: 1 }]);
  });

  test("a correlation is filtered through its rules", () => {
    const correlation =
      "title: x\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {gte: 2}\n";
    const collection = collectionOf(baseRule("a"), correlation, filterText({ rules: "any" }));
    const found = (User: string): number =>
      correlate(
        collection.correlations.map((each) => each.correlation),
        timed(collection, [at(1, "a", { User }), at(2, "a", { User })]),
      ).length;
    expect([found("bob"), found("adm_bob")]).toEqual([1, 0]);
  });
});

test.each([
  ["no rules", filterText().replace("  rules: [login]\n", ""), "missing-rules", 4, 1],
  ["an empty list of rules", filterText({ rules: "[]" }), "wrong-type", 5, 10],
  ["rules that are a map", filterText({ rules: "{a: b}" }), "wrong-type", 5, 10],
  ["a rule that stands twice", filterText({ rules: "[a, a]" }), "name-repeated", 5, 14],
  ["no log source", filterText().replace("logsource:\n  product: linux\n", ""), "missing-logsource", 1, 1],
  ["no title", filterText().replace("title: Administrators\n", ""), "missing-title", 1, 1],
  ["no condition", filterText().replace("  condition: not admin\n", ""), "missing-condition", 5, 3],
  ["a list of conditions", filterText({ condition: "[not admin]" }), "wrong-type", 7, 14],
  ["a condition over nothing", filterText({ condition: "not other" }), "unknown-identifier", 7, 18],
  ["a pipe", filterText({ condition: "admin | count() > 5" }), "aggregation-unsupported", 7, 20],
  [
    "a modifier that is none",
    filterText({ selections: "admin: {User|stratswith: a}" }),
    "unknown-modifier",
    6,
    16,
  ],
  [
    "a placeholder without values",
    filterText({ selections: "admin: {User|expand: '%admins%'}" }),
    "placeholder-unresolved",
    6,
    24,
  ],
  ["a detection", `${filterText()}detection: {}\n`, "filter-mixed", 8, 1],
  ["a text", "title: a\nlogsource: {product: linux}\nfilter: any\n", "wrong-type", 3, 9],
])("a filter is refused: %s", (_, text, code, line, column) => {
  const { documents, diagnostics } = parseSigmaFile(text, "rules/test.yml");
  const first = diagnostics.find(({ severity }) => severity === "error");
  expect({ code: first?.code, line: first?.line, column: first?.column }).toEqual({ code, line, column });
  expect(documents).toMatchObject([{ type: "refused", kind: "filter" }]);
});
