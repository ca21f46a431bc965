import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ExactSum, Percentile } from "../../../../src/detection/sigma/correlation/numbers.js";

function sumOf(...numbers: readonly number[]): number {
  const sum = new ExactSum();
  for (const number of numbers) sum.add(number);
  return sum.value();
}

test.each([
  ["nothing", [], 0],
  ["parts that a plain sum loses", [1e16, 1, -1e16], 1],
  ["halfway to the next number", [1, 2 ** -53], 1],
  ["a little more than halfway", [1, 2 ** -53, 2 ** -106], 1 + 2 ** -52],
  ["a little less than halfway", [1 + 2 ** -52, 2 ** -53, -(2 ** -106)], 1 + 2 ** -52],
  ["a little more than halfway, below zero", [-1, -(2 ** -53), -(2 ** -106)], -1 - 2 ** -52],
])("the sum is exact and rounded once: %s", (_, numbers, sum) => {
  expect(sumOf(...numbers)).toBe(sum);
  expect(sumOf(...numbers.toReversed())).toBe(sum);
});

test("what was taken out again leaves no trace, whatever the order", () => {
  const number = fc.double({ noNaN: true, min: -1e200, max: 1e200 });
  fc.assert(
    fc.property(fc.array(number), fc.array(number), (kept, gone) => {
      const sum = new ExactSum();
      for (const each of [...gone, ...kept]) sum.add(each);
      for (const each of gone) sum.add(-each);
      expect(sum.value()).toBe(sumOf(...kept.toReversed()));
    }),
    { numRuns: 500 },
  );
});

test("percentiles of numbers that come and go are those of the numbers that are left", () => {
  const number = fc.integer({ min: -5, max: 5 });
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 1 }),
      fc.array(number),
      fc.integer({ min: 0, max: 100 }),
      (kept, gone, at) => {
        const some = new Percentile();
        const all = new Percentile();
        for (const each of kept) some.add(each);
        for (const each of [...kept, ...gone]) all.add(each);
        for (const each of gone) all.remove(each);
        expect(all.at(at)).toBe(some.at(at));
        const sorted = kept.toSorted((left, right) => left - right);
        expect([all.at(0), all.at(100)]).toEqual([sorted[0], sorted.at(-1)]);
      },
    ),
  );
});
