import type { RuleEvent } from "../../../src/detection/rule.js";
import { compileRegex } from "../../../src/detection/regex/index.js";
import { evaluateSpl } from "../../../src/detection/spl/evaluate.js";
import { compares, Cursor, takeQuotedText, textOf, type Fields } from "./condition-reader.js";
import { eqlFinds } from "./eql-stand-in.js";
import { logqlFinds, logsqlFinds } from "./logs-stand-ins.js";

/**
 * Stand-ins for what counts in a SIEM: they read and evaluate the correlations that the converters write, by the vendors'
 * pages, over events that all lie within the timespan. Each gives the fields of the groups that it finds.
 */
export type FindsGroups = (query: string, events: readonly RuleEvent[]) => readonly Fields[];

/** Tyrian's own SPL. */
export const splGroups: FindsGroups = (query, events) =>
  evaluateSpl(
    query,
    "query.spl",
    events.map(({ id, fields, time, logsource }) => ({ id, fields, time: time ?? null, logsource })),
  ).rows?.map(({ fields }) => fields) ?? [];

/** Rows by the values of some of their fields, absent ones as empty texts. */
function grouped(rows: readonly Fields[], names: readonly string[]): { key: Fields; rows: Fields[] }[] {
  const groups = new Map<string, { key: Fields; rows: Fields[] }>();
  for (const row of rows) {
    const values = names.map((name) => textOf(row, name) ?? "");
    const id = JSON.stringify(values);
    const group = groups.get(id) ?? {
      key: Object.fromEntries(names.map((name, index) => [name, values[index]])),
      rows: [],
    };
    group.rows.push(row);
    groups.set(id, group);
  }
  return [...groups.values()];
}

function namesIn(list: string): string[] {
  return list === "" ? [] : list.split(", ").map((name) => takeQuotedText(new Cursor(name)));
}

/** The sum of what is a number in a field; of none it is no number. */
function sumOf(rows: readonly Fields[], name: string): number {
  const numbers = rows.flatMap((row) => {
    const text = textOf(row, name);
    return text === null || text === "" || Number.isNaN(Number(text)) ? [] : [Number(text)];
  });
  return numbers.length === 0 ? NaN : numbers.reduce((sum, number) => sum + number, 0);
}

type Count = (rows: readonly Fields[]) => number;

/** LogsQL's documentation: "stats by fields", "stats with additional filters", "count stats", "count_uniq stats", "sum stats". */
function logsqlCount(cursor: Cursor): [name: string, count: Count] {
  const [, condition] = cursor.take(/count\(\) if \((.*?)\)(?= as tyrian_)/) ?? [];
  const [, fields] = condition === undefined ? (cursor.take(/count_uniq\(([^)]*)\)/) ?? []) : [];
  const [, summed] = condition === undefined ? (cursor.take(/sum\(([^)]*)\)/) ?? []) : [];
  if (condition === undefined && fields === undefined && summed === undefined) cursor.expect(/count\(\)/);
  const [, name = ""] = cursor.expect(/ as (\w+)/);
  cursor.take(/, /);
  if (condition !== undefined) {
    const finds = logsqlFinds(condition);
    return [name, (rows) => rows.filter((row) => finds(row) === true).length];
  }
  if (summed !== undefined) return [name, (rows) => sumOf(rows, namesIn(summed)[0] ?? "")];
  if (fields === undefined) return [name, (rows) => rows.length];
  const names = namesIn(fields);
  return [
    name,
    (rows) =>
      grouped(rows, names).filter(({ key }) => Object.values(key).some((value) => value !== "")).length,
  ];
}

export const logsqlGroups: FindsGroups = (query, events) => {
  const [filter = "", stats = "", wanted = ""] = query.split("\n| ");
  const finds = logsqlFinds(filter);
  const found = events.map(({ fields }) => fields).filter((fields) => finds(fields) === true);
  const [, by = "", list = ""] = /^stats (?:by \((.*?)\) )?(.*)$/s.exec(stats) ?? [];
  const cursor = new Cursor(list);
  const counts: [string, Count][] = [];
  while (!cursor.done) counts.push(logsqlCount(cursor));
  const passes = logsqlFinds(wanted.replace(/^filter /, ""));
  const groups = by === "" ? [{ key: {}, rows: found }] : grouped(found, namesIn(by));
  return groups
    .map(({ key, rows }) => ({
      ...key,
      ...Object.fromEntries(counts.map(([name, count]) => [name, count(rows)])),
    }))
    .filter((row) => passes(row) === true);
};

/** A sample: the labels of a series and its value. */
type Vector = readonly { readonly labels: Fields; readonly value: number }[];

/** Loki's documentation: "Metric queries", and "Logical and set operators" of "LogQL: Log query language". */
function logqlVector(cursor: Cursor, rows: readonly Fields[]): Vector {
  if (cursor.take(/\((?=[(sc])/) !== null) {
    let left = logqlVector(cursor, rows);
    for (let link = cursor.take(/ (and|or) /); link !== null; link = cursor.take(/ (and|or) /)) {
      const right = logqlVector(cursor, rows);
      const has = (vector: Vector, labels: Fields): boolean =>
        vector.some((each) => JSON.stringify(each.labels) === JSON.stringify(labels));
      left =
        link[1] === "and"
          ? left.filter(({ labels }) => has(right, labels))
          : [...left, ...right.filter(({ labels }) => !has(left, labels))];
    }
    cursor.expect(/\)/);
    return left;
  }
  const vector = aggregation(cursor, rows);
  const [, sign = "", least] = cursor.take(/ (>=|>) (\d+)/) ?? [];
  return least === undefined ? vector : vector.filter(({ value }) => compares(sign, value, Number(least)));
}

function aggregation(cursor: Cursor, rows: readonly Fields[]): Vector {
  const [, lines] = cursor.take(/count_over_time\(\n([^]*?)\n\[5m\]\)/) ?? [];
  if (lines !== undefined) {
    const finds = logqlFinds(lines);
    return rows.filter((row) => finds(row) === true).map((labels) => ({ labels, value: 1 }));
  }
  const [, summed, form, name = ""] =
    cursor.take(/sum_over_time\(\n([^]*?)\n\| \w+=~("[^"]*") \| unwrap (\w+)\n\[5m\]\)/) ?? [];
  if (summed !== undefined) {
    const finds = logqlFinds(summed);
    const isNumber = compileRegex(`^(?:${takeQuotedText(new Cursor(form ?? ""))})$`, new Set());
    return rows
      .filter((row) => finds(row) === true && isNumber.test(textOf(row, name) ?? ""))
      .map((labels) => ({ labels, value: Number(textOf(labels, name)) }));
  }
  const [, operator, by = ""] = cursor.expect(/(sum|count)(?: by \((.*?)\) )?\(/);
  const inner = aggregation(cursor, rows);
  cursor.expect(/\)/);
  const valueOf = (labels: Fields): number => inner.find((each) => each.labels === labels)?.value ?? 0;
  const names = by === "" ? [] : by.split(", ");
  return grouped(
    inner.map(({ labels }) => labels),
    names,
  ).map(({ key, rows: series }) => ({
    labels: key,
    value: operator === "count" ? series.length : series.reduce((sum, labels) => sum + valueOf(labels), 0),
  }));
}

export const logqlGroups: FindsGroups = (query, events) => {
  const cursor = new Cursor(query);
  const vector = logqlVector(
    cursor,
    events.map(({ fields }) => fields),
  );
  if (!cursor.done) throw new Error(`left over: ${query}`);
  return vector.map(({ labels }) => labels);
};

/** Elastic, "EQL syntax reference", "Sequences": keys that are not null, events one after the other, `with runs`. */
export const eqlGroups: FindsGroups = (query, events) => {
  const [head = "", ...lines] = query.split("\n");
  if (head !== "sequence with maxspan=5m") throw new Error(`no sequence: ${head}`);
  const steps = lines.flatMap((line) => {
    const [, condition = "", by = "", runs = "1"] =
      /^ {2}\[ (.*) \](?: by (.*?))?(?: with runs=(\d+))?$/.exec(line) ?? [];
    const finds = eqlFinds(condition);
    const names = by === "" ? [] : by.split(", ");
    return Array.from({ length: Number(runs) }, () => ({ finds, names }));
  });
  const ordered = events.toSorted((one, other) => (one.time ?? 0) - (other.time ?? 0));
  const keyOf = (fields: Fields, names: readonly string[]): string | null => {
    const values = names.map((name) => textOf(fields, name));
    return values.includes(null) ? null : JSON.stringify(values);
  };
  const keys = new Set(ordered.flatMap(({ fields }) => keyOf(fields, steps[0]?.names ?? []) ?? []));
  return [...keys]
    .filter((key) => {
      // Taking the first event that fits leaves the most for the steps behind it.
      let next = 0;
      for (const { fields } of ordered) {
        const step = steps[next];
        if (step !== undefined && step.finds(fields) === true && keyOf(fields, step.names) === key) next++;
      }
      return next === steps.length;
    })
    .map((key) => {
      const values = JSON.parse(key) as string[];
      return Object.fromEntries((steps[0]?.names ?? []).map((name, index) => [name, values[index]]));
    });
};
