import { lacksRequirement } from "../journal/exit-status.js";
import type { RunState, TrialRecord } from "../journal/fold.js";
import { executionOf } from "../journal/results.js";
import type { Execution } from "../model/execution.js";
import type { Expectation } from "../model/playbook.js";
import type { Verdict } from "../model/verdict.js";

/**
 * How a row stands: `as-expected` is a miss (or a prevention) that the playbook expects, `accepted` one that the bindings accept,
 * `open` is not finished.
 */
export type Mark = "met" | "as-expected" | "accepted" | "not-met" | "unsure" | "problem" | "skipped" | "open";

/** What is to be said of one trial and one analytic, or of a trial whose execution is all there is to say. */
export interface Finding {
  readonly record: TrialRecord;
  readonly execution: Execution;
  readonly mark: Mark;
  /** The outcome, the execution's status or the state, as a word. */
  readonly word: string;
  /** The analytic's title; empty when the finding is about the execution. */
  readonly analytic: string;
  readonly verdict: Verdict | null;
  readonly expectation: Expectation | null;
}

/** Findings that say the same, of several targets and variants. */
export interface Row {
  readonly findings: readonly [Finding, ...Finding[]];
  /** How many trials there are of the same procedure (or twin), whatever came of them. */
  readonly of: number;
}

/** The rows of one technique, in the plan's order. */
export interface Section {
  readonly technique: string;
  readonly playbook: string;
  readonly rows: readonly Row[];
}

/** Everything that a run has found out, grouped so that a hundred trials stay readable. */
export function sectionsOf(state: RunState): Section[] {
  const findings = state.trials.flatMap((record) => findingsOf(record, state));
  return groups(findings, ({ record: { trial } }) => `${trial.technique} ${trial.playbook}`).map(
    (section) => {
      const { technique, playbook } = section[0].record.trial;
      // A twin stands under its procedure, whatever the order of the plan.
      const actions = groups(section, ({ record }) => record.trial.procedure).flatMap((procedure) =>
        groups(procedure, ({ record }) => String(record.trial.twin)),
      );
      return { technique, playbook, rows: actions.flatMap(rowsOf) };
    },
  );
}

function findingsOf(record: TrialRecord, state: RunState): Finding[] {
  const execution = executionOf(record);
  const about = { record, execution };
  const whole = { ...about, analytic: "", verdict: null, expectation: null };
  if (record.execution === null && state.ended === null)
    return [{ ...whole, mark: "open", word: record.state }];
  if (lacksRequirement(about)) return [{ ...whole, mark: "skipped", word: "skipped" }];
  if (execution.status !== "ran") {
    const expected =
      execution.status !== "indeterminate" &&
      record.verdicts.length > 0 &&
      record.verdicts.every(({ met }) => met);
    const [first = null] = record.trial.expectations;
    const mark = expected ? "as-expected" : execution.status === "prevented" ? "not-met" : "problem";
    return [{ ...whole, mark, word: execution.status, expectation: first }];
  }
  if (record.verdicts.length === 0) {
    return [
      state.ended === null
        ? { ...whole, mark: "open", word: "waiting" }
        : { ...whole, mark: "unsure", word: "undecided" },
    ];
  }
  return record.verdicts.map((verdict) => ({
    ...about,
    mark: markOf(verdict),
    word: verdict.outcome,
    analytic: verdict.title,
    verdict,
    expectation: record.trial.expectations.find(({ analytic }) => analytic === verdict.analytic) ?? null,
  }));
}

function markOf({ outcome, met, accepted }: Verdict): Mark {
  if (accepted !== undefined) return "accepted";
  if (met) return outcome === "detected" || outcome === "quiet" ? "met" : "as-expected";
  return outcome === "undecided" || outcome === "pending" ? "unsure" : "not-met";
}

/** The rows of one procedure, or of its twin: by analytic, and for each by what is said. */
function rowsOf(action: readonly Finding[]): Row[] {
  const of = new Set(action.map(({ record }) => record.trial.id)).size;
  const analytics = groups(action, ({ verdict }) => verdict?.analytic ?? "");
  return analytics.flatMap((same) => groups(same, signatureOf)).map((findings) => ({ findings, of }));
}

/** Findings with the same signature share a row: the same words, for a miss the same first failure, and the same faults of the alert. */
function signatureOf({ mark, word, execution, verdict }: Finding): string {
  const cause = verdict?.cause ?? null;
  const clauses = cause?.nearest?.unmet.map(({ clause, wanted }) => [clause, wanted]) ?? [];
  const reason = execution.status === "ran" ? null : execution.reason?.code;
  const faults = verdict?.quality?.filter(({ ok }) => ok === false).map(({ check }) => check) ?? [];
  return JSON.stringify([mark, word, reason, mark === "met" ? null : [cause?.link, clauses], faults]);
}

/** Groups in the order of their first members. */
function groups<T>(items: readonly T[], key: (item: T) => string): [T, ...T[]][] {
  const found = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const group = found.get(key(item));
    if (group === undefined) found.set(key(item), [item]);
    else group.push(item);
  }
  return [...found.values()];
}

/** Start of the act to visible alert, milliseconds; null unless every part was seen. */
export function totalLatency({ latency }: Verdict): number | null {
  const parts = [latency.event, latency.ingest, latency.rule, latency.alert];
  return parts.reduce((sum, part) => (sum === null || part === null ? null : sum + part), 0 as number | null);
}
