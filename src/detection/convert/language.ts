import type { CorrelationQuery } from "./correlation-query.js";
import type { Query, Leaf } from "./query-tree.js";
import type { SequenceQuery } from "./sequence-query.js";
import type { WindowQuery } from "./window-query.js";

/** What the writer of a query may say about the rule while it writes. */
export interface ConvertContext {
  readonly title: string;
  /** The table, index or index pattern that the query is to read; null when none is given. */
  readonly source: string | null;
  /** Refuses the rule at an offset into its text. Gives a text that is never seen, so that writing can go on. */
  refuse(at: number, message: string, hint: string): string;
  /** States what has to be true in the SIEM for the query to find what the rule finds. */
  assume(sentence: string): void;
}

/** A query language. What it cannot express, it refuses through the context. */
export interface Language {
  /** Writes the query that finds the events of a rule. */
  readonly rule: (query: Query, context: ConvertContext) => string;
  /** Whether its literals have escapes for control characters; in a language without, no query carries them. */
  readonly escapesControls?: true;
  /** Writes the query that finds the groups of a correlation; or the reason why the language has none. */
  readonly correlation: ((query: CorrelationQuery, context: ConvertContext) => string) | string;
  /** Whether a query that counts holds the timespan; otherwise it counts over the range of time that it is run over. */
  readonly holdsTimespan?: true;
  /** Writes the query that computes over the window before each event; absent where the language has none. */
  readonly windows?: (query: WindowQuery, context: ConvertContext) => string;
  /** Writes the query that finds events which follow each other; absent where the language has none. */
  readonly sequence?: (query: SequenceQuery, context: ConvertContext) => string;
}

/** How a language links tests. */
export interface Links {
  readonly and: string;
  readonly or: string;
  /** What stands before and after a part that is negated. A group gets parentheses of its own unless they stand there. */
  readonly not: readonly [before: string, after: string];
  /**
   * Writes one test so that it needs no parentheses. `negated`: a NOT stands somewhere above it, and the test must be
   * false, not unknown, where the field is absent.
   */
  readonly leaf: (leaf: Leaf, negated: boolean) => string;
}

/** Writes a query. Every group has its parentheses: nothing rests on a language's precedence. */
export function writeQuery(query: Query, links: Links, negated = false, outermost = true): string {
  switch (query.type) {
    case "leaf":
      return links.leaf(query, negated);
    case "not":
      return links.not.join(writeQuery(query.operand, links, true, links.not[0].endsWith("(")));
    case "and":
    case "or": {
      const text = query.operands
        .map((operand) => writeQuery(operand, links, negated, false))
        .join(` ${links[query.type]} `);
      return outermost ? text : `(${text})`;
    }
  }
}

/** Refuses a test of a field whose name no quotes of the language carry. */
export function refuseName(language: string, name: string, at: number, { refuse }: ConvertContext): string {
  return refuse(
    at,
    `no ${language} query can carry the field name ${JSON.stringify(name)}`,
    "rename the field with a pipeline",
  );
}
