import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { QueryLanguage } from "../../../src/detection/convert/index.js";
import { correlate } from "../../../src/detection/sigma/correlation/evaluator.js";
import { at, compiledCorrelations, timed, withRules } from "../sigma/correlation/workbench.js";
import { inUdm, queryOf } from "./correlation-cases.js";
import {
  eqlGroups,
  type FindsGroups,
  logqlGroups,
  logsqlGroups,
  splGroups,
} from "./correlation-stand-ins.js";
import { kqlWindowGroups, splWindowGroups } from "./window-stand-ins.js";
import { yaraGroups } from "./yara-l-stand-in.js";

const fields = {
  kind: fc.constantFrom("a", "b", "c", "ab", "x"),
  user: fc.constantFrom("u", "v", undefined),
  host: fc.constantFrom("h", undefined),
  ip: fc.constantFrom("1", "2", "3", "4", "5", undefined),
  n: fc.constantFrom(0, 1, 2, 3, 4.5, 10, undefined),
};

const counting = [
  "type: event_count\nrules: [a, b]\ngroup-by: [user, host]\ntimespan: 5m\ncondition: { gte: 3 }",
  "type: event_count\nrules: [a]\ntimespan: 5m\ncondition: { gt: 2 }",
  "type: value_count\nrules: [a, c]\ngroup-by: [user]\ntimespan: 5m\ncondition: { field: ip, gte: 2 }",
  "type: value_count\nrules: [a]\ntimespan: 5m\ncondition: { field: [ip, user], gte: 3 }",
  "type: temporal\nrules: [a, b, c]\ngroup-by: [user]\ntimespan: 5m",
  "type: temporal\nrules: [a, b, c]\ngroup-by: [user]\ntimespan: 5m\ncondition: a and (b or c)",
  "type: temporal\nrules: [a, b]\ntimespan: 5m",
];
const sequences = [
  "type: temporal_ordered\nrules: [a, b]\ngroup-by: [user]\ntimespan: 5m",
  "type: temporal_ordered\nrules: [b, a, c]\ntimespan: 5m",
  "type: temporal_ordered\nrules: [a, b]\ngroup-by: [account]\ntimespan: 5m\naliases: { account: { a: user, b: host } }",
  "type: event_count\nrules: [a, b]\ngroup-by: [user, host]\ntimespan: 5m\ncondition: { gte: 3 }",
  "type: event_count\nrules: [a]\ntimespan: 5m\ncondition: { gt: 2 }",
];

const sums = [
  "type: value_sum\nrules: [a, b]\ngroup-by: [user]\ntimespan: 5m\ncondition: { field: n, gte: 12 }",
  "type: value_sum\nrules: [a]\ngroup-by: [user, host]\ntimespan: 5m\ncondition: { field: n, gt: 5 }",
];
const windows = [
  ...sums,
  "type: value_sum\nrules: [a, c]\ngroup-by: [user]\ntimespan: 5m\ncondition: { field: n, lte: 3 }",
  "type: value_avg\nrules: [a, b]\ngroup-by: [user]\ntimespan: 5m\ncondition: { field: n, gte: 3.5 }",
  "type: value_avg\nrules: [a]\ntimespan: 5m\ncondition: { field: n, gt: 2, lt: 3 }",
  "type: value_avg\nrules: [b]\ngroup-by: [user, host]\ntimespan: 5m\ncondition: { field: n, eq: 2 }",
];
const percentiles = [
  "type: value_median\nrules: [a, b]\ngroup-by: [user]\ntimespan: 5m\ncondition: { field: n, gte: 3.5 }",
  "type: value_median\nrules: [a]\ntimespan: 5m\ncondition: { field: n, eq: 2.5 }",
  "type: value_percentile\nrules: [a, c]\ngroup-by: [user]\ntimespan: 5m\ncondition: { field: n, percentile: 90, gt: 8 }",
  "type: value_percentile\nrules: [a]\ngroup-by: [host]\ntimespan: 5m\ncondition: { field: n, percentile: 10, lt: 1 }",
];
const grouped = counting.filter((section) => section.includes("group-by"));
const ordered = [
  "type: temporal_ordered\nrules: [a, b]\ngroup-by: [user]\ntimespan: 5m",
  "type: temporal_ordered\nrules: [b, a, c]\ngroup-by: [user, host]\ntimespan: 5m",
  "type: temporal_ordered\nrules: [a, b]\ngroup-by: [account]\ntimespan: 5m\naliases: { account: { a: user, b: host } }",
];

interface Counter {
  readonly language: QueryLanguage;
  readonly source?: string;
  readonly finds: FindsGroups;
  readonly sections: readonly string[];
  /** Events of one time are tried too. */
  readonly ties?: true;
  /** Events of more time than one window's, in seconds. */
  readonly span?: number;
}

const loki = '{job="events"} | json';
const counters: readonly Counter[] = [
  { language: "spl", finds: splGroups, sections: counting },
  { language: "spl", finds: splWindowGroups, sections: windows, ties: true },
  {
    language: "kql",
    source: "Events",
    finds: kqlWindowGroups,
    sections: [...windows, ...percentiles],
    ties: true,
    span: 900,
  },
  { language: "logsql", finds: logsqlGroups, sections: [...counting, ...sums], ties: true },
  { language: "logql", source: loki, finds: logqlGroups, sections: [...counting, ...sums], ties: true },
  { language: "eql", finds: eqlGroups, sections: sequences },
  { language: "yara-l", finds: yaraGroups, sections: [...grouped, ...sums], ties: true },
  { language: "yara-l", finds: yaraGroups, sections: ordered },
];

test.each(counters)(
  "the query in $language finds the groups that the correlation finds over its timespan",
  ({ language, source, finds, sections, ties, span = 299 }) => {
    // In steps several events have one time, and some are a timespan apart.
    const step = ties === true ? 50 : 1;
    const second = fc.integer({ min: 0, max: Math.floor((span - 1) / step) }).map((each) => each * step + 1);
    const event = fc.record({ second, ...fields });
    const shaped = language === "yara-l" ? inUdm : (text: string): string => text;
    const converts = sections.map((section) => {
      const { collection, named } = compiledCorrelations(shaped(withRules(section)));
      return { collection, correlation: named("test"), query: queryOf(section, language, source) };
    });
    let found = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...converts),
        ties === true
          ? fc.array(event, { minLength: 5, maxLength: 25 })
          : fc.uniqueArray(event, { minLength: 5, maxLength: 25, selector: (each) => each.second }),
        ({ collection, correlation, query }, list) => {
          const events = list.map(({ second: time, kind, ...rest }, index) => {
            const given = Object.entries(rest).filter(([, value]) => value !== undefined);
            const made = at(time, kind, Object.fromEntries(given), String(index));
            const shapedFields = Object.entries(made.fields).map(([name, value]) => [shaped(name), value]);
            return { ...made, fields: Object.fromEntries(shapedFields) as Record<string, unknown> };
          });
          // In the query a field of a group has the name that it has in the first rule.
          const names = correlation.tree.groupBy;
          const groupOf = (values: readonly unknown[]): string => JSON.stringify(values);
          const matches = correlate([correlation], timed(collection, events));
          const expected = [
            ...new Set(matches.map(({ group }) => groupOf(names.map((name) => group[name])))),
          ];
          found += expected.length;
          const groups = finds(query, events).map((fields) =>
            groupOf(names.map((name) => fields[correlation.fieldIn(0, name)])),
          );
          // Where each window is a row, a group may have several.
          expect([...new Set(groups)].toSorted(), query).toEqual(expected.toSorted());
        },
      ),
      { numRuns: 300 },
    );
    expect(found).toBeGreaterThan(100);
  },
);
