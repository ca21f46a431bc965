import type { Expression } from "./expression.js";
import type { Aggregation, Query, SearchExpression, Span } from "./tree.js";

interface Base<Name extends string> {
  readonly name: Name;
  /** Offset of the command's name into the query as the caller gave it. */
  readonly at: number;
}

export interface SearchCommand extends Base<"search"> {
  /** Null for a search of everything. */
  readonly condition: SearchExpression | null;
}
export interface WhereCommand extends Base<"where"> {
  readonly condition: Expression;
}
export interface EvalCommand extends Base<"eval"> {
  readonly assignments: readonly { readonly field: string; readonly value: Expression }[];
}
export interface StatsCommand extends Base<"stats" | "eventstats"> {
  readonly aggregations: readonly Aggregation[];
  readonly by: readonly string[];
}
export interface StreamstatsCommand extends Base<"streamstats"> {
  readonly aggregations: readonly Aggregation[];
  readonly by: readonly string[];
  /** Rows that count for each row; 0 for all before it. */
  readonly window: number;
  /** Whether the row itself counts. */
  readonly current: boolean;
}
export interface TstatsCommand extends Base<"tstats"> {
  readonly aggregations: readonly Aggregation[];
  readonly datamodel: "Endpoint.Processes";
  readonly condition: SearchExpression | null;
  readonly by: readonly string[];
  /** Width of the groups of `_time`, when it is among the fields of `by`. */
  readonly span: Span | null;
  /** Groups where a field of `by` has no value are kept under this one. */
  readonly fillnull: string | null;
}
export interface FieldsCommand extends Base<"fields"> {
  readonly mode: "keep" | "remove";
  readonly fields: readonly string[];
}
export interface TableCommand extends Base<"table"> {
  readonly fields: readonly string[];
}
export interface RenameCommand extends Base<"rename"> {
  readonly renames: readonly { readonly from: string; readonly to: string }[];
}
export interface SortKey {
  readonly field: string;
  readonly descending: boolean;
  readonly as: "auto" | "num" | "str" | "ip";
}
export interface SortCommand extends Base<"sort"> {
  /** Rows that are kept; 0 for all; null for Splunk's default. */
  readonly count: number | null;
  readonly keys: readonly SortKey[];
}
export interface HeadCommand extends Base<"head" | "tail"> {
  readonly count: number;
}
export interface ReverseCommand extends Base<"reverse"> {}
export interface DedupCommand extends Base<"dedup"> {
  readonly count: number;
  readonly fields: readonly string[];
  readonly keepEmpty: boolean;
  readonly consecutive: boolean;
}
export interface RexCommand extends Base<"rex"> {
  readonly field: string;
  readonly pattern: string;
  /** Matches that are taken; 0 for all. */
  readonly most: number;
  /** Of `mode=sed`: what takes the place of the match, with `which` counted from 1; null for every match. */
  readonly sed: { readonly replacement: string; readonly which: number | null } | null;
}
export interface RegexCommand extends Base<"regex"> {
  readonly field: string;
  readonly negated: boolean;
  readonly pattern: string;
}
export interface BinCommand extends Base<"bin"> {
  readonly field: string;
  readonly span: Span;
  readonly as: string | null;
}
export interface FillnullCommand extends Base<"fillnull"> {
  readonly value: string;
  readonly fields: readonly string[];
}
export interface FilldownCommand extends Base<"filldown"> {
  readonly fields: readonly string[];
}
export interface LookupCommand extends Base<"lookup"> {
  readonly table: string;
  readonly inputs: readonly { readonly column: string; readonly field: string }[];
  /** Empty for every other column. */
  readonly outputs: readonly { readonly column: string; readonly field: string }[];
  /** OUTPUTNEW: values that are there already stay. */
  readonly keep: boolean;
}
export interface InputlookupCommand extends Base<"inputlookup"> {
  readonly table: string;
  readonly append: boolean;
  readonly condition: SearchExpression | null;
}
export interface MakemvCommand extends Base<"makemv"> {
  readonly field: string;
  readonly delimiter: string;
  readonly allowEmpty: boolean;
}
export interface MvexpandCommand extends Base<"mvexpand"> {
  readonly field: string;
  /** 0 for all. */
  readonly limit: number;
}
export interface SpathCommand extends Base<"spath"> {
  readonly input: string;
  readonly path: string | null;
  readonly output: string | null;
}
export interface ConvertCommand extends Base<"convert"> {
  readonly format: string;
  /** Fields with seconds since 1970, each with the field that its text is written to. */
  readonly times: readonly { readonly field: string; readonly as: string }[];
}
export interface JoinCommand extends Base<"join"> {
  readonly kind: "inner" | "left";
  readonly fields: readonly string[];
  /** Rows of the subsearch that a row may join; 0 for all. */
  readonly most: number;
  readonly query: Query;
}
export interface AppendCommand extends Base<"append"> {
  readonly query: Query;
}

export type CommandNode =
  | SearchCommand
  | WhereCommand
  | EvalCommand
  | StatsCommand
  | StreamstatsCommand
  | TstatsCommand
  | FieldsCommand
  | TableCommand
  | RenameCommand
  | SortCommand
  | HeadCommand
  | ReverseCommand
  | DedupCommand
  | RexCommand
  | RegexCommand
  | BinCommand
  | FillnullCommand
  | FilldownCommand
  | LookupCommand
  | InputlookupCommand
  | MakemvCommand
  | MvexpandCommand
  | SpathCommand
  | ConvertCommand
  | JoinCommand
  | AppendCommand;

export type CommandName = CommandNode["name"];
