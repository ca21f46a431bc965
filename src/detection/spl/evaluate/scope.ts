import type { Limits } from "../limits.js";
import { SplProblem } from "../problem.js";
import type { Query } from "../syntax/tree.js";
import type { Row } from "./row.js";

/** A lookup table: rows by column, all of them texts. */
export type LookupTable = readonly Readonly<Record<string, string>>[];

/** What the evaluation of one query has around it. */
export interface Scope {
  readonly limits: Limits;
  /** Milliseconds since 1970; null when the caller gave none, and what needs it is refused. */
  readonly now: number | null;
  /** The user's time zone, minutes east of UTC. */
  readonly zone: number;
  readonly tables: Readonly<Record<string, LookupTable>>;
  /** All events from the start, as rows that are nobody else's. */
  replay(): Iterable<Row>;
  /** The rows of a subsearch. Throws {@link SplProblem} when they are more than allowed. */
  subsearch(query: Query, at: number): readonly Row[];
}

/** What one command does to the rows that it is given. */
export type Stage = (rows: Iterable<Row>) => Iterable<Row>;

/** Collects rows up to the limit. Throws {@link SplProblem} beyond. */
export function collectRows(rows: Iterable<Row>, scope: Scope, at: number, command: string): Row[] {
  const collected: Row[] = [];
  for (const row of rows) {
    if (collected.length >= scope.limits.rows) {
      throw new SplProblem(
        "row-limit",
        at,
        `${command} must hold more than ${scope.limits.rows} rows`,
        "narrow the search before it, or raise the limit",
      );
    }
    collected.push(row);
  }
  return collected;
}

/** Throws {@link SplProblem} when a command makes more rows out of others than it may. */
export function checkMade(count: number, scope: Scope, at: number, command: string): void {
  if (count <= scope.limits.rows) return;
  throw new SplProblem(
    "row-limit",
    at,
    `${command} makes more than ${scope.limits.rows} rows`,
    "narrow the search before it, or raise the limit",
  );
}

/** Throws {@link SplProblem} when a command tells apart more groups than there may be rows. */
export function checkGroups(count: number, scope: Scope, at: number, command: string): void {
  if (count <= scope.limits.rows) return;
  throw new SplProblem(
    "row-limit",
    at,
    `${command} tells apart more than ${scope.limits.rows} groups`,
    "narrow the search before it, or raise the limit",
  );
}

/** The current time in seconds since 1970. Throws {@link SplProblem} when the caller gave none. */
export function nowOf(scope: Scope, at: number, what: string): number {
  if (scope.now !== null) return scope.now / 1000;
  throw new SplProblem(
    "now-required",
    at,
    `${what} depends on the current time, and none was given`,
    "give the time as of which the query is evaluated",
  );
}
