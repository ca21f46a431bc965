import type { CompiledRule, CompileResult, RuleEvent } from "../detection/rule.js";
import { compileCollection } from "../detection/sigma/collection.js";
import { parseSigmaFile } from "../detection/sigma/collection-file.js";
import type { SplEvent } from "../detection/spl/events/spl-event.js";
import { eventOfRule } from "../detection/spl/rule/event.js";
import { compileSplFile } from "../detection/spl/rule/file.js";
import type { PlanAnalytic } from "../model/trial.js";

/** The language of an analytic, by its file's name: a query ends in `.spl`, all else is Sigma. */
export function languageOf(file: string): PlanAnalytic["language"] {
  return /\.spl$/i.test(file) ? "spl" : "sigma";
}

/**
 * Compiles the one analytic of a file, from its text alone, so that a recorded plan gives the same. A query is refused when
 * events do not decide one by one. A file of Sigma may hold several documents: filters are added to its rules, and the rules
 * that a correlation reads alert through it; one rule or correlation must be left that alerts.
 */
export function compileAnalytic(text: string, file: string): CompileResult {
  return languageOf(file) === "spl"
    ? compileSplFile(text, file, { singleEvents: true, toEvent: splEventOf })
    : compileSigmaFile(text, file);
}

function compileSigmaFile(text: string, file: string): CompileResult {
  const { rules, correlations, diagnostics } = compileCollection([parseSigmaFile(text, file)]);
  if (diagnostics.some(({ severity }) => severity === "error")) return { rule: null, diagnostics };
  const alerting: CompiledRule[] = [...rules, ...correlations].flatMap(({ rule, alone }) =>
    alone ? [rule] : [],
  );
  const [rule] = alerting;
  if (rule !== undefined && alerting.length === 1) return { rule, diagnostics };
  const message =
    rule === undefined
      ? "nothing in the file alerts"
      : `${alerting.length} rules of the file alert: ${alerting.map(({ title }) => title).join(", ")}`;
  const hint =
    "An expectation names its analytic by the file: keep one rule or correlation in it that alerts, beside filters and the rules that the correlation reads.";
  const problem = {
    file,
    line: 1,
    column: 1,
    severity: "error",
    code: "analytic-not-one",
    message,
    hint,
  } as const;
  return { rule: null, diagnostics: [...diagnostics, problem] };
}

/** An event of a host as a query sees it: Splunk knows the host of each event. */
function splEventOf(event: RuleEvent): SplEvent {
  const seen = eventOfRule(event);
  return "host" in event && typeof event.host === "string" ? { ...seen, host: event.host } : seen;
}
