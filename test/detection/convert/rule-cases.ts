import * as fc from "fast-check";

/** A rule's detection section, and events that it is asked about. */
export interface RuleCase {
  readonly detection: Readonly<Record<string, unknown>>;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

/** What the values of generated rules and events are made of: what is special in some query language, and plain words. */
const words = [
  "whoami",
  "WhoAmI",
  "-enc",
  "/c",
  "C:\\Windows\\",
  "\\cmd.exe",
  "a*b",
  "x?",
  "é",
  "100",
  "A",
  '"',
  "\\",
  "'",
  "`m`",
  "[sub]",
  "| delete",
  "%_",
  "(b OR c)",
  "$t$",
  "\n",
  "",
];
const word = fc.constantFrom(...words);
const phrase = fc.array(word, { minLength: 1, maxLength: 2 }).map((parts) => parts.join(""));
const pattern = fc.oneof(
  { arbitrary: phrase.map((text) => text.replaceAll(/[*?]/g, String.raw`\$&`)), weight: 3 },
  { arbitrary: fc.tuple(phrase, phrase).map(([left, right]) => `${left}*${right}`), weight: 1 },
);
const regexes = ["^a", "b$", "wh?o", "[0-9]+", "(-e|/c).*x", "C:\\\\Win", "^$", "A", '"', "`m"];
const networks = ["10.0.0.0/8", "192.168.1.0/24", "2001:db8::/32", "10.1.2.3/32"];

function listOf<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | T[]> {
  return fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 3 }));
}

type Line = readonly [string, unknown];

function line(
  modifiers: readonly string[],
  value: fc.Arbitrary<unknown>,
  names: readonly string[] = ["CommandLine", "Image"],
): fc.Arbitrary<Line> {
  return fc
    .tuple(fc.constantFrom(...names), fc.constantFrom(...modifiers), value)
    .map(([name, modifier, given]) => [modifier === "" ? name : `${name}|${modifier}`, given]);
}

const places = ["", "contains", "startswith", "endswith"];
const item = fc.oneof(
  { arbitrary: line(places, listOf(pattern)), weight: 6 },
  {
    arbitrary: line(["contains|all", "all"], fc.array(pattern, { minLength: 2, maxLength: 3 })),
    weight: 2,
  },
  { arbitrary: line(["cased", "contains|cased", "neq", "contains|neq"], listOf(pattern)), weight: 2 },
  { arbitrary: line(["contains|windash"], listOf(pattern)), weight: 1 },
  { arbitrary: line(["re", "re|i", "re|s"], listOf(fc.constantFrom(...regexes))), weight: 2 },
  { arbitrary: line(["cidr"], listOf(fc.constantFrom(...networks)), ["Address"]), weight: 2 },
  { arbitrary: line(["lt", "lte", "gt", "gte"], fc.integer({ min: -2, max: 5 }), ["Count"]), weight: 1 },
  { arbitrary: line(["", "neq"], listOf(fc.integer({ min: -2, max: 5 })), ["Count"]), weight: 1 },
  { arbitrary: line(["exists"], fc.boolean()), weight: 1 },
  { arbitrary: line(["", "neq"], fc.constantFrom(null, true, false, "")), weight: 1 },
  { arbitrary: line(["fieldref", "fieldref|neq"], fc.constantFrom("CommandLine", "Image")), weight: 1 },
);
const map = fc
  .uniqueArray(item, { minLength: 1, maxLength: 3, selector: ([key]) => key })
  .map((lines) => Object.fromEntries(lines));
const search = fc.oneof(
  { arbitrary: map, weight: 4 },
  { arbitrary: fc.array(map, { minLength: 1, maxLength: 3 }), weight: 2 },
);
const conditions = [
  "sel_a",
  "not sel_a",
  "sel_a and sel_b",
  "sel_a or not sel_b",
  "not sel_a and sel_b or other",
  "1 of sel_*",
  "all of sel_* and not other",
  "not (sel_a or sel_b) and not 1 of oth*",
];

const text = fc.oneof(
  phrase,
  phrase.map((part) => part.toUpperCase()),
);
const event = fc.record(
  {
    CommandLine: text,
    Image: text,
    Address: fc.constantFrom("10.1.2.3", "192.168.1.7", "2001:db8::1", "::1", "10.0.0.0/8", "none"),
    Count: fc.oneof(fc.integer({ min: -2, max: 5 }), fc.constantFrom("3", "x")),
  },
  { requiredKeys: [] },
);

/** Rules over every kind of test, keywords apart, and events that meet them often. Every field has one value or none. */
export const ruleCases: fc.Arbitrary<RuleCase> = fc
  .record({
    sel_a: search,
    sel_b: search,
    other: search,
    condition: fc.constantFrom(...conditions),
    events: fc.array(event, { minLength: 6, maxLength: 6 }),
  })
  .map(({ events, ...detection }) => ({ detection, events }));
