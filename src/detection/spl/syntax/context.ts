import { SplProblem } from "../problem.js";
import type { Limits } from "../limits.js";
import type { MappedText } from "../source/mapped-text.js";
import type { Range } from "../source/split.js";
import type { Query, SearchExpression } from "./tree.js";

/** What readers of parts of a query share. */
export interface ParseContext {
  readonly source: MappedText;
  readonly limits: Limits;
  /** Definitions of event types: their searches, by name. */
  readonly eventTypes: Readonly<Record<string, string>>;
  /** Something that Splunk refuses or that cannot be meant so, where what is meant is evident. Reading goes on with that. */
  defect(offset: number, code: string, message: string, hint?: string): void;
  /** Something that Splunk accepts and that is probably not meant. */
  warn(offset: number, code: string, message: string, hint?: string): void;
  /** Runs a reader one level deeper. */
  deeper<Result>(offset: number, read: () => Result): Result;
  /** Reads the inside of a subsearch. */
  subsearch(range: Range): Query;
  /** Reads a search that stands in a text of its own: of an event type, of searchmatch(). Problems are at the offset. */
  innerSearch(text: string, offset: number): SearchExpression;
}

/** Refuses the query at an offset into the prepared text. */
export function refuse(
  context: ParseContext,
  offset: number,
  code: string,
  message: string,
  hint = "",
): SplProblem {
  return new SplProblem(code, context.source.originOf(offset), message, hint);
}
