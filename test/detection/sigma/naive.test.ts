import * as fc from "fast-check";
import { expect, test } from "vitest";
import { nearestEventSchema } from "../../../src/model/verdict.js";
import { StreamingMatcher } from "../../../src/detection/matcher.js";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { event } from "./helpers.js";

/**
 * Rules as data, an evaluator that is as simple as it can be, and the same rules as text. The evaluator shares no code
 * with the program: it walks letters, and takes every sentence of the specification literally.
 */
type Letter = { readonly wild: "*" | "?" } | { readonly plain: string };

interface Line {
  readonly field: string;
  readonly place: "" | "contains" | "startswith" | "endswith";
  readonly all: boolean;
  readonly neq: boolean;
  readonly cased: boolean;
  readonly values: readonly (readonly Letter[])[];
}
type Special = { readonly field: string; readonly special: "null" | "exists" | "missing" | "number" };
type Selection = readonly (readonly (Line | Special)[])[];
type Formula =
  | { readonly name: string }
  | { readonly of: "1" | "all"; readonly pattern: string }
  | { readonly not: Formula }
  | { readonly join: "and" | "or"; readonly parts: readonly Formula[] };

const letters = ["a", "A", "b", "ß", "É", "é", "\\", "*", "?", "-", "😀", "\n"];
const letter = fc.oneof(
  { arbitrary: fc.constantFrom(...letters).map((plain): Letter => ({ plain })), weight: 4 },
  { arbitrary: fc.constantFrom("*" as const, "?" as const).map((wild): Letter => ({ wild })), weight: 1 },
);
const line: fc.Arbitrary<Line> = fc.record({
  field: fc.constantFrom("A", "B", "C.d"),
  place: fc.constantFrom("", "contains", "startswith", "endswith"),
  all: fc.boolean(),
  neq: fc.boolean(),
  cased: fc.boolean(),
  values: fc.array(fc.array(letter, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
});
const special: fc.Arbitrary<Special> = fc.record({
  field: fc.constantFrom("A", "B", "C.d"),
  special: fc.constantFrom("null", "exists", "missing", "number"),
});
const selection = fc.array(
  fc.uniqueArray(fc.oneof({ arbitrary: line, weight: 3 }, { arbitrary: special, weight: 1 }), {
    minLength: 1,
    maxLength: 2,
    selector: (item) => keyOf(item),
  }),
  { minLength: 1, maxLength: 2 },
);
const { formula } = fc.letrec<{ formula: Formula }>((tie) => ({
  formula: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("s_a", "s_b", "_c").map((name): Formula => ({ name })),
    fc
      .tuple(fc.constantFrom("1" as const, "all" as const), fc.constantFrom("them", "s_*", "*", "*b"))
      .map(([of, pattern]): Formula => ({ of, pattern })),
    tie("formula").map((not): Formula => ({ not })),
    fc
      .tuple(
        fc.constantFrom("and" as const, "or" as const),
        fc.array(tie("formula"), { minLength: 2, maxLength: 3 }),
      )
      .map(([join, parts]): Formula => ({ join, parts })),
  ),
}));
const text = fc.array(fc.constantFrom(...letters), { maxLength: 5 }).map((list) => list.join(""));
const value = fc.oneof(text, text, fc.constantFrom(null, 1, "1", true), fc.array(text, { maxLength: 2 }));
const fields = fc.record(
  { A: value, B: value, C: fc.oneof(fc.record({ d: value }, { requiredKeys: [] }), text) },
  { requiredKeys: [] },
);

function keyOf(item: Line | Special): string {
  if ("special" in item) {
    return item.special === "exists" || item.special === "missing" ? `${item.field}|exists` : item.field;
  }
  const parts = [
    item.field,
    item.place,
    item.cased ? "cased" : "",
    item.all && item.values.length > 1 ? "all" : "",
    item.neq ? "neq" : "",
  ];
  return parts.filter((part) => part !== "").join("|");
}

function write(value: readonly Letter[]): string {
  return value
    .map((each) => ("wild" in each ? each.wild : each.plain.replace(/[\\*?]/, String.raw`\$&`)))
    .join("");
}

function valueOf(item: Line | Special): unknown {
  if ("special" in item) return { null: null, exists: true, missing: false, number: 1 }[item.special];
  return item.values.length === 1 ? write(item.values[0] ?? []) : item.values.map(write);
}

function printFormula(each: Formula): string {
  if ("name" in each) return each.name;
  if ("of" in each) return `${each.of} of ${each.pattern}`;
  if ("not" in each) return `not (${printFormula(each.not)})`;
  return each.parts.map((part) => `(${printFormula(part)})`).join(` ${each.join} `);
}

function ruleOf(selections: Readonly<Record<string, Selection>>, condition: Formula): string {
  const detection = Object.entries(selections).map(([name, maps]) => {
    const written = maps.map((items) =>
      Object.fromEntries(items.map((item) => [keyOf(item), valueOf(item)])),
    );
    return [name, written.length === 1 ? written[0] : written] as const;
  });
  return JSON.stringify({
    title: "generated",
    logsource: { product: "linux", category: "process_creation" },
    detection: { ...Object.fromEntries(detection), condition: printFormula(condition) },
  });
}

/** Whether the letters of the value, from one on, are the pattern's, from one on. */
function same(pattern: readonly Letter[], value: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return value.length === 0;
  if ("wild" in first && first.wild === "*") {
    return Array.from({ length: value.length + 1 }, (_, index) => index).some((index) =>
      same(rest, value.slice(index)),
    );
  }
  const [head, ...tail] = value;
  if (head === undefined) return false;
  return ("wild" in first || first.plain === head) && same(rest, tail);
}

function lookUp(record: Record<string, unknown>, field: string): { there: boolean; value: unknown } {
  const [head = "", inner] = field.split(".");
  if (!Object.hasOwn(record, head)) return { there: false, value: null };
  const found = record[head];
  if (inner === undefined) return { there: true, value: found };
  if (typeof found !== "object" || found === null || !Object.hasOwn(found, inner))
    return { there: false, value: null };
  return { there: true, value: (found as Record<string, unknown>)[inner] };
}

function holds(item: Line | Special, record: Record<string, unknown>): boolean {
  const { there, value: found } = lookUp(record, item.field);
  const values = (Array.isArray(found) ? (found as unknown[]) : [found]).filter((each) => each !== null);
  if ("special" in item) {
    if (item.special === "null") return values.length === 0;
    if (item.special === "number") return values.some((each) => each === 1 || each === "1");
    return there === (item.special === "exists");
  }
  const lower = (each: string): string => (item.cased ? each : each.toLowerCase());
  const any: Letter = { wild: "*" };
  const tests = item.values.map((written) => {
    const pattern = written.map((each) => ("wild" in each ? each : { plain: lower(each.plain) }));
    if (item.place === "contains" || item.place === "endswith") pattern.unshift(any);
    if (item.place === "contains" || item.place === "startswith") pattern.push(any);
    return values.some((each) => same(pattern, [...lower(String(each))]));
  });
  const positive = item.all ? tests.every(Boolean) : tests.some(Boolean);
  return item.neq ? !positive : positive;
}

function evaluate(each: Formula, answers: Readonly<Record<string, boolean>>): boolean {
  if ("name" in each) return answers[each.name] === true;
  if ("not" in each) return !evaluate(each.not, answers);
  if ("join" in each) {
    const parts = each.parts.map((part) => evaluate(part, answers));
    return each.join === "and" ? parts.every(Boolean) : parts.some(Boolean);
  }
  const named = Object.entries(answers).filter(
    ([name]) => each.pattern === "*" || (each.pattern === "*b" ? name.endsWith("b") : name.startsWith("s_")),
  );
  return each.of === "1" ? named.some(([, answer]) => answer) : named.every(([, answer]) => answer);
}

const selections = fc.record({ s_a: selection, s_b: selection, _c: selection });

test("rules match the events that a naive evaluator says they match, and explanations agree", () => {
  let matched = 0;
  let total = 0;
  fc.assert(
    fc.property(
      selections,
      formula,
      fc.array(fields, { minLength: 1, maxLength: 4 }),
      (parts, condition, records) => {
        const { rule, diagnostics } = compileSigma(ruleOf(parts, condition), "generated.yml");
        if (rule === null) throw new Error(JSON.stringify(diagnostics));
        for (const record of records) {
          const answers = Object.fromEntries(
            Object.entries(parts).map(([name, maps]) => [
              name,
              maps.some((items) => items.every((item) => holds(item, record))),
            ]),
          );
          const wanted = evaluate(condition, answers);
          const given = event(record);
          expect(rule.matches(given)).toBe(wanted);
          expect(new StreamingMatcher([rule]).match(given).length > 0).toBe(wanted);
          const explained = nearestEventSchema.parse(rule.explain(given));
          expect(explained.unmet.length === 0).toBe(wanted);
          expect(explained.needed - explained.met).toBe(explained.unmet.length);
          expect(rule.explain(given)).toEqual(explained);
          matched += wanted ? 1 : 0;
          total++;
        }
      },
    ),
    { numRuns: Number(process.env["TYRIAN_PROPERTY_RUNS"] ?? 400) },
  );
  // The generator must reach both answers often, or the comparison says little.
  expect(matched / total).toBeGreaterThan(0.2);
  expect(matched / total).toBeLessThan(0.8);
}, 600_000);
