import { LineCounter } from "yaml";
import type { Diagnostic } from "../../errors.js";
import { hintFor } from "../hints.js";
import { Findings } from "../sigma/findings.js";
import { didYouMean } from "../sigma/text.js";
import { ArgumentReader } from "./commands/argument-reader.js";
import { commandNames, commandOf, generating, printQuery, refusedCommands } from "./commands/index.js";
import { repairQuery } from "./defects/index.js";
import { defaultLimits, type Limits } from "./limits.js";
import { SplProblem } from "./problem.js";
import { commonEventTypes, commonMacros } from "./source/common-macros.js";
import type { MacroTable } from "./source/macros.js";
import { MappedText } from "./source/mapped-text.js";
import { prepareText } from "./source/prepare.js";
import { splitPipeline, type Range } from "./source/split.js";
import type { CommandNode } from "./syntax/commands.js";
import { refuse, type ParseContext } from "./syntax/context.js";
import { SearchParser } from "./syntax/search-parser.js";
import type { Query, SearchExpression } from "./syntax/tree.js";
import { tokenize } from "./syntax/words.js";

export interface ParseSplOptions {
  /**
   * `strict` (the default) refuses what Splunk refuses, and takes what can never match as it is, with a warning.
   * `lenient` reads what was evidently meant, with a warning for each defect.
   */
  readonly mode?: "strict" | "lenient";
  /** Definitions of macros besides those that security_content shares. */
  readonly macros?: MacroTable;
  /** Searches of event types by name, besides those of the Windows add-on. */
  readonly eventTypes?: Readonly<Record<string, string>>;
  /** Fields that a site extracts itself, beside those of the add-ons. */
  readonly knownFields?: readonly string[];
  readonly limits?: Partial<Limits>;
}

/** A query that was read, or the reasons why there is none. */
export interface ParsedSpl {
  readonly query: Query | null;
  readonly diagnostics: readonly Diagnostic[];
  /** The query as it was evidently meant; null when nothing was to be corrected, or when it cannot be read. */
  readonly corrected: string | null;
}

class QueryReader {
  #depth = 0;
  readonly #context: ParseContext;

  constructor(
    source: MappedText,
    private readonly findings: Findings,
    private readonly limits: Limits,
    options: ParseSplOptions,
    strict: boolean,
  ) {
    this.#context = {
      source,
      limits,
      eventTypes: { ...commonEventTypes, ...options.eventTypes },
      defect: (offset, code, message, hint) =>
        this.#report(source.originOf(offset), strict ? "error" : "warning", code, message, hint),
      warn: (offset, code, message, hint) =>
        this.#report(source.originOf(offset), "warning", code, message, hint),
      deeper: (offset, read) => this.#deeper(source.originOf(offset), read),
      subsearch: (range) =>
        this.#deeper(source.originOf(range.start), () => this.#pipeline(this.#context, range, true)),
      innerSearch: (text, offset) => this.#innerSearch(text, source.originOf(offset)),
    };
  }

  read(): Query {
    const { source } = this.#context;
    return this.#pipeline(this.#context, { start: 0, end: source.text.length }, false);
  }

  #report(at: number, severity: "error" | "warning", code: string, message: string, hint = ""): void {
    if (severity === "error") this.findings.error(at, code, message, hint);
    else this.findings.warn(at, code, message, hint);
  }

  #deeper<Result>(at: number, read: () => Result): Result {
    this.#depth++;
    if (this.#depth > this.limits.depth) {
      throw new SplProblem("query-too-deep", at, `the query nests more than ${this.limits.depth} deep`);
    }
    const result = read();
    this.#depth--;
    return result;
  }

  /** A search in a text of its own, whose positions are all that of where it is named. */
  #innerSearch(text: string, at: number): SearchExpression {
    return this.#deeper(at, () => {
      const source = new MappedText(
        text,
        Array.from({ length: text.length }, () => at),
        at,
      );
      const context: ParseContext = { ...this.#context, source };
      const tokens = tokenize(source, { start: 0, end: text.length });
      const search = new SearchParser(context, tokens, text.length, false).parse();
      if (search !== null) return search;
      throw new SplProblem("search-syntax", at, "the search is empty");
    });
  }

  #pipeline(context: ParseContext, range: Range, inner: boolean): Query {
    const parts = splitPipeline(context.source, range);
    if (parts.length > this.limits.commands) {
      const message = `the pipeline has more than ${this.limits.commands} commands`;
      throw refuse(context, range.start, "query-too-long", message);
    }
    const isEmpty = ({ start, end }: Range): boolean => context.source.text.slice(start, end).trim() === "";
    const [first] = parts;
    const piped = first !== undefined && isEmpty(first) && parts.length > 1;
    const ranges = piped ? parts.slice(1) : parts;
    const empty = ranges.find(isEmpty);
    if (empty !== undefined) {
      const message = ranges.length === 1 ? "the query is empty" : "there is no command between two pipes";
      throw refuse(context, ranges.length === 1 ? range.start : empty.start, "query-empty", message);
    }
    const commands = ranges.map((each, index) =>
      index === 0 && !piped ? this.#opening(context, each, inner) : this.#command(context, each, index === 0),
    );
    return { commands };
  }

  /** What stands before the first pipe: the terms of a search, with or without the command's name. */
  #opening(context: ParseContext, range: Range, inner: boolean): CommandNode {
    const text = context.source.text.slice(range.start, range.end);
    const named = /^\s*([A-Za-z_]\w*)(?=\s|$)(?!\s*(?:=|!=|<|>))/.exec(text);
    const name = named?.[1]?.toLowerCase() ?? "";
    const offset = range.start + text.length - text.trimStart().length;
    if (name === "search" || (inner && commandOf(name) !== null)) return this.#command(context, range, true);
    if (inner) {
      const hint = "begin it with search, or with a pipe and a command that makes rows";
      throw refuse(context, offset, "subsearch-syntax", "a subsearch begins with a command", hint);
    }
    if (name !== "" && commandOf(name) !== null) {
      context.warn(
        offset,
        "pipe-missing",
        `"${name}" is a word to be found in the events here, not a command`,
        `write | ${name} behind a search`,
      );
    }
    const at = context.source.originOf(offset);
    const reader = new ArgumentReader("search", context, range, true);
    return { name: "search", condition: reader.search(true), at };
  }

  #command(context: ParseContext, range: Range, first: boolean): CommandNode {
    const text = context.source.text.slice(range.start, range.end);
    const match = /^\s*([A-Za-z_]\w*)/.exec(text);
    const offset = range.start + text.length - text.trimStart().length;
    if (match === null) throw refuse(context, offset, "command-syntax", "expected the name of a command");
    const name = match[1]?.toLowerCase() ?? "";
    const definition = commandOf(name);
    if (definition === null) throw this.#unknown(context, name, offset);
    if (first && !(generating as readonly string[]).includes(name)) {
      const message = `${name} needs rows, and nothing before it makes any`;
      throw refuse(context, offset, "command-misplaced", message, "put a search before it");
    }
    const inside = { start: range.start + match[0].length, end: range.end };
    const node = definition.parse(
      new ArgumentReader(name, context, inside, first),
      context.source.originOf(offset),
    );
    return node;
  }

  #unknown(context: ParseContext, name: string, offset: number): SplProblem {
    const instead = Object.hasOwn(refusedCommands, name) ? refusedCommands[name] : undefined;
    if (instead !== undefined) {
      return refuse(
        context,
        offset,
        "command-unsupported",
        `the command ${name} is not evaluated here`,
        instead,
      );
    }
    const hint = didYouMean(name, commandNames(), `known are ${commandNames().join(", ")}`);
    return refuse(context, offset, "unknown-command", `there is no command "${name}" here`, hint);
  }
}

/** Finds lines and columns of offsets into a text. */
function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
  return lines;
}

/** A problem as a finding about a query's text. */
export function diagnosticOf(problem: SplProblem, text: string, file: string): Diagnostic {
  const { line, col } = linesOf(text).linePos(problem.at);
  const { code, message } = problem;
  const hint = hintFor(code, problem.hint);
  return { file, line: Math.max(1, line), column: Math.max(1, col), severity: "error", code, message, hint };
}

/**
 * Reads a query of Splunk's Search Processing Language. Never throws, whatever the text; what is not understood is refused
 * with its position. Source: Splunk Search Reference and Search Manual, 9.x.
 */
export function parseSpl(text: string, file: string, options: ParseSplOptions = {}): ParsedSpl {
  const findings = new Findings(file, linesOf(text));
  const limits = { ...defaultLimits, ...options.limits };
  const strict = options.mode !== "lenient";
  const refusedHere = (at: number, code: string, message: string, hint: string): void => {
    if (strict) findings.error(at, code, message, hint);
    else findings.warn(at, code, message, hint);
  };
  try {
    const source = prepareText(text, { ...commonMacros, ...options.macros }, limits, (at, written, meant) =>
      refusedHere(
        at,
        "curly-quote",
        `${written} is no quote to Splunk, but a character of the value`,
        `write ${meant}`,
      ),
    );
    const written = new QueryReader(source, findings, limits, options, strict).read();
    const misread = findings.list().some(({ code }) => code in readOtherwise);
    const repaired = repairQuery(written, new Set(options.knownFields), (at, code, message, hint) =>
      findings.warn(at, code, message, hint),
    );
    const corrected = misread || repaired !== written ? printQuery(repaired) : null;
    const query = strict ? written : repaired;
    return { query: findings.failed ? null : query, diagnostics: findings.list(), corrected };
  } catch (error) {
    if (!(error instanceof SplProblem)) throw error;
    findings.error(error.at, error.code, error.message, error.hint);
    return { query: null, diagnostics: findings.list(), corrected: null };
  }
}

/** Codes of defects that were read as what they were meant to be. */
const readOtherwise: Readonly<Record<string, true>> = {
  "curly-quote": true,
  "operator-repeated": true,
  "operator-unknown": true,
  "not-in-misplaced": true,
  "not-misplaced": true,
  "between-unknown": true,
  "unknown-function": true,
  "aggregation-unnamed": true,
};
