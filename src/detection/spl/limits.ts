/** Bounds of one query and its evaluation. What goes beyond them is a coded error, never a silent cut. */
export interface Limits {
  /** Characters of a query, macros expanded. */
  readonly characters: number;
  /** Commands of a pipeline. */
  readonly commands: number;
  /** Nesting of parentheses, calls, subsearches and macros. */
  readonly depth: number;
  /** Rows that a command may hold at once (stats groups, sorted rows, replayed events). */
  readonly rows: number;
  /** Rows that a subsearch may return. Splunk's own default is 10,000 for search and 50,000 for append and join. */
  readonly subsearchRows: number;
  /** Values that rex may take out of one text. */
  readonly values: number;
}

export const defaultLimits: Limits = {
  characters: 100_000,
  commands: 200,
  depth: 100,
  rows: 200_000,
  subsearchRows: 10_000,
  values: 10_000,
};
