import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { compiledSection, event } from "./helpers.js";
import { ruleText } from "../sigma/helpers.js";

const mapping = { A: ["a1", "a2"], B: ["b1", "b2", "b3"], C: ["c"] } as const;
const steps = `- { type: field_name_mapping, mapping: ${JSON.stringify(mapping)} }`;
const value = fc.constantFrom("x", "y", "xy", 1, null);
const fields = fc.record(
  { a1: value, a2: value, b1: value, b2: value, b3: value, c: value },
  { requiredKeys: [] },
);
// Without `all`: there one field must have every value, and a field of several values need not have them in one.
const line = fc
  .tuple(
    fc.constantFrom("A", "B", "C"),
    fc.constantFrom(
      ": x",
      ": [x, y]",
      ": null",
      "|exists: true",
      "|exists: false",
      "|contains: y",
      "|neq: x",
    ),
  )
  .map(([field, rest]) => `${field}${rest}`);
const lines = fc.uniqueArray(line, {
  minLength: 1,
  maxLength: 3,
  selector: (text) => text.replace(/:.*/, ""),
});
const selection = fc.oneof(
  lines.map((each) => each.map((text) => `    ${text}`).join("\n")),
  fc
    .array(lines, { minLength: 1, maxLength: 3 })
    .map((maps) => maps.map((each) => `    - ${each.join("\n      ")}`).join("\n")),
);
const condition = fc.constantFrom("s", "not s", "s and not t", "s or t", "1 of them", "all of *");

/** The event in which each field has the values of those that it is mapped to, as far as they are there. */
function joined(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(mapping).flatMap(([name, others]) => {
      const present = others.filter((other) => Object.hasOwn(given, other));
      return present.length === 0 ? [] : [[name, present.map((other) => given[other])]];
    }),
  );
}

test("a field that is mapped to several matches as if it had the values of them all; the explanation agrees", () => {
  const property = fc.property(selection, selection, condition, fields, (s, t, text, given) => {
    const detection = `s:\n${s}\nt:\n${t}\ncondition: ${text}`.replaceAll("\n    ", "\n  ");
    const { rule } = compileSigma(ruleText(detection), "a.yml");
    const mapped = compiledSection(detection, steps);
    const wanted = rule?.matches(event(joined(given)));
    const explained = mapped.explain(event(given));
    return (
      mapped.matches(event(given)) === wanted &&
      (explained.unmet.length === 0) === wanted &&
      explained.needed - explained.met === explained.unmet.length
    );
  });
  expect(fc.check(property, { numRuns: 200 })).toMatchObject({ failed: false, counterexample: null });
});
