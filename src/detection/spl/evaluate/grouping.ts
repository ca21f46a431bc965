import { SplProblem } from "../problem.js";
import type { Aggregation } from "../syntax/tree.js";
import { aggregate, estimated, mostExact, type Sample, contradicting } from "./aggregates.js";
import { compileExpression } from "./expressions.js";
import { Row } from "./row.js";
import { checkGroups, type Scope } from "./scope.js";
import { scalarsOf, textOfScalar, type FieldValue } from "./values.js";

/** Splunk keeps a hundred values of list(); what would be cut is refused. */
const mostListed = 100;

/** The values that a row gives to an aggregation. */
type Sampler = (row: Row) => readonly (string | number)[];

function samplerOf({ function: name, of }: Aggregation, scope: Scope): Sampler {
  if (of === null) return () => [1];
  if (typeof of === "string") return (row) => scalarsOf(row.get(of));
  const evaluate = compileExpression(of, scope);
  return (row) => {
    const value = evaluate(row);
    // count(eval(condition)) counts the rows for which it holds.
    if (typeof value === "boolean") return value ? [1] : [];
    return name === "count" && value === null ? [] : scalarsOf(value);
  };
}

interface Group {
  readonly by: readonly (string | number)[];
  readonly samples: Sample[][];
  readonly sources: string[];
}

/** The combinations of a row's values under several fields; none when a field is absent. */
function combinations(values: readonly (readonly (string | number)[])[]): (string | number)[][] {
  return values.reduce<(string | number)[][]>(
    (all, options) => all.flatMap((start) => options.map((option) => [...start, option])),
    [[]],
  );
}

/** Collects rows into groups, and makes a row of each. */
export class Grouping {
  readonly #samplers: readonly Sampler[];
  readonly #groups = new Map<string, Group>();

  constructor(
    private readonly aggregations: readonly Aggregation[],
    private readonly by: readonly string[],
    private readonly scope: Scope,
    private readonly at: number,
    /** What an absent field of `by` counts as; null leaves the row out. */
    private readonly absent: string | null = null,
  ) {
    this.#samplers = aggregations.map((each) => samplerOf(each, scope));
  }

  /** The keys of the groups that a row belongs to: several where a field of `by` has several values. */
  keysOf(row: Row): string[] {
    return this.#valuesOf(row).map(keyOf);
  }

  add(row: Row): void {
    for (const by of this.#valuesOf(row)) {
      const key = keyOf(by);
      let group = this.#groups.get(key);
      if (group === undefined) {
        group = { by, samples: this.aggregations.map(() => []), sources: [] };
        this.#groups.set(key, group);
        checkGroups(this.#groups.size, this.scope, this.at, "the aggregation");
      }
      group.sources.push(...row.sources);
      this.#sample(row, group);
    }
  }

  /** The result of every aggregation for one group. */
  resultsOf(key: string): ReadonlyMap<string, FieldValue | null> {
    const group = this.#groups.get(key);
    return new Map(
      this.aggregations.map((aggregation, index) => {
        const { function: name, percentile, as } = aggregation;
        const values = group?.samples[index] ?? [];
        checkExact(aggregation, values);
        return [as, aggregate(name, percentile, { values })];
      }),
    );
  }

  /** A row for each group, in the order of the fields of `by`; without such fields always one row. */
  rows(): Row[] {
    const groups = [...this.#groups].toSorted(([, left], [, right]) => compareGroups(left.by, right.by));
    if (groups.length === 0 && this.by.length === 0) return [this.#row("", [], [])];
    return groups.map(([key, group]) => this.#row(key, group.by, group.sources));
  }

  #row(key: string, by: readonly (string | number)[], sources: readonly string[]): Row {
    const row = new Row(null, [...new Set(sources)]);
    for (const [index, name] of this.by.entries()) row.set(name, by[index] ?? null);
    for (const [name, value] of this.resultsOf(key)) row.set(name, value);
    return row;
  }

  #valuesOf(row: Row): (string | number)[][] {
    const values = this.by.map((field) => {
      const found = scalarsOf(row.get(field));
      return found.length === 0 && this.absent !== null ? [this.absent] : found;
    });
    const count = values.reduce((product, each) => product * each.length, 1);
    checkGroups(count, this.scope, this.at, "the aggregation");
    return combinations(values);
  }

  #sample(row: Row, group: Group): void {
    const written = row.get("_time");
    const time = typeof written === "number" ? written : null;
    for (const [index, sampler] of this.#samplers.entries()) {
      const samples = group.samples[index];
      for (const value of sampler(row)) samples?.push({ value, time });
      const aggregation = this.aggregations[index];
      if (aggregation?.function === "list" && (samples?.length ?? 0) > mostListed) {
        throw new SplProblem(
          "list-limit",
          aggregation.at,
          `list() keeps ${mostListed} values, and there are more`,
          "use values(), which keeps all that differ",
        );
      }
    }
  }
}

/** Throws {@link SplProblem} where it cannot be told what Splunk gives: an estimate, or one of two percentiles. */
function checkExact({ function: name, percentile, at }: Aggregation, samples: readonly Sample[]): void {
  const results = contradicting(name, percentile, { values: samples });
  if (results !== null) {
    const { nearest, interpolated } = results;
    throw new SplProblem(
      "percentile-ambiguous",
      at,
      `${name}${percentile ?? ""}() of these values is ${nearest} by nearest rank and ${Number(interpolated.toPrecision(12))} interpolated, and Splunk's documentation says both`,
      "use median(), min() or max(), or count the values beyond a limit: count(eval(field>limit)) AS beyond",
    );
  }
  const exact = estimated.get(name);
  if (exact === undefined || samples.length < mostExact) return;
  if (new Set(samples.map(({ value }) => textOfScalar(value))).size < mostExact) return;
  throw new SplProblem(
    "percentile-estimated",
    at,
    `Splunk estimates ${name}${percentile ?? ""}() over ${mostExact} values or more, and what it gives depends on its version`,
    `use ${exact}${name === "median" ? "" : (percentile ?? "")}(), which is exact`,
  );
}

function keyOf(by: readonly (string | number)[]): string {
  return by.length === 0 ? "" : JSON.stringify(by.map(textOfScalar));
}

function compareGroups(left: readonly (string | number)[], right: readonly (string | number)[]): number {
  for (const [index, value] of left.entries()) {
    const one = textOfScalar(value);
    const other = textOfScalar(right[index] ?? "");
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
