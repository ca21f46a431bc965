import * as fc from "fast-check";
import { expect, test } from "vitest";
import { namesOf, parseCondition, type Condition } from "../../../src/detection/sigma/condition.js";
import { printCondition, withoutPlaces } from "./print-rule.js";

const name = fc
  .stringMatching(/^[a-z_][a-z0-9_-]{0,8}$/)
  .filter((text) => !["and", "or", "not", "of", "them", "all", "any"].includes(text));
const pattern = fc.oneof(
  fc.constant("them"),
  fc.stringMatching(/^[a-z*][a-z_*]{0,5}$/).filter((text) => text !== "them" && text !== "of"),
);

const identifier = name.map((text): Condition => ({ type: "identifier", name: text, at: 0 }));
const ofPattern = fc
  .tuple(fc.constantFrom("any" as const, "all" as const), pattern)
  .map(([quantifier, text]): Condition => ({ type: "of", quantifier, pattern: text, at: 0 }));

const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    identifier,
    ofPattern,
    tie("condition").map((operand): Condition => ({ type: "not", operand })),
    fc
      .tuple(
        fc.constantFrom("and" as const, "or" as const),
        fc.array(tie("condition"), { minLength: 2, maxLength: 4 }),
      )
      .map(([type, operands]): Condition => ({ type, operands })),
  ),
}));

test("a condition that is printed and read again is the same", () => {
  fc.assert(
    fc.property(condition, (value) => {
      expect(withoutPlaces(parseCondition(printCondition(value)))).toEqual(withoutPlaces(value));
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ["a or b and not c", "a or b and not c"],
  ["((a)) or (b and (not (c)))", "a or b and not c"],
  ["(a or b) and c", "(a or b) and c"],
  ["a and(b or c)", "a and (b or c)"],
  ["not (1 of x*)", "not 1 of x*"],
  ["any of x* OR All of them", "1 of x* or all of them"],
  ["all and of", ""],
])("%s reads as %s", (text, printed) => {
  if (printed === "") expect(() => parseCondition(text)).toThrow("expected");
  else expect(printCondition(parseCondition(text))).toBe(printed);
});

test("a pattern names what a regular expression with .* names", () => {
  const names = fc.array(fc.stringMatching(/^[ab_]{1,6}$/), { maxLength: 8 });
  fc.assert(
    fc.property(fc.stringMatching(/^[ab_*]{1,6}$/), names, (text, all) => {
      const expression = new RegExp(`^${text.replaceAll("*", ".*")}$`);
      expect(namesOf(text, all)).toEqual(all.filter((each) => expression.test(each)));
    }),
    { numRuns: 1000 },
  );
});
