import * as fc from "fast-check";

/** One rule as text, and events that it is asked about. */
export interface Case {
  readonly rule: string;
  readonly events: readonly Record<string, unknown>[];
}

const words = [
  "-enc",
  "/c",
  "whoami",
  "C:\\Windows\\",
  "\\cmd.exe",
  "a*b",
  "x?",
  "é",
  "100",
  " -e /b ",
  "http",
  "A",
  "",
];
const word = fc.constantFrom(...words);
const phrase = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(""));
/** As a rule writes it: with wildcards, and with some of them escaped. */
const pattern = fc.oneof(
  { arbitrary: phrase, weight: 4 },
  { arbitrary: fc.tuple(phrase, phrase).map(([a, b]) => `${a}*${b}`), weight: 1 },
  { arbitrary: phrase.map((text) => text.replaceAll(/[*?]/g, String.raw`\$&`)), weight: 1 },
);
const plain = phrase.map((text) => text.replaceAll(/[*?\\]/g, "-"));
const addresses = ["10.1.2.3", "10.200.0.1", "192.168.1.7", "2001:db8::1", "::1", "not an address"];
const networks = ["10.0.0.0/8", "192.168.1.0/24", "2001:db8::/32", "10.1.2.3/32", "0.0.0.0/0"];
const regexes = ["^a", "b$", "wh?o", "[0-9]+", "(-e|/c).*x", "C:\\\\Win", "\\bcmd", "^$", "A"];

function listOf<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | T[]> {
  return fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 3 }));
}

type Line = readonly [string, unknown];
const field = fc.constantFrom("CommandLine", "Image", "data.name");

function line(
  modifiers: readonly string[],
  value: fc.Arbitrary<unknown>,
  of: fc.Arbitrary<string> = field,
): fc.Arbitrary<Line> {
  return fc
    .tuple(of, fc.constantFrom(...modifiers), value)
    .map(([name, modifier, given]) => [modifier === "" ? name : `${name}|${modifier}`, given]);
}

const item: fc.Arbitrary<Line> = fc.oneof(
  { arbitrary: line(["", "contains", "startswith", "endswith"], listOf(pattern)), weight: 6 },
  {
    arbitrary: line(
      ["contains|all", "startswith|all", "all"],
      fc.array(pattern, { minLength: 2, maxLength: 3 }),
    ),
    weight: 3,
  },
  { arbitrary: line(["cased", "contains|cased", "neq", "contains|neq"], listOf(pattern)), weight: 2 },
  {
    arbitrary: line(
      ["windash", "contains|windash", "windash|contains", "windash|contains|all"],
      fc.array(pattern, { minLength: 2, maxLength: 3 }),
    ),
    weight: 2,
  },
  {
    arbitrary: line(
      [
        "base64",
        "base64offset|contains",
        "wide|base64offset|contains",
        "utf16be|base64",
        "utf16|base64",
        "wide",
      ],
      listOf(plain),
    ),
    weight: 2,
  },
  {
    arbitrary: line(["re", "re|i", "re|m", "re|s", "re|i|m|s"], listOf(fc.constantFrom(...regexes))),
    weight: 2,
  },
  { arbitrary: line(["cidr"], listOf(fc.constantFrom(...networks)), fc.constant("Address")), weight: 1 },
  {
    arbitrary: line(["lt", "lte", "gt", "gte"], fc.integer({ min: -2, max: 5 }), fc.constant("Count")),
    weight: 1,
  },
  { arbitrary: line([""], listOf(fc.integer({ min: -2, max: 5 })), fc.constant("Count")), weight: 1 },
  { arbitrary: line(["exists"], fc.boolean()), weight: 1 },
  { arbitrary: line([""], fc.constantFrom(null, true, false, "")), weight: 1 },
  {
    arbitrary: line(
      ["fieldref", "fieldref|contains", "fieldref|startswith", "fieldref|endswith", "fieldref|neq"],
      fc.constantFrom("CommandLine", "Image", "data.name"),
    ),
    weight: 1,
  },
);
const map = fc
  .uniqueArray(item, { minLength: 1, maxLength: 3, selector: ([key]) => key })
  .map((lines) => Object.fromEntries(lines));
const search = fc.oneof(
  { arbitrary: map, weight: 5 },
  { arbitrary: fc.array(map, { minLength: 1, maxLength: 3 }), weight: 2 },
  {
    arbitrary: fc.array(
      pattern.filter((text) => text !== ""),
      { minLength: 1, maxLength: 3 },
    ),
    weight: 1,
  },
  {
    arbitrary: fc
      .array(
        pattern.filter((text) => text !== ""),
        { minLength: 2, maxLength: 3 },
      )
      .map((list) => ({ "|all": list })),
    weight: 1,
  },
);
const conditions = [
  "sel_a",
  "sel_a and sel_b",
  "sel_a or not sel_b",
  "not sel_a and sel_b or other",
  "1 of sel_*",
  "all of sel_* and not other",
  "1 of them",
  "all of them",
  "not (sel_a or sel_b) and not 1 of oth*",
];

const text = fc.oneof(
  phrase,
  phrase.map((part) => part.toUpperCase()),
  phrase.map((part) => part.replaceAll("-", "—").replaceAll("/", "-")),
  phrase.map((part) => Buffer.from(part).toString("base64")),
);
const value = fc.oneof(
  { arbitrary: text, weight: 6 },
  { arbitrary: fc.constantFrom(null, true, 3, "3", ""), weight: 1 },
  { arbitrary: fc.array(text, { maxLength: 2 }), weight: 1 },
);
const event = fc.record(
  {
    CommandLine: value,
    Image: value,
    data: fc.record({ name: value }, { requiredKeys: [] }),
    Address: fc.constantFrom(...addresses),
    Count: fc.oneof(fc.integer({ min: -2, max: 5 }), fc.constantFrom("3", "x", null, "1.0")),
  },
  { requiredKeys: [] },
);

/** Rules over all modifiers that both sides know, and events that meet them often. */
export const cases: fc.Arbitrary<Case> = fc
  .record({
    sel_a: search,
    sel_b: search,
    other: search,
    condition: fc.oneof(fc.constantFrom(...conditions), fc.constantFrom(...conditions)),
    events: fc.array(event, { minLength: 6, maxLength: 6 }),
  })
  .map(({ events, condition, ...searches }) => ({
    rule: JSON.stringify({
      title: "generated",
      logsource: { product: "windows", category: "process_creation" },
      detection: { ...searches, condition },
    }),
    events,
  }));
