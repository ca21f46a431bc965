import * as fc from "fast-check";
import { expect, test } from "vitest";
import { correlate, type CorrelationMatch } from "../../../../src/detection/sigma/correlation/evaluator.js";
import { naiveMatches, type NaiveCorrelation, type NaiveEvent, type NaiveMatch } from "./naive.js";
import { at, baseRule, compiledCorrelations, plain, stream, timed } from "./workbench.js";

const letters = ["a", "b", "c"] as const;
const numeric = ["value_sum", "value_avg", "value_percentile"];
const types = ["event_count", "value_count", "temporal", "temporal_ordered", ...numeric];

/** A correlation over base rules and over the named correlations. */
function correlationOf(name: string, inner: readonly string[]): fc.Arbitrary<NaiveCorrelation> {
  return fc.constantFrom(...types).chain((type) => {
    const usable = numeric.includes(type) ? letters : [...letters, ...inner, ...inner];
    return fc
      .record({
        rules: fc.uniqueArray(fc.constantFrom(...usable), { minLength: 1, maxLength: 3 }),
        groupBy: fc.constantFrom<NaiveCorrelation["groupBy"]>([], ["g"], ["h"], ["g", "h"]),
        timespan: fc.integer({ min: 1, max: 6 }),
        operator: fc.constantFrom("gt", "gte", "gte", "gte", "lt", "lte", "eq", "neq"),
        bound: fc.integer({ min: 1, max: 4 }),
        percentile: fc.constantFrom(0, 25, 50, 75, 100),
      })
      .map((rest) => ({ name, type, ...rest }));
  });
}

const chain = fc.tuple(
  correlationOf("first", []),
  correlationOf("second", ["first"]),
  correlationOf("third", ["first", "second"]),
);

const quarter = fc.integer({ min: -8, max: 16 }).map((number) => number / 4);
const events = fc
  .array(
    fc.record({
      time: fc.integer({ min: 0, max: 14 }),
      kind: fc.subarray([...letters], { minLength: 1 }).map((list) => list.join("")),
      fields: fc.record(
        {
          g: fc.oneof(fc.integer({ min: 0, max: 1 }), fc.constant([0, 1])),
          h: fc.integer({ min: 0, max: 1 }),
          v: fc.oneof(quarter, fc.array(quarter, { maxLength: 2 })),
        },
        { requiredKeys: [] },
      ),
      /** How much later than its time the event comes. */
      delay: fc.integer({ min: 0, max: 5 }),
    }),
    { maxLength: 14 },
  )
  .map((list) => list.map((event, index) => ({ ...event, id: `e${String(index).padStart(2, "0")}` })));

function documentOf({
  name,
  type,
  rules,
  groupBy,
  timespan,
  operator,
  bound,
  percentile,
}: NaiveCorrelation): string {
  const field = type.startsWith("value") ? { field: "v" } : {};
  const which = type === "value_percentile" ? { percentile } : {};
  const condition =
    type === "temporal_ordered" ? {} : { condition: { ...field, ...which, [operator]: bound } };
  const grouped = groupBy.length === 0 ? {} : { "group-by": groupBy };
  const correlation = { type, rules, ...grouped, timespan: `${timespan}s`, ...condition };
  return `${JSON.stringify({ title: name, name, correlation })}\n`;
}

function comparable({ group, to, value, sources, repeats }: CorrelationMatch): NaiveMatch {
  const key = Object.entries(group).map(([name, text]) => `${name}=${text};`);
  return { group: key.join(""), to: to / 1000, value, sources: sources.toSorted(), repeats };
}

const inOrder = (matches: readonly NaiveMatch[]): string[] =>
  matches.map((match) => JSON.stringify(match)).toSorted();

test("streams and sets of events give what a naive evaluator gives, in any order within the tolerance, chains too", () => {
  let matched = 0;
  let chained = 0;
  fc.assert(
    fc.property(chain, events, fc.func(fc.integer()), (correlations, list, shuffle) => {
      const text = [...letters.map(baseRule), ...correlations.map(documentOf)].join("---\n");
      const { collection, named } = compiledCorrelations(text);
      const all = correlations.map(({ name }) => named(name));
      const wanted = naiveMatches(correlations, list);
      const given = timed(
        collection,
        list.map(({ id, time, kind, fields }: NaiveEvent) => at(time, kind, fields, id)),
      );

      const set = correlate(
        all,
        given.toSorted((left, right) => shuffle(left.event.id) - shuffle(right.event.id)),
      );
      for (const { name, rules } of correlations) {
        const found = set.filter(({ correlation }) => correlation.tree.name === name).map(comparable);
        expect(inOrder(found)).toEqual(inOrder(wanted.get(name) ?? []));
        matched += found.length;
        if (rules.some((rule) => rule.length > 1)) chained += found.length;
      }

      const arrival = new Map(list.map(({ id, time, delay }) => [id, time + delay]));
      const late = given.toSorted(
        (left, right) => (arrival.get(left.event.id) ?? 0) - (arrival.get(right.event.id) ?? 0),
      );
      const streamed = stream(all, late, { tolerance: 5000 });
      expect(streamed.evaluator.uncounted().late).toBe(0);
      expect(streamed.matches.map(plain)).toEqual(set.map(plain));
    }),
    { numRuns: Number(process.env["TYRIAN_PROPERTY_RUNS"] ?? 400) },
  );
  // The generator must reach matches often, those of chains too, or the comparison says little.
  expect(matched).toBeGreaterThan(1000);
  expect(chained).toBeGreaterThan(300);
}, 600_000);
