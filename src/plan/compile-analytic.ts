import type { CompiledRule, CompileResult, RuleEvent } from "../detection/rule.js";
import { RulePipelines } from "../detection/pipelines/index.js";
import type { SigmaCollection } from "../detection/sigma/collection.js";
import type { SplEvent } from "../detection/spl/events/spl-event.js";
import { eventOfRule } from "../detection/spl/rule/event.js";
import { compileSplFile } from "../detection/spl/rule/file.js";
import type { Diagnostic } from "../errors.js";
import type { PlanAnalytic } from "../model/trial.js";

/** The language of an analytic, by its file's name: a query ends in `.spl`, all else is Sigma. */
export function languageOf(file: string): PlanAnalytic["language"] {
  return /\.spl$/i.test(file) ? "spl" : "sigma";
}

/** Everything that an analytic is compiled from but the pipelines: what a plan records of it. */
export type AnalyticSource = Pick<PlanAnalytic, "file" | "text" | "rule" | "with">;

/**
 * Compiles the one analytic that is meant, from recorded texts alone, so that a recorded plan gives the same. A query is
 * refused when events do not decide one by one; the tables that it looks up are recorded with it. A file of Sigma may hold several documents, and others may be compiled with
 * it: filters are added to its rules, and the rules that a correlation reads alert through it. One rule or correlation of
 * the file must be left that alerts, or one must be chosen.
 */
export function compileAnalytic(
  source: AnalyticSource,
  pipelines: RulePipelines = new RulePipelines([]),
): CompileResult {
  const { text, file } = source;
  return languageOf(file) === "spl"
    ? compileSplFile(text, file, { singleEvents: true, toEvent: splEventOf, lookups: source.with ?? [] })
    : compileSigma(source, pipelines);
}

function compileSigma(source: AnalyticSource, pipelines: RulePipelines): CompileResult {
  const texts = [{ file: source.file, text: source.text }, ...(source.with ?? [])];
  const textOf = new Map(texts.map(({ file, text }) => [file, text]));
  const collection = pipelines.compile(
    texts.map(({ file, text }) => pipelines.parse(text, file)),
    (file) => textOf.get(file) ?? "",
  );
  const diagnostics = diagnosticsFor(source, collection);
  if (diagnostics.some(({ severity }) => severity === "error")) return { rule: null, diagnostics };
  const found = oneOf(source, collection);
  return "problem" in found
    ? { rule: null, diagnostics: [...diagnostics, found.problem] }
    : { rule: found.rule, diagnostics };
}

/**
 * What was found. A rule that is refused takes the analytic with it when it stands in a file of which one rule is meant
 * without saying which; else it is only in the way of those that name it, and told as a warning. A refused filter may be
 * one of the analytic's.
 */
function diagnosticsFor(
  { file, rule }: AnalyticSource,
  { refused, diagnostics }: SigmaCollection,
): Diagnostic[] {
  const elsewhere = new Set<Diagnostic>(
    refused
      .filter(({ kind }) => kind === "rule" || kind === "correlation")
      .filter((each) => each.file !== file || (rule !== undefined && !isCalled(each, rule)))
      .flatMap((each) => each.diagnostics),
  );
  return diagnostics.map((each) =>
    each.severity === "error" && elsewhere.has(each) ? { ...each, severity: "warning" } : each,
  );
}

interface Candidate {
  readonly rule: CompiledRule;
  readonly name: string | null;
  readonly alone: boolean;
}

function isCalled(
  { id, name }: { readonly id: string | null; readonly name: string | null },
  text: string,
): boolean {
  return id?.toLowerCase() === text.toLowerCase() || name === text;
}

function oneOf(
  { file, rule: chosen }: AnalyticSource,
  { rules, correlations }: SigmaCollection,
): { readonly rule: CompiledRule } | { readonly problem: Diagnostic } {
  const candidates: Candidate[] = [
    ...rules.map(({ rule, alone, tree }) => ({ rule, alone, name: tree.name ?? null })),
    ...correlations.map(({ rule, alone, correlation }) => ({ rule, alone, name: correlation.tree.name })),
  ].filter(({ rule }) => rule.file === file);
  const refuse = (code: string, message: string, hint: string): { readonly problem: Diagnostic } => ({
    problem: { file, line: 1, column: 1, severity: "error", code, message, hint },
  });
  if (chosen !== undefined) {
    const meant = candidates.filter(({ rule, name }) => isCalled({ id: rule.id, name }, chosen));
    const [first] = meant;
    if (first === undefined || meant.length > 1) {
      const known = candidates.map(({ rule }) => rule.id).join(", ");
      return refuse(
        "analytic-unknown",
        first === undefined
          ? `no rule of the file has the id or name "${chosen}"`
          : `${meant.length} rules of the file are called "${chosen}"`,
        known === "" ? "The file holds no rule that can be used." : `Its rules have the ids: ${known}.`,
      );
    }
    if (first.alone) return first;
    return refuse(
      "analytic-not-one",
      `"${chosen}" does not alert by itself: a correlation reads it`,
      "Name the correlation, or let the correlation say `generate: true`.",
    );
  }
  const alerting = candidates.filter(({ alone }) => alone);
  const [first] = alerting;
  if (first !== undefined && alerting.length === 1) return first;
  return refuse(
    "analytic-not-one",
    first === undefined
      ? "nothing in the file alerts"
      : `${alerting.length} rules of the file alert: ${alerting.map(({ rule }) => rule.title).join(", ")}`,
    first === undefined
      ? "Name a file with a rule or correlation that alerts: filters and the rules that a correlation reads do not."
      : `Choose one: FILE#ID with the id ${alerting.map(({ rule }) => rule.id).join(" or ")}.`,
  );
}

/** An event of a host as a query sees it: Splunk knows the host of each event. */
function splEventOf(event: RuleEvent): SplEvent {
  const seen = eventOfRule(event);
  return "host" in event && typeof event.host === "string" ? { ...seen, host: event.host } : seen;
}
