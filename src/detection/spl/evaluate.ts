import type { Diagnostic } from "../../errors.js";
import type { SplEvent } from "./events/spl-event.js";
import { PreparedQuery, type RunOptions } from "./evaluate/run.js";
import type { FieldValue } from "./evaluate/values.js";
import { diagnosticOf, parseSpl, type ParseSplOptions } from "./parse.js";
import { SplProblem } from "./problem.js";

export interface ResultRow {
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** Ids of the events that the row stems from; of an aggregation those of its group. Empty for rows of a table. */
  readonly events: readonly string[];
}

export interface SplResult {
  /** Null when the query could not be read or its evaluation ended: never a part of the rows. */
  readonly rows: readonly ResultRow[] | null;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a query and evaluates it over events. Rows come in the order of the events, newest first where a command depends
 * on the order, as in Splunk. Never throws on a text or an event.
 */
export function evaluateSpl(
  text: string,
  file: string,
  events: Iterable<SplEvent>,
  options: ParseSplOptions & RunOptions = {},
): SplResult {
  const { query, diagnostics } = parseSpl(text, file, options);
  if (query === null) return { rows: null, diagnostics };
  try {
    const rows: ResultRow[] = [];
    for (const row of new PreparedQuery(query, options).run(events)) {
      rows.push({ fields: row.toRecord(), events: row.sources });
    }
    return { rows, diagnostics };
  } catch (error) {
    if (!(error instanceof SplProblem)) throw error;
    return { rows: null, diagnostics: [...diagnostics, diagnosticOf(error, text, file)] };
  }
}
