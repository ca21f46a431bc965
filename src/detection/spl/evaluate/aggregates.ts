import {
  compareScalars,
  compareTexts,
  fieldValueOf,
  numberOf,
  textOfScalar,
  type FieldValue,
} from "./values.js";

/** One value that an aggregation was given, with the time of its row, seconds since 1970. */
export interface Sample {
  readonly value: string | number;
  readonly time: number | null;
}

/** What a group gave to one aggregation, in the order of the rows. */
export interface Samples {
  readonly values: readonly Sample[];
}

function numbersOf({ values }: Samples): number[] {
  return values.map(({ value }) => numberOf(value)).filter((number) => number !== null);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** The mean of the squared distances from the mean; of a sample when told. */
function variance(numbers: readonly number[], ofSample: boolean): number | null {
  const count = numbers.length;
  if (count === 0) return null;
  const mean = sumOf(numbers) / count;
  const squares = sumOf(numbers.map((number) => (number - mean) ** 2));
  const divisor = ofSample ? count - 1 : count;
  return divisor === 0 ? 0 : squares / divisor;
}

function root(value: number | null): number | null {
  return value === null ? null : Math.sqrt(value);
}

/** By nearest rank: of the numbers in order, the one at floor(share × count), counted from 0 (limits.conf, perc_method). */
function percentile(numbers: readonly number[], percent: number): number | null {
  const sorted = numbers.toSorted((left, right) => left - right);
  const rank = Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length));
  return sorted[rank] ?? null;
}

/**
 * The results of a percentile where Splunk's documentation says two: by nearest rank, as its text and limits.conf have it,
 * and interpolated between the ranks at share × (count - 1), as its examples do (Search Reference 10.0, "Aggregate
 * functions": perc50 of 1 to 10 is 5.5). Null where both are the same, and for other functions: of the median it says that it
 * is the higher of two.
 */
export function contradicting(
  name: string,
  percent: number | null,
  samples: Samples,
): { readonly nearest: number; readonly interpolated: number } | null {
  if (percent === null || !numbered.includes(name)) return null;
  const sorted = numbersOf(samples).toSorted((left, right) => left - right);
  const nearest = percentile(sorted, percent);
  if (nearest === null) return null;
  const at = (percent / 100) * (sorted.length - 1);
  const [low = nearest, high = low] = sorted.slice(Math.floor(at), Math.floor(at) + 2);
  const interpolated = low + (at - Math.floor(at)) * (high - low);
  return interpolated === nearest ? null : { nearest, interpolated };
}

/** The least or greatest: of numbers when all are numbers, else of texts. */
function extreme({ values }: Samples, sign: 1 | -1): FieldValue | null {
  const all = values.map(({ value }) => value);
  const numeric = all.every((value) => numberOf(value) !== null);
  const sorted = all.toSorted((left, right) =>
    numeric ? compareScalars(left, right) : compareTexts(textOfScalar(left), textOfScalar(right)),
  );
  return (sign === 1 ? sorted.at(-1) : sorted[0]) ?? null;
}

function distinct({ values }: Samples): string[] {
  return [...new Set(values.map(({ value }) => textOfScalar(value)))];
}

/** The sample of the least or greatest time; the first of equals. */
function byTime({ values }: Samples, later: boolean): Sample | null {
  let best: Sample | null = null;
  for (const sample of values) {
    if (sample.time === null) continue;
    const bestTime = best?.time ?? null;
    if (bestTime === null || (later ? sample.time > bestTime : sample.time < bestTime)) best = sample;
  }
  return best;
}

function mode(samples: Samples): FieldValue | null {
  const counts = new Map<string, number>();
  for (const { value } of samples.values) {
    const text = textOfScalar(value);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].toSorted((left, right) => right[1] - left[1])[0]?.[0] ?? null;
}

/** The aggregations by their long names. `percentile` is the number in the name, of perc95 the 95. */
const aggregates: Readonly<Record<string, (samples: Samples, percent: number) => FieldValue | null>> = {
  count: ({ values }) => values.length,
  dc: (samples) => distinct(samples).length,
  values: (samples) => fieldValueOf(distinct(samples).toSorted(compareTexts)),
  list: ({ values }) => fieldValueOf(values.map(({ value }) => textOfScalar(value))),
  sum: (samples) => whenAny(numbersOf(samples), sumOf),
  sumsq: (samples) => whenAny(numbersOf(samples), (numbers) => sumOf(numbers.map((number) => number ** 2))),
  avg: (samples) => whenAny(numbersOf(samples), (numbers) => sumOf(numbers) / numbers.length),
  min: (samples) => extreme(samples, -1),
  max: (samples) => extreme(samples, 1),
  range: (samples) =>
    whenAny(numbersOf(samples), (numbers) => greatest(numbers) + greatest(numbers.map((each) => -each))),
  median: (samples) => percentile(numbersOf(samples), 50),
  perc: (samples, percent) => percentile(numbersOf(samples), percent),
  upperperc: (samples, percent) => percentile(numbersOf(samples), percent),
  exactperc: (samples, percent) => percentile(numbersOf(samples), percent),
  mode,
  stdev: (samples) => root(variance(numbersOf(samples), true)),
  stdevp: (samples) => root(variance(numbersOf(samples), false)),
  var: (samples) => variance(numbersOf(samples), true),
  varp: (samples) => variance(numbersOf(samples), false),
  first: ({ values }) => values[0]?.value ?? null,
  last: ({ values }) => values.at(-1)?.value ?? null,
  earliest: (samples) => byTime(samples, false)?.value ?? null,
  latest: (samples) => byTime(samples, true)?.value ?? null,
  earliest_time: (samples) => byTime(samples, false)?.time ?? null,
  latest_time: (samples) => byTime(samples, true)?.time ?? null,
};

/** Other names of aggregations. */
const otherNames: Readonly<Record<string, string>> = {
  c: "count",
  distinct_count: "dc",
  mean: "avg",
};

function greatest(numbers: readonly number[]): number {
  return numbers.reduce((best, number) => Math.max(best, number), -Infinity);
}

function whenAny(
  numbers: readonly number[],
  calculate: (numbers: readonly number[]) => number,
): number | null {
  return numbers.length === 0 ? null : calculate(numbers);
}

/** The aggregations whose name goes on with a number. */
const numbered: readonly string[] = ["perc", "upperperc", "exactperc"];

/** Reads the name of an aggregation, such as `dc` or `perc95`; null for none. */
export function aggregateOf(name: string): { function: string; percentile: number | null } | null {
  const key = name.toLowerCase();
  const [, written = "", percent] = /^(p|perc|upperperc|exactperc)(\d{1,3}(?:\.\d+)?)$/.exec(key) ?? [];
  if (percent !== undefined && Number(percent) <= 100) {
    return { function: written === "p" ? "perc" : written, percentile: Number(percent) };
  }
  const long = (Object.hasOwn(otherNames, key) ? otherNames[key] : undefined) ?? key;
  return Object.hasOwn(aggregates, long) && !numbered.includes(long)
    ? { function: long, percentile: null }
    : null;
}

export function aggregateNames(): string[] {
  const names = Object.keys(aggregates).filter((name) => !numbered.includes(name));
  return [...names, ...Object.keys(otherNames), ...numbered.map((name) => `${name}95`)];
}

/** Splunk estimates these from a thousand values that differ (Search Reference, "Aggregate functions": perc, median). */
export const estimated: ReadonlyMap<string, string> = new Map([
  ["perc", "exactperc"],
  ["upperperc", "exactperc"],
  ["median", "exactperc50"],
]);
export const mostExact = 1000;

/** The result of an aggregation over a group; null for none. */
export function aggregate(name: string, percent: number | null, samples: Samples): FieldValue | null {
  return aggregates[name]?.(samples, percent ?? 0) ?? null;
}
