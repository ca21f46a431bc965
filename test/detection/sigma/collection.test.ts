import { describe, expect, test } from "vitest";
import { compileCollection, type SigmaCollection } from "../../../src/detection/sigma/collection.js";
import { parseSigmaFile } from "../../../src/detection/sigma/collection-file.js";
import { at, baseRule, collectionOf, timed } from "./correlation/workbench.js";
import { correlate } from "../../../src/detection/sigma/correlation/evaluator.js";

const correlation = (name: string, rules: readonly string[], more = ""): string =>
  `title: ${name}\nname: ${name}\ncorrelation:\n  type: temporal\n  rules: [${rules.join(", ")}]\n  timespan: 5m\n${more}`;

describe("a file of several documents", () => {
  test("has its rules and correlations, and positions count lines of the file", () => {
    const text = `# comment\n---\n${baseRule("a")}---\n---\n${correlation("x", ["a"])}`;
    const { documents, diagnostics } = parseSigmaFile(text, "rules/many.yml");
    expect(documents).toMatchObject([
      { type: "rule", number: 1, position: { line: 3, column: 1 } },
      { type: "correlation", number: 2, position: { line: 13, column: 1 } },
    ]);
    expect(diagnostics.map(({ code, line }) => ({ code, line }))).toEqual([
      { code: "condition-always", line: 15 },
    ]);
  });

  test("one bad document does not lose the others, and is listed with its reason and place", () => {
    const text = [baseRule("a"), "title: Bad\nid: bad-1\nlogsource: 5\n", baseRule("b")].join("---\n");
    const { documents } = parseSigmaFile(text, "rules/many.yml");
    expect(documents).toMatchObject([
      { type: "rule", diagnostics: [] },
      {
        type: "refused",
        kind: "rule",
        title: "Bad",
        id: "bad-1",
        position: { line: 10 },
        diagnostics: [
          { code: "missing-detection", line: 10 },
          { code: "wrong-type", line: 12, column: 12 },
        ],
      },
      { type: "rule", diagnostics: [] },
    ]);
  });

  test.each([
    ["YAML that is broken", "title: [a\n"],
    ["a list", "- a\n"],
    ["a text", "just text\n"],
    ["a key that stands twice", "title: a\ntitle: b\n"],
    ["an alias of YAML", "title: &t a\nid: *t\n"],
  ])("a document that cannot be read at all: %s", (_, bad) => {
    const { documents } = parseSigmaFile([baseRule("a"), bad, baseRule("b")].join("---\n"), "a.yml");
    expect(documents.map(({ type }) => type)).toEqual(["rule", "refused", "rule"]);
    expect(documents[1]?.diagnostics.every(({ line }) => line >= 10)).toBe(true);
  });

  test.each([
    ["nothing", "", "rule-empty"],
    ["empty documents", "---\n---\n# nothing\n", "rule-empty"],
    ["a byte that is no text", "title: a\u0000\n", "file-not-text"],
    ["more than a file may hold", `title: ${"x".repeat(600_000)}`, "file-too-large"],
  ])("a file with %s is one refused document", (_, text, code) => {
    expect(parseSigmaFile(text, "a.yml")).toMatchObject({
      documents: [{ type: "refused", kind: "unknown", diagnostics: [{ code }] }],
      diagnostics: [{ code }],
    });
  });
});

describe("the actions of version 1 are refused", () => {
  const part = baseRule("a").replace("logsource:\n  product: linux\n", "");

  test.each(["global", "reset", "repeat"])("action: %s", (action) => {
    const { documents } = parseSigmaFile(`title: a\naction: ${action}\n`, "a.yml");
    expect(documents).toMatchObject([
      { type: "refused", kind: "action", diagnostics: [{ code: "action-unsupported", line: 2, column: 1 }] },
    ]);
  });

  test("the rules after a global document are not whole, even when they look it, until it is reset", () => {
    const global = "action: global\nlevel: high\n";
    const text = [global, baseRule("a"), part, "action: reset\n", baseRule("b")].join("---\n");
    const { documents } = parseSigmaFile(text, "a.yml");
    expect(documents.map(({ type }) => type)).toEqual(["refused", "refused", "refused", "refused", "rule"]);
    expect(documents[1]?.diagnostics).toMatchObject([
      { code: "action-unsupported", line: 4, message: expect.stringContaining("line 1") as string },
    ]);
  });
});

describe("references", () => {
  test("are resolved across files, by id in any case and by name", () => {
    const id = "5638f7c0-ac70-491d-8465-2a65075e0d86";
    const first = `id: ${id}\n${baseRule("a")}`;
    const collection = collectionOf(first, baseRule("b"), correlation("x", [id.toUpperCase(), "b"]));
    expect(collection.refused).toEqual([]);
    const [found] = collection.correlations;
    expect(
      found?.correlation.counted.map((counted) => counted.type === "rule" && counted.rule.title),
    ).toEqual(["Rule a", "Rule b"]);
  });

  test("a reference that names nothing refuses the correlation", () => {
    const collection = collectionOf(baseRule("failed_login"), correlation("x", ["failed_logon"]));
    expect(collection.refused).toMatchObject([
      {
        kind: "correlation",
        name: "x",
        file: "rules/file2.yml",
        diagnostics: [
          { severity: "warning", code: "condition-always" },
          { code: "reference-unknown", line: 5, column: 11, hint: 'did you mean "failed_login"?' },
        ],
      },
    ]);
    expect(collection.correlations).toEqual([]);
  });

  test("titles and made-up ids are no references", () => {
    expect(collectionOf(baseRule("a"), correlation("x", ["Rule a", "a"])).counts.refused).toBe(1);
    expect(collectionOf(baseRule("a"), correlation("x", ["file1", "a"])).counts.refused).toBe(1);
  });

  test("a reference to a refused rule says so, and so on up the chain", () => {
    const bad = baseRule("a").replace("condition: selection", "condition: other");
    const collection = collectionOf(
      bad,
      correlation("x", ["a", "b"]),
      correlation("y", ["x", "b"]),
      baseRule("b"),
    );
    expect(collection.refused.map(({ name }) => name)).toEqual(["a", "x", "y"]);
    expect(collection.refused[1]?.diagnostics).toMatchObject([
      { code: "reference-refused", message: '"a" was refused: rules/file1.yml:1', line: 5 },
    ]);
    expect(collection.refused[2]?.diagnostics).toMatchObject([{ code: "reference-refused" }]);
  });

  test("a name that several rules have refuses who uses it, and only that", () => {
    const collection = collectionOf(
      baseRule("a"),
      baseRule("a"),
      baseRule("b"),
      correlation("x", ["a", "b"]),
    );
    expect(collection.counts).toMatchObject({ rules: 3, correlations: 0, refused: 1 });
    expect(collection.diagnostics).toMatchObject([
      { severity: "warning", code: "duplicate-name", file: "rules/file2.yml", line: 1 },
      {
        severity: "error",
        code: "reference-ambiguous",
        file: "rules/file4.yml",
        line: 5,
        hint: "refer by id",
      },
    ]);
  });

  test("the same rule by two references is refused", () => {
    const collection = collectionOf(`id: one\n${baseRule("a")}`, correlation("x", ["a", "one"]));
    expect(collection.refused).toMatchObject([{ diagnostics: [{ code: "name-repeated" }] }]);
  });

  test("correlations that refer to each other in a circle are refused, all of them", () => {
    const collection = collectionOf(
      correlation("x", ["y", "a"]),
      correlation("y", ["z", "a"]),
      correlation("z", ["x", "a"]),
      correlation("self", ["self", "a"]),
      correlation("good", ["a", "b"]),
      baseRule("a"),
      baseRule("b"),
    );
    expect(collection.refused.map(({ name }) => name)).toEqual(["x", "y", "z", "self"]);
    expect(collection.diagnostics.map(({ code }) => code)).toContain("correlation-cycle");
    expect(collection.correlations.map(({ correlation: { title } }) => title)).toEqual(["good"]);
  });

  test("a sum over a correlation has no numbers and is refused", () => {
    const sum = correlation("sum", ["x"])
      .replace("temporal", "value_sum")
      .replace("5m\n", "5m\n  condition: {field: n, gt: 1}\n");
    const collection = collectionOf(baseRule("a"), baseRule("b"), correlation("x", ["a", "b"]), sum);
    expect(collection.refused).toMatchObject([{ name: "sum", diagnostics: [{ code: "correlation-type" }] }]);
  });
});

describe("aliases", () => {
  const section = (rules: string, who: string): string =>
    [
      ...[
        "title: x",
        "name: x",
        "correlation:",
        "  type: temporal",
        `  rules: [${rules}]`,
        "  group-by: [who]",
      ],
      ...["  timespan: 5m", "  aliases:", "    who:", ...who.split(", ").map((line) => `      ${line}`), ""],
    ].join("\n");
  const withAliases = (rules: string, who: string): ReturnType<typeof collectionOf> =>
    collectionOf(`id: one\n${baseRule("a")}`, baseRule("b"), baseRule("c"), section(rules, who));

  test("name the rules of the correlation by id or by name, whichever the list of rules has", () => {
    const { correlations, diagnostics } = withAliases("one, b", "a: User, b: Account");
    expect(diagnostics).toEqual([]);
    const [found] = correlations;
    expect([0, 1].map((index) => found?.correlation.fieldIn(index, "who"))).toEqual(["User", "Account"]);
    expect(found?.correlation.fieldIn(0, "other")).toBe("other");
  });

  test("that leave a rule out are warned about: there the name itself is the field", () => {
    const { correlations, diagnostics } = withAliases("a, b", "a: User");
    expect(diagnostics).toMatchObject([
      { severity: "warning", code: "alias-incomplete", line: 9, column: 5 },
    ]);
    expect(correlations[0]?.correlation.fieldIn(1, "who")).toBe("who");
  });

  test.each([
    ["another rule", "a: User, c: Account", "alias-invalid", 11],
    ["a rule that there is not", "a: User, d: Account", "reference-unknown", 11],
    ["one rule by two references", "a: User, one: Account", "alias-invalid", 11],
  ])("for %s are refused", (_, who, code, line) => {
    const { refused } = withAliases("a, b", who);
    expect(refused).toMatchObject([{ name: "x" }]);
    expect(refused[0]?.diagnostics.find(({ severity }) => severity === "error")).toMatchObject({
      code,
      line,
      column: 7,
    });
  });
});

describe("ids", () => {
  test("an id that is taken refuses the later document and names the first", () => {
    const collection = collectionOf(`id: One\n${baseRule("a")}`, `id: one\n${baseRule("b")}`);
    expect(collection.refused).toMatchObject([
      {
        file: "rules/file2.yml",
        diagnostics: [{ code: "duplicate-id", line: 1, message: 'the id "one" is taken: rules/file1.yml:1' }],
      },
    ]);
    expect(collection.counts).toMatchObject({ rules: 1, refused: 1 });
  });

  test("a document without an id has one made of its file, and of its name or number when the file has several", () => {
    const unnamed = baseRule("b").replace("name: b\n", "");
    const several = [baseRule("a"), unnamed].join("---\n");
    const collection = collectionOf(baseRule("c"), several);
    expect(collection.rules.map(({ rule }) => rule.id)).toEqual(["file1", "a", "file2-2"]);
  });
});

describe("what alerts by itself", () => {
  const alone = (...texts: readonly string[]): string[] => {
    const { rules, correlations } = collectionOf(...texts);
    return [
      ...rules.filter((each) => each.alone).map(({ rule }) => rule.title),
      ...correlations.filter((each) => each.alone).map(({ rule }) => rule.title),
    ];
  };
  const rules = ["a", "b", "c"].map(baseRule);

  test("a rule that a correlation names does not, unless the correlation generates", () => {
    expect(alone(...rules, correlation("x", ["a", "b"]))).toEqual(["Rule c", "x"]);
    expect(alone(...rules, correlation("x", ["a", "b"], "generate: true\n"))).toEqual([
      "Rule a",
      "Rule b",
      "Rule c",
      "x",
    ]);
  });

  test("one correlation that does not generate is enough", () => {
    const texts = [correlation("x", ["a", "b"], "generate: true\n"), correlation("y", ["b", "c"])];
    expect(alone(...rules, ...texts)).toEqual(["Rule a", "x", "y"]);
  });

  test("a correlation that another one names does not either", () => {
    expect(alone(...rules, correlation("x", ["a", "b"]), correlation("y", ["x", "c"]))).toEqual(["y"]);
  });

  test("the rules of a correlation that is refused stay quiet, too", () => {
    expect(alone(...rules, correlation("x", ["a", "missing"]))).toEqual(["Rule b", "Rule c"]);
  });
});

test("every document is counted once, as a rule, a correlation, a filter or refused", () => {
  const filter =
    "title: f\nlogsource:\n  product: linux\nfilter:\n  rules: any\n  s:\n    x: 1\n  condition: not s\n";
  const collection = collectionOf(
    [baseRule("a"), baseRule("b"), "title: bad\n", correlation("x", ["a", "b"])].join("---\n"),
    filter,
    "title: [\n",
    correlation("y", ["nothing"]),
  );
  expect(collection.counts).toEqual({ documents: 7, rules: 2, correlations: 1, filters: 1, refused: 3 });
  expect(
    collection.refused.every(({ diagnostics }) => diagnostics.some(({ severity }) => severity === "error")),
  ).toBe(true);
});

describe("a processing pipeline", () => {
  const section =
    "title: x\nname: x\ncorrelation:\n  type: event_count\n  rules: [a]\n  group-by: [who]\n  timespan: 5m\n  aliases:\n    who:\n      a: User\n  condition:\n    gte: 2\n";
  const files = [parseSigmaFile(baseRule("a"), "a.yml"), parseSigmaFile(section, "x.yml")];

  test("renames the fields that correlations group by, after the aliases", () => {
    const collection = compileCollection(files, {
      prepare: (rule) => ({
        rule,
        diagnostics: [],
        fieldsNamed: (name) => [name === "User" ? "user.name" : name],
      }),
    });
    const events = [1, 2].map((second) => at(second, "a", { user: { name: "bob" } }));
    const correlations = collection.correlations.map((each) => each.correlation);
    expect(correlate(correlations, timed(collection, events))).toMatchObject([{ group: { who: "bob" } }]);
  });

  const grouped = (fields: string): string =>
    `title: x\nname: x\ncorrelation:\n  type: event_count\n  rules: [a, b]\n  group-by: [User]\n  timespan: 5m\n  condition: ${fields}\n`;

  function mapped(
    section: string,
    mapping: Readonly<Record<string, Record<string, string[]>>>,
  ): SigmaCollection {
    const texts = { a: baseRule("a"), b: baseRule("b"), x: section };
    return compileCollection(
      Object.entries(texts).map(([name, text]) => parseSigmaFile(text, `${name}.yml`)),
      {
        prepare: (rule, { file }) => ({
          rule,
          diagnostics: [],
          fieldsNamed: (name) => mapping[file]?.[name] ?? [name],
        }),
      },
    );
  }
  const both = { User: ["account", "domain"] };

  test("that makes several fields of a group-by field groups by all of them, as pySigma does", () => {
    const collection = mapped(grouped("{ gte: 2 }"), { "a.yml": both, "b.yml": both });
    expect(collection.refused).toEqual([]);
    const correlations = collection.correlations.map((each) => each.correlation);
    const found = (domain: string): unknown =>
      correlate(
        correlations,
        timed(collection, [
          at(1, "a", { account: "bob", domain: "x" }),
          at(2, "b", { account: "bob", domain }),
        ]),
      ).map(({ group }) => group);
    expect(found("x")).toEqual([{ account: "bob", domain: "x" }]);
    expect(found("y")).toEqual([]);
  });

  test("that does so is followed by the correlations of the correlation", () => {
    const outer = `${grouped("{ gte: 2 }")}---\ntitle: y\nname: y\ncorrelation:\n  type: event_count\n  rules: [x]\n  group-by: [User]\n  timespan: 5m\n  condition: { gte: 1 }\n`;
    const collection = mapped(outer, { "a.yml": both, "b.yml": both });
    const correlations = collection.correlations.flatMap((each) => (each.alone ? [each.correlation] : []));
    const events = [1, 2].map((second) => at(second, "a", { account: "bob", domain: "x" }));
    expect(correlate(correlations, timed(collection, events))).toMatchObject([
      { group: { account: "bob", domain: "x" } },
    ]);
  });

  test.each([
    ["a group-by field for one rule only", grouped("{ gte: 2 }"), { "a.yml": both }],
    [
      "a group-by field that becomes one that is grouped by already",
      grouped("{ gte: 2 }").replace("[User]", "[User, domain]"),
      { "a.yml": both, "b.yml": both },
    ],
    [
      "the field of a condition",
      grouped("{ gte: 2, field: User }").replace("event_count", "value_count").replace("[User]", "[Host]"),
      { "a.yml": both, "b.yml": both },
    ],
    [
      "a field behind an alias",
      grouped("{ gte: 2 }").replace("[User]", "[who]") + "  aliases:\n    who: { a: User, b: User }\n",
      { "a.yml": both, "b.yml": both },
    ],
  ])("that makes several fields of %s is refused for the correlation", (_name, section, mapping) => {
    const collection = mapped(section, mapping);
    expect(collection.correlations).toEqual([]);
    expect(collection.refused).toMatchObject([
      { file: "x.yml", diagnostics: [{ code: "field-mapping-ambiguous", severity: "error", line: 3 }] },
    ]);
    expect(collection.rules).toHaveLength(2);
  });

  test("may refuse a rule, and with it the correlations that need it", () => {
    const problem = {
      file: "a.yml",
      line: 1,
      column: 1,
      severity: "error",
      code: "pipeline",
      message: "m",
      hint: "",
    } as const;
    const collection = compileCollection(files, { prepare: () => ({ rule: null, diagnostics: [problem] }) });
    expect(collection.refused).toMatchObject([
      { file: "a.yml", diagnostics: [{ code: "pipeline" }] },
      { file: "x.yml", diagnostics: [{ code: "reference-refused" }] },
    ]);
    expect(collection.counts).toMatchObject({ rules: 0, correlations: 0, refused: 2 });
  });
});
