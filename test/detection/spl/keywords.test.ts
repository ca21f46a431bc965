import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compileKeyword } from "../../../src/detection/spl/evaluate/keywords.js";

const major = /[\s"*&]/;
const breaker = /[\s"*&/.:_-]/;

/** As simple as it can be: every part of the text is tried, and its two edges are looked at. */
function naive(wanted: string, form: "plain" | "term", raw: string): boolean {
  if (/^\**$/.test(wanted)) return true;
  const divides = form === "term" ? major : breaker;
  const parts = wanted.split(/\*+/).map((part) => part.replaceAll(/[.\\/]/g, "\\$&"));
  const whole = new RegExp(`^${parts.join('[^\\s"*&]*')}$`);
  const isEdge = (beside: string, own: string): boolean =>
    beside === "" || divides.test(beside) || divides.test(own);
  for (let start = 0; start <= raw.length; start++) {
    for (let end = start; end <= raw.length; end++) {
      const part = raw.slice(start, end);
      // A wildcard at an edge takes what is left of its term, so there its edge is anywhere.
      const starts = wanted.startsWith("*") || isEdge(raw.charAt(start - 1), wanted.charAt(0));
      const ends = wanted.endsWith("*") || isEdge(raw.charAt(end), wanted.slice(-1));
      if (starts && ends && whole.test(part)) return true;
    }
  }
  return false;
}

test("wildcards end at the breaker that a later part begins with", () => {
  expect(compileKeyword("* *a*", "plain", 0)("  a")).toBe(true);
});

test("terms are found as a naive search finds them", () => {
  const letters = fc.constantFrom("a", "b", ".", "/", " ", "a", "b");
  const raw = fc.string({ unit: letters, maxLength: 14 });
  const wanted = fc.string({ unit: fc.oneof(letters, fc.constant("*")), minLength: 1, maxLength: 5 });
  const property = fc.property(
    wanted,
    fc.constantFrom("plain" as const, "term" as const),
    raw,
    (term, form, text) => {
      expect(compileKeyword(term, form, 0)(text)).toBe(naive(term, form, text));
    },
  );
  fc.assert(property, { numRuns: 4000 });
});
