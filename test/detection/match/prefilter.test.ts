import * as fc from "fast-check";
import { expect, test } from "vitest";
import { StreamingMatcher } from "../../../src/detection/matcher.js";
import type { CompiledRule, RuleEvent } from "../../../src/detection/rule.js";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { event } from "../sigma/helpers.js";

/** Letters that fold oddly, wildcards, escapes, dashes, and what the prefilter uses as marks. */
const letters = [
  ...[
    "a",
    "A",
    "b",
    "k",
    "K",
    "\u212a",
    "s",
    "S",
    "ſ",
    "ß",
    "i",
    "I",
    "İ",
    "ı",
    "Σ",
    "σ",
    "ς",
    "é",
    "É",
    "ж",
    "😀",
  ],
  ...[
    "\\",
    "*",
    "?",
    "-",
    "/",
    "–",
    " ",
    "\u00a0",
    "\t",
    "\n",
    "\u0001",
    "\u0002",
    "0",
    "1",
    ".",
    "e",
    "+",
    '"',
  ],
];
const word = fc.array(fc.constantFrom(...letters), { maxLength: 6 }).map((list) => list.join(""));
const likely = fc.constantFrom("cmd", "-enc", "power", "1", "1.0", " 1", "1e0", "true", "TRUE", "ab", "KK");
const text = fc.oneof(
  word,
  likely,
  fc.tuple(word, likely, word).map((parts) => parts.join("")),
);

/** Rule texts are YAML in JSON's form, which allows no control characters in it. */
const ruleWord = text.map((each) => each.replaceAll(/[\u0000-\u0008]/g, "a")).filter((each) => each !== "");
const modifiers = [
  ...["", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|neq", "|contains|neq"],
  ...["|windash", "|windash|contains", "|base64|contains", "|base64offset|contains", "|wide|contains"],
  ...["|utf16|base64offset|contains", "|exists", "|gt", "|lte", "|fieldref", "|re", "|re|i", "|cidr"],
];
const fields = ["A", "B", "C.d"];

const item = fc
  .tuple(
    fc.constantFrom("", ...fields),
    fc.constantFrom(...modifiers),
    fc.array(ruleWord, { minLength: 1, maxLength: 3 }),
    fc.boolean(),
    fc.constantFrom(1, 0, 1.5, true, null),
  )
  .map(([field, modifier, words, all, scalar]): [string, unknown] => {
    const value = words.length === 1 ? words[0] : words;
    const list = all && words.length > 1 ? "|all" : "";
    const name = field === "" && modifier === "" ? "A" : field;
    switch (modifier) {
      case "|exists":
        return [`${name || "A"}|exists`, all];
      case "|gt":
      case "|lte":
        return [`${name || "A"}${modifier}`, 1];
      case "|fieldref":
        return [`${name || "A"}|fieldref`, "B"];
      case "|re":
      case "|re|i":
        return [
          `${name || "A"}${modifier}`,
          words.map((each) => each.replaceAll(/[^\p{L}\d -]/gu, ".")).join("|"),
        ];
      case "|cidr":
        return [`${name || "A"}|cidr`, "10.0.0.0/8"];
      case "":
        return scalar === 0 || words.length > 1 ? [name, value] : [name, all ? scalar : value];
      default:
        return [`${name}${modifier}${list}`, value];
    }
  });
const selection = fc.oneof(
  fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => Object.fromEntries(items)),
  fc
    .array(item, { minLength: 1, maxLength: 2 })
    .map((items) => items.map((each) => Object.fromEntries([each]))),
  fc.array(ruleWord, { minLength: 1, maxLength: 2 }),
);
const condition = fc.constantFrom(
  ...[
    "s1",
    "s1 or s2",
    "s1 and s2",
    "s1 and not s2",
    "not s1",
    "1 of s*",
    "all of s*",
    "not (s1 and not s2)",
  ],
  ...["s1 and not 1 of s*", "not (not s1 or not s2)", "not all of them", "s2 or not s1"],
);
const rule = fc.record({ s1: selection, s2: selection, condition });

const scalar = fc.oneof(
  { arbitrary: text, weight: 6 },
  {
    arbitrary: fc.constantFrom(null, 1, 0, 1.5, true, false, -0, 1e21, "10.1.2.3", "x".repeat(20_000)),
    weight: 2,
  },
);
const record = fc.record(
  {
    A: fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
    B: scalar,
    C: fc.oneof(fc.record({ d: scalar }), scalar),
    "C.d": scalar,
    Other: scalar,
  },
  { requiredKeys: [] },
);

function ruleOf(detection: unknown, index: number): CompiledRule | null {
  const document = {
    title: "generated",
    id: `rule-${index}`,
    logsource: { product: "linux", category: "process_creation" },
    detection,
  };
  return compileSigma(JSON.stringify(document), "generated.yml").rule;
}

test("the prefilter changes no match, whatever the rules and events", () => {
  let matched = 0;
  let held = 0;
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 6 }),
      fc.array(record, { minLength: 1, maxLength: 5 }),
      (detections, records) => {
        const rules = detections.map(ruleOf).filter((each) => each !== null);
        const filtered = new StreamingMatcher(rules);
        const unfiltered = new StreamingMatcher(rules, { prefilter: false });
        for (const given of records.map(event)) {
          const wanted = rules.filter((each) => each.matches(given)).map(({ id }) => id);
          expect(unfiltered.match(given).map(({ id }) => id)).toEqual(wanted);
          expect(filtered.match(given).map(({ id }) => id)).toEqual(wanted);
          matched += wanted.length;
          held += rules.length - wanted.length;
        }
      },
    ),
    { numRuns: Number(process.env["TYRIAN_PROPERTY_RUNS"] ?? 600) },
  );
  // Both answers must come often, or the comparison says little.
  expect(matched).toBeGreaterThan(1000);
  expect(held).toBeGreaterThan(1000);
}, 600_000);

test("matches stay the same while the prefilter arranges itself anew by what it sees", () => {
  const rules = ["alpha", "beta", "gamma"].map((value, index) =>
    ruleOf({ s: { "A|contains": value, "B|contains": "common" }, condition: "s" }, index),
  ) as CompiledRule[];
  const matcher = new StreamingMatcher(rules);
  const events = Array.from({ length: 5000 }, (_, index): RuleEvent =>
    event({
      A: `${["alpha", "beta", "x"][index % 3] ?? ""} ${index}`,
      B: index % 2 === 0 ? "common" : "rare",
    }),
  );
  const found = events.map((each) => matcher.match(each).map(({ id }) => id));
  const wanted = events.map((each) => rules.filter((one) => one.matches(each)).map(({ id }) => id));
  expect(found).toEqual(wanted);
  expect(found.flat().length).toBeGreaterThan(1000);
});

test("only rules that an event may match are tried", () => {
  const tried: string[] = [];
  const rules = ["alpha", "beta"].map(
    (value, index) => ruleOf({ s: { "A|contains": value }, condition: "s" }, index) as CompiledRule,
  );
  const matcher = new StreamingMatcher(rules);
  const given = event({
    get A() {
      tried.push("read");
      return "nothing of it";
    },
  });
  expect(matcher.match(given)).toEqual([]);
  // Once, to look for literals; no rule looks at it.
  expect(tried).toEqual(["read"]);
});

test("a rule that was wrapped is asked itself, whatever its literals", () => {
  const compiled = ruleOf({ s: { "A|contains": "alpha" }, condition: "s" }, 0) as CompiledRule;
  const always: CompiledRule = { ...compiled, matches: () => true };
  expect(new StreamingMatcher([always]).match(event({ A: "nothing of it" }))).toEqual([always]);
});
