import * as fc from "fast-check";
import { expect, test } from "vitest";
import { dateExpression } from "../../../src/detection/convert/date-expression.js";
import { datePartOf } from "../../../src/detection/sigma/date-part.js";
import { compareNumbers } from "../../../src/detection/sigma/evaluate.js";
import { compileRegex } from "../../../src/detection/regex/index.js";

const number = fc.integer({ min: 0, max: 99 });
const text = fc
  .tuple(
    fc.integer({ min: 1999, max: 2001 }),
    number,
    number,
    number,
    number,
    fc.constantFrom("T", " ", "-", ""),
  )
  .map(([year, month, day, hour, minute, between]) => {
    const [mm, dd, hh, mi] = [month % 15, day % 35, hour, minute].map((each) =>
      String(each).padStart(2, "0"),
    );
    return `${year}-${mm}-${dd}${between}${between === "" ? "" : `${hh}:${mi}:07Z`}`;
  });

test("the expression is found in the dates that the rule's matcher takes", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("minute", "hour", "day", "month", "year"),
      fc.constantFrom("equal", "lt", "lte", "gt", "gte"),
      fc.integer({ min: 0, max: 60 }),
      text,
      (part, operator, small, date) => {
        const wanted = part === "year" ? 1999 + (small % 3) : small;
        const expression = dateExpression(part, operator, wanted);
        if (expression === null) return;
        const value = datePartOf(date, part);
        const holds =
          value !== null &&
          (operator === "equal" ? value === wanted : compareNumbers(value, operator, wanted));
        expect(compileRegex(expression, new Set()).test(date), `${expression} ${date}`).toBe(holds);
      },
    ),
    { numRuns: 3000 },
  );
});

test("weeks and ranges of years have no expression, and neither has what no date is", () => {
  expect(dateExpression("week", "equal", 7)).toBeNull();
  expect(dateExpression("year", "gt", 2000)).toBeNull();
  expect(dateExpression("month", "gt", 12)).toBeNull();
});
