import { basename, extname } from "node:path";
import { TyrianError, type Diagnostic } from "../../../errors.js";
import type { CompiledRule, RuleEvent } from "../../rule.js";
import { readsLogsource } from "../../sigma/compile.js";
import type { SigmaRule } from "../../sigma/rule-tree.js";
import { Row } from "../evaluate/row.js";
import { PreparedQuery, type RunOptions } from "../evaluate/run.js";
import type { SplEvent } from "../events/spl-event.js";
import { diagnosticOf, parseSpl, type ParseSplOptions } from "../parse.js";
import { SplProblem } from "../problem.js";
import type { Query } from "../syntax/tree.js";
import { eventOfRule } from "./event.js";
import { explainEvent } from "./explain.js";
import { fieldsOfQuery } from "./fields.js";
import { readsTest } from "./reads.js";
import { severalEventsProblem } from "./single-events.js";

/** What a query's text does not say about the rule that it is. */
export interface SplRuleFacts {
  /** Else the file's name without the extension. */
  readonly id?: string;
  /** Else the id. */
  readonly title?: string;
  /** Else medium. */
  readonly level?: CompiledRule["level"];
  /** ATT&CK ids, such as T1059.004. */
  readonly techniques?: readonly string[];
}

export interface CompileSplOptions extends ParseSplOptions, RunOptions, SplRuleFacts {
  /** Refuses a query of which an event's own row depends on other events: see `severalEventsProblem`. */
  readonly singleEvents?: true;
  /** The log source that the search is meant for: events of others are not read, whatever the query says. */
  readonly logsource?: SigmaRule["logsource"];
  /** An event of the rule's as a query sees it. Without it, see `eventOfRule`. */
  readonly toEvent?: (event: RuleEvent) => SplEvent;
}

/** A query as a rule. `matches` is whether the event alone gives a row that stems from it. */
export interface CompiledSplRule extends CompiledRule {
  readonly language: "spl";
}

export interface CompileSplResult {
  readonly rule: CompiledSplRule | null;
  readonly diagnostics: readonly Diagnostic[];
  /** The query as it was evidently meant; null when nothing was to be corrected. */
  readonly corrected: string | null;
}

/** Runs what may end in a problem of the query; that is an error with its position. */
function evaluated<Result>(text: string, file: string, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof SplProblem)) throw error;
    throw new TyrianError("analytic-invalid", `${file}: the query cannot be evaluated over these events`, {
      diagnostics: [diagnosticOf(error, text, file)],
    });
  }
}

function ruleOf(query: Query, text: string, file: string, options: CompileSplOptions): CompiledSplRule {
  const prepared = new PreparedQuery(query, options);
  const toEvent = options.toEvent ?? eventOfRule;
  const id = options.id ?? basename(file, extname(file));
  const level = options.level ?? "medium";
  const readsRow = readsTest(query, prepared);
  const stemsFrom = (events: readonly SplEvent[]): boolean => {
    const ids = new Set(events.map((event) => event.id));
    for (const row of prepared.run(events)) if (row.sources.some((source) => ids.has(source))) return true;
    return false;
  };
  const isMeantFor = options.logsource === undefined ? () => true : readsLogsource(options.logsource);
  const reads = (event: RuleEvent): boolean =>
    isMeantFor(event) && evaluated(text, file, () => readsRow(Row.ofEvent(toEvent(event))));
  const satisfiedBy = (events: readonly RuleEvent[]): boolean =>
    evaluated(text, file, () => stemsFrom(events.filter(isMeantFor).map(toEvent)));
  return {
    id,
    title: options.title ?? id,
    file,
    language: "spl",
    level,
    tier: level === "informational" ? "signal" : "alert",
    techniques: options.techniques ?? [],
    fields: fieldsOfQuery(query),
    reads,
    matches: (event) => reads(event) && satisfiedBy([event]),
    satisfiedBy,
    explain: (event) =>
      evaluated(text, file, () => {
        const given = toEvent(event);
        return explainEvent(prepared, given, stemsFrom([given]));
      }),
  };
}

/**
 * Reads a query of SPL and makes a rule of it. The rule is null when a diagnostic is an error. A rule whose evaluation
 * ends (a limit, a comparison that Splunk does not define) throws `TyrianError` with the position: it never answers "no".
 */
export function compileSpl(text: string, file: string, options: CompileSplOptions = {}): CompileSplResult {
  const { query, diagnostics, corrected } = parseSpl(text, file, options);
  if (query === null) return { rule: null, diagnostics, corrected };
  try {
    const several = options.singleEvents === true ? severalEventsProblem(query) : null;
    if (several !== null) throw several;
    return { rule: ruleOf(query, text, file, options), diagnostics, corrected };
  } catch (error) {
    if (!(error instanceof SplProblem)) throw error;
    return { rule: null, diagnostics: [...diagnostics, diagnosticOf(error, text, file)], corrected };
  }
}
