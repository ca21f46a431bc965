import type { RunOptions } from "../../../src/detection/spl/evaluate/run.js";
import { evaluateSpl, type ResultRow } from "../../../src/detection/spl/evaluate.js";
import type { SplEvent } from "../../../src/detection/spl/events/spl-event.js";
import { parseSpl, type ParseSplOptions } from "../../../src/detection/spl/parse.js";
import type { Diagnostic } from "../../../src/errors.js";

/** 2026-11-24 13:00:00 UTC, a Tuesday. */
export const now = Date.UTC(2026, 10, 24, 13);

let count = 0;

/** A Sysmon event of process creation with the given fields over its own. */
export function sysmon(fields: Record<string, unknown> = {}, time: number = now): SplEvent {
  return {
    id: `event-${++count}`,
    time,
    fields: { EventID: 1, Computer: "ws1", ...fields },
    logsource: { product: "windows", category: "process_creation", service: "sysmon" },
  };
}

/** An event of nothing but the given fields; the ids of a list count from 1. */
export function plain(...list: Record<string, unknown>[]): SplEvent[] {
  return list.map((fields, index) => ({ id: String(index + 1), time: now + index * 1000, fields }));
}

type Options = ParseSplOptions & RunOptions;

/** The rows that a query gives; throws with the findings when it is refused. */
export function run(query: string, events: Iterable<SplEvent>, options: Options = {}): readonly ResultRow[] {
  const { rows, diagnostics } = evaluateSpl(query, "query.spl", events, options);
  if (rows === null) throw new Error(JSON.stringify(diagnostics));
  return rows;
}

/** The ids of the events that a query keeps. */
export function ids(query: string, events: Iterable<SplEvent>, options: Options = {}): string[] {
  return run(query, events, options).flatMap((row) => row.events);
}

/** Whether a search keeps an event of the given fields. */
export function keeps(query: string, fields: Record<string, unknown>, options: Options = {}): boolean {
  return run(query, plain(fields), options).length === 1;
}

/** What an expression of `eval` gives over the given fields; undefined for nothing. */
export function evaluated(
  expression: string,
  fields: Record<string, unknown> = {},
  options: Options = {},
): unknown {
  return run(`* | eval result=${expression}`, plain({ other: "x", ...fields }), options)[0]?.fields["result"];
}

/** Whether a condition of `where` holds over the given fields. */
export function holds(
  condition: string,
  fields: Record<string, unknown> = {},
  options: Options = {},
): boolean {
  return keeps(`* | where ${condition}`, { other: "x", ...fields }, options);
}

/** The fields of the rows, without Splunk's own. */
export function fieldsOf(rows: readonly ResultRow[]): Record<string, unknown>[] {
  return rows.map(({ fields }) =>
    Object.fromEntries(
      Object.entries(fields).filter(([name]) => !/^(?:_\w+|host|index|source|sourcetype)$/.test(name)),
    ),
  );
}

/** What is found wrong with a query that must be refused, when it is read or when it runs. */
export function refused(query: string, events: Iterable<SplEvent> = [], options: Options = {}): Diagnostic {
  const { rows, diagnostics } = evaluateSpl(query, "query.spl", events, options);
  if (rows !== null) throw new Error("the query was not refused");
  const error = diagnostics.find(({ severity }) => severity === "error");
  if (error === undefined) throw new Error("no error is told");
  return error;
}

/** The findings about a query, as `line:column code`. */
export function findings(query: string, options: ParseSplOptions = {}): string[] {
  return parseSpl(query, "query.spl", options).diagnostics.map(
    ({ line, column, code }) => `${line}:${column} ${code}`,
  );
}
