import * as fc from "fast-check";
import { expect, test } from "vitest";
import { printQuery } from "../../../src/detection/spl/commands/index.js";
import { parseSpl } from "../../../src/detection/spl/parse.js";
import type { CommandNode } from "../../../src/detection/spl/syntax/commands.js";
import type { BinaryOperator, Expression } from "../../../src/detection/spl/syntax/expression.js";
import type { Aggregation, Query, SearchExpression } from "../../../src/detection/spl/syntax/tree.js";

/** A tree without its positions. */
function bare(query: Query): unknown {
  return JSON.parse(JSON.stringify(query, (key, value: unknown) => (key === "at" ? undefined : value)));
}

function read(text: string): Query {
  const { query, diagnostics } = parseSpl(text, "query.spl");
  if (query === null) throw new Error(`${text}\n${JSON.stringify(diagnostics)}`);
  return query;
}

const at = 0;
const letter = fc.constantFrom(
  ..."abAB01 .\\\"'*()[]|,=<>!-_/:{}%é😀`“\n".split(""),
  "OR",
  "NOT",
  "BY",
  "AS",
  "```",
);
const text = fc.array(letter, { maxLength: 8 }).map((letters) => letters.join(""));
const filled = text.filter((each) => each !== "");
const name = fc.constantFrom(
  "a",
  "Image",
  "_time",
  "my field",
  "a.b",
  "a{}.b",
  "NOT",
  "by",
  "x-y",
  "count",
  "where",
);
const plainName = fc.constantFrom("a", "b", "my field", "a.b", "NOT", "IN", "n{}");

const search: fc.Arbitrary<SearchExpression> = fc.letrec<{ node: SearchExpression }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({
      type: fc.constant("compare" as const),
      field: name,
      operator: fc.constantFrom("=" as const, "!=" as const),
      value: text,
      cased: fc.boolean(),
      at: fc.constant(at),
    }),
    fc.record({
      type: fc.constant("in" as const),
      field: name,
      values: fc.array(text, { minLength: 1, maxLength: 3 }),
      at: fc.constant(at),
    }),
    fc.record({
      type: fc.constant("keyword" as const),
      text: filled,
      form: fc.constantFrom("plain" as const, "term" as const, "case" as const),
      at: fc.constant(at),
    }),
    fc.record({ type: fc.constant("not" as const), operand: tie("node") }),
    fc.record({
      type: fc.constantFrom("and" as const, "or" as const),
      operands: fc.array(tie("node"), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).node;

const { value, condition } = fc.letrec<{ value: Expression; condition: Expression }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.record({ type: fc.constant("field" as const), name: plainName, at: fc.constant(at) }),
    fc.record({ type: fc.constant("string" as const), value: text, at: fc.constant(at) }),
    fc.record({
      type: fc.constant("number" as const),
      value: fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e300, noNaN: true })).map((each) => Math.abs(each)),
      at: fc.constant(at),
    }),
    fc.record({
      type: fc.constant("binary" as const),
      operator: fc.constantFrom<BinaryOperator>("+", "-", ".", "*", "/", "%"),
      left: tie("value"),
      right: tie("value"),
      at: fc.constant(at),
    }),
    fc.record({ type: fc.constant("negative" as const), operand: tie("value"), at: fc.constant(at) }),
    fc.tuple(tie("condition"), tie("value"), tie("value")).map(([test, yes, no]): Expression => ({
      type: "call",
      name: "if",
      arguments: [test, yes, no],
      at,
    })),
  ),
  condition: fc.oneof(
    { depthSize: "small" },
    fc.record({
      type: fc.constant("binary" as const),
      operator: fc.constantFrom<BinaryOperator>("=", "!="),
      left: tie("value"),
      right: tie("value"),
      at: fc.constant(at),
    }),
    tie("value").map((each): Expression => ({ type: "call", name: "isnull", arguments: [each], at })),
    fc.record({
      type: fc.constant("binary" as const),
      operator: fc.constantFrom<BinaryOperator>("AND", "OR", "XOR"),
      left: tie("condition"),
      right: tie("condition"),
      at: fc.constant(at),
    }),
    fc.record({ type: fc.constant("not" as const), operand: tie("condition"), at: fc.constant(at) }),
  ),
}));

const aggregation: fc.Arbitrary<Omit<Aggregation, "as">> = fc.oneof(
  fc.constant({ function: "count", percentile: null, of: null, at }),
  fc.record({
    function: fc.constantFrom("dc", "values", "sum", "earliest"),
    percentile: fc.constant(null),
    of: fc.oneof(name, value),
    at: fc.constant(at),
  }),
  fc.record({ function: fc.constant("perc"), percentile: fc.nat(99), of: name, at: fc.constant(at) }),
);
const aggregations = fc
  .array(aggregation, { minLength: 1, maxLength: 3 })
  .map((list) => list.map((each, index): Aggregation => ({ ...each, as: `result ${index}` })));
const names = fc.array(name, { minLength: 1, maxLength: 3 });
const by = fc.array(name, { maxLength: 2 });

const command: fc.Arbitrary<CommandNode> = fc.oneof(
  search.map((each): CommandNode => ({ name: "search", condition: each, at })),
  condition.map((each): CommandNode => ({ name: "where", condition: each, at })),
  fc
    .tuple(plainName, value)
    .map(([field, each]): CommandNode => ({ name: "eval", assignments: [{ field, value: each }], at })),
  fc
    .tuple(fc.constantFrom("stats" as const, "eventstats" as const), aggregations, by)
    .map(([each, list, groups]): CommandNode => ({ name: each, aggregations: list, by: groups, at })),
  fc.tuple(aggregations, fc.nat(5), fc.boolean()).map(([list, window, current]): CommandNode => ({
    name: "streamstats",
    aggregations: list,
    by: [],
    window,
    current,
    at,
  })),
  names.map((fields): CommandNode => ({ name: "table", fields, at })),
  fc
    .tuple(fc.constantFrom("keep" as const, "remove" as const), names)
    .map(([mode, fields]): CommandNode => ({ name: "fields", mode, fields, at })),
  fc.tuple(name, name).map(([from, to]): CommandNode => ({ name: "rename", renames: [{ from, to }], at })),
  fc
    .tuple(
      fc.option(fc.nat(20)),
      name,
      fc.boolean(),
      fc.constantFrom("auto" as const, "num" as const, "ip" as const),
    )
    .map(([count, field, descending, as]): CommandNode => ({
      name: "sort",
      count,
      keys: [{ field, descending, as }],
      at,
    })),
  fc.nat(20).map((count): CommandNode => ({ name: "head", count, at })),
  fc
    .tuple(names, fc.boolean(), fc.integer({ min: 1, max: 3 }))
    .map(([fields, keepEmpty, count]): CommandNode => ({
      name: "dedup",
      fields,
      keepEmpty,
      count,
      consecutive: false,
      at,
    })),
  fc.tuple(name, fc.nat(3)).map(([field, most]): CommandNode => ({
    name: "rex",
    field,
    most,
    pattern: '(?<x>[^"\\\\|]+)\\s"',
    sed: null,
    at,
  })),
  fc.tuple(name, fc.constantFrom(null, 1, 12)).map(([field, which]): CommandNode => {
    const sed = { replacement: String.raw`<\1\/>`, which };
    return { name: "rex", field, most: 1, pattern: String.raw`"(a)\/\\`, sed, at };
  }),
  fc
    .tuple(name, fc.boolean())
    .map(([field, negated]): CommandNode => ({ name: "regex", field, negated, pattern: "^a\\b", at })),
  fc.tuple(text, names).map(([each, fields]): CommandNode => ({ name: "fillnull", value: each, fields, at })),
  fc.tuple(name, filled, fc.boolean()).map(([field, delimiter, allowEmpty]): CommandNode => ({
    name: "makemv",
    field,
    delimiter,
    allowEmpty,
    at,
  })),
  fc.tuple(name, name, name, fc.boolean()).map(([table, column, field, keep]): CommandNode => ({
    name: "lookup",
    table,
    inputs: [{ column, field }],
    outputs: keep ? [{ column: field, field: column }] : [],
    keep,
    at,
  })),
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom("minute" as const, "hour" as const))
    .map(([amount, unit]): CommandNode => ({
      name: "bin",
      field: "_time",
      span: { amount, unit },
      as: null,
      at,
    })),
);

const query: fc.Arbitrary<Query> = fc
  .tuple(fc.option(search), fc.array(command, { maxLength: 4 }), fc.option(command))
  .map(([first, commands, inner]) => {
    const opening: CommandNode = {
      name: "search",
      condition: first ?? { type: "keyword", text: "*", form: "plain", at },
      at,
    };
    const inside: CommandNode[] =
      inner === null ? [] : [{ name: "append", query: { commands: [opening, inner] }, at }];
    return { commands: [opening, ...commands, ...inside] };
  });

test("reading a printed query gives the same tree", () => {
  const property = fc.property(query, (tree) => {
    expect(bare(read(printQuery(tree)))).toEqual(bare(tree));
  });
  fc.assert(property, { numRuns: 2000 });
});

test.each([
  'search *\n| convert timeformat="%F" ctime(a) AS b ctime(c)',
  '| tstats fillnull_value="x" count AS c, values(Processes.user) AS users from datamodel=Endpoint.Processes where Processes.process_name="a" BY _time span=1h, Processes.dest',
  '| inputlookup append=false t where a="1"',
  'search a="1" earliest="-1h" [search b="2"\n| table b]\n| join type=left max=0 a [search c="3"]',
  'search *\n| spath input=a path="x.y" output="n"\n| mvexpand n limit=3\n| filldown n\n| reverse\n| tail 5',
  'search *\n| where searchmatch("a=\\"b\\" OR c") AND cidrmatch("10.0.0.0/8", ip)',
  'search *\n| stats count(eval(a = "x")) AS c BY b',
])("printing %j changes nothing but its form", (written) => {
  const tree = read(written);
  expect(bare(read(printQuery(tree)))).toEqual(bare(tree));
  expect(printQuery(read(printQuery(tree)))).toBe(printQuery(tree));
});
