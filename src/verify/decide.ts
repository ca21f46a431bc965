import type { CompiledRule } from "../detection/rule.js";
import type { HostEvent } from "../model/event.js";
import type { Execution } from "../model/execution.js";
import type { Observation } from "../model/observation.js";
import type { Expectation } from "../model/playbook.js";
import type { Trial } from "../model/trial.js";
import type { Background, Verdict } from "../model/verdict.js";
import { type AlertAttribution, type Bracket, attributeAlerts, bracketOf } from "./attribution.js";
import { causeAt, nearestOf } from "./cause.js";
import type { Decision } from "./decision.js";
import { latencyOf, noLatency } from "./latency.js";
import { lossesKnown, lossOf, markerInRule, ruleProblem } from "./witness.js";

/** What a verdict is computed from. Nothing else may be read: the same input gives the same verdict for ever. */
export interface Question {
  readonly trial: Trial;
  readonly execution: Execution;
  /** Null when the SIEM was not asked (the trial did not run). */
  readonly observation: Observation | null;
  /** By analytic id. */
  readonly rules: ReadonlyMap<string, CompiledRule>;
}

/** A question about a trial that the SIEM was asked about. */
interface Context extends Question {
  readonly observation: Observation;
  readonly bracket: Bracket;
}

/** The verdicts of a trial, one for each expectation. Pure. */
export function decide(question: Question): Verdict[] {
  const { trial, observation } = question;
  const bracket = observation === null ? null : bracketOf(trial.id, observation.events);
  return trial.expectations.map((expectation) => {
    const rule = question.rules.get(expectation.analytic);
    if (rule === undefined) throw new Error(`the plan has no analytic ${expectation.analytic}`);
    const decision =
      observation === null || bracket === null
        ? notAsked(question.execution)
        : decideOne({ ...question, observation, bracket }, rule);
    return verdictOf(question, expectation, rule, decision);
  });
}

function verdictOf(
  question: Question,
  expectation: Expectation,
  rule: CompiledRule,
  decision: Decision,
): Verdict {
  const status = question.observation?.rules.find((candidate) => candidate.rule === rule.id);
  const background: Background | null = question.observation?.background[rule.id] ?? null;
  const tierMet = expectation.tier === undefined || decision.tier === expectation.tier;
  return {
    analytic: rule.id,
    title: rule.title,
    expected: expectation.outcome,
    outcome: decision.outcome,
    met:
      decision.outcome === expectation.outcome &&
      question.execution.status === expectation.execution &&
      tierMet,
    tier: decision.tier ?? null,
    evaluatedBy: status?.evaluatedBy ?? "embedded",
    attribution: decision.attribution ?? null,
    background,
    latency: decision.latency ?? noLatency,
    evidence: [...(decision.evidence ?? [])],
    cause: decision.cause ?? null,
    revision: 1,
  };
}

/** A trial that did not run has no detection to speak of. */
function notAsked(execution: Execution): Decision {
  const detail = execution.reason?.message ?? "the SIEM was not asked";
  return { outcome: "undecided", cause: causeAt(execution.status === "ran" ? "siem" : "execution", detail) };
}

function decideOne(context: Context, rule: CompiledRule): Decision {
  const { execution, observation, bracket } = context;
  if (execution.status !== "ran" && execution.status !== "prevented") return notAsked(execution);
  if (bracket.state !== "closed") return withoutBracket(context, bracket);

  const marked = markerInRule(context.trial.id, rule, bracket.act);
  if (marked !== null) {
    return {
      outcome: "undecided",
      cause: causeAt(
        "attribution",
        `the trial's marker stands in ${marked}, a field that the rule reads: the marker itself may be what fires`,
      ),
    };
  }
  const attributed = attributeAlerts({
    rule,
    alerts: observation.alerts,
    act: bracket.act,
    hostEvents: observation.events,
    host: bracket.begin.host,
    since: execution.startedAt === null ? observation.askedAt : Date.parse(execution.startedAt),
    backgroundMatches: observation.background[rule.id]?.matches ?? null,
  });
  if (attributed !== null && attributed.grade !== "ambiguous")
    return fired(context, rule, bracket, attributed);
  if (execution.status === "prevented") return notAsked(execution);
  if (attributed !== null) {
    return {
      outcome: "undecided",
      attribution: "ambiguous",
      evidence: [attributed.alert.id],
      cause: causeAt(
        "attribution",
        "an alert of the rule exists, but it cannot be told whether this trial or something else caused it",
      ),
    };
  }
  return silent(context, rule, bracket.act);
}

/** Without both sentinels nothing can be credited; the question is whether the telemetry is provably absent. */
function withoutBracket(context: Context, bracket: Exclude<Bracket, { state: "closed" }>): Decision {
  const { observation } = context;
  if (observation.state !== "complete") return siemUndecided(observation);
  if (bracket.state !== "missing")
    return { outcome: "undecided", cause: causeAt("attribution", bracket.detail) };
  if (observation.events.length > 0) {
    const detail =
      "no sentinel of the trial arrived although other events of the host did: its records may have been lost on the way";
    return { outcome: "undecided", cause: causeAt("ingest", detail) };
  }
  const lost = lossOf(observation);
  if (lost !== null) return { outcome: "undecided", cause: causeAt("host-log", lost) };
  const blind = context.trial.twin ? "undecided" : "blind";
  const { running, detail } = observation.sensor;
  if (running === false) {
    return {
      outcome: blind,
      cause: causeAt("host-log", `the sensor of the host is not running: ${detail}`),
    };
  }
  const waited = Math.round(observation.answeredAt - observation.askedAt);
  return {
    outcome: blind,
    cause: causeAt(
      "ingest",
      `nothing that the host did arrived within ${waited} ms, not even the sentinels`,
      {
        ...(running === true
          ? { holds: ["execution", "host-log"] }
          : { holds: ["execution"], untestable: { "host-log": `the sensor cannot be asked: ${detail}` } }),
      },
    ),
  };
}

function siemUndecided(observation: Observation): Decision {
  return {
    outcome: "undecided",
    cause: causeAt("siem", `the SIEM's answer is ${observation.state}: ${observation.stateDetail}`),
  };
}

/** An alert of the rule is this trial's. */
function fired(
  context: Context,
  rule: CompiledRule,
  bracket: Bracket & { state: "closed" },
  attributed: AlertAttribution,
): Decision {
  const { alert, grade, events } = attributed;
  const source = events[0] ?? bracket.act.find((event) => rule.matches(event));
  const base = {
    attribution: grade,
    tier: alert.tier,
    latency: latencyOf(bracket.begin, source, alert.evaluatedAt, alert.createdAt),
    evidence: [alert.id, ...events.map((event) => event.id)],
  } as const;
  if (alert.foldedInto !== null) {
    const detail = `the rule matched, and the SIEM folded the alert into ${alert.foldedInto}`;
    const outcome = context.trial.twin ? "false-alarm" : "suppressed";
    return { ...base, outcome, cause: causeAt("suppression", detail) };
  }
  if (!context.trial.twin) return { ...base, outcome: "detected" };
  const what = source === undefined ? "the twin" : `the twin's ${summaryOf(source)}`;
  return {
    ...base,
    outcome: "false-alarm",
    cause: {
      ...causeAt("clause", `the analytic fired for ${what}, a benign control: it is too broad`),
      nearest: source === undefined ? null : rule.explain(source),
    },
  };
}

/** No alert of the rule can be this trial's: a miss, or a twin's silence, if that can be proved. */
function silent(context: Context, rule: CompiledRule, act: readonly HostEvent[]): Decision {
  const { trial, observation } = context;
  if (observation.state !== "complete") return siemUndecided(observation);
  const lost = lossOf(observation);
  if (lost !== null) return { outcome: "undecided", cause: causeAt("host-log", lost) };

  if (context.execution.outlived === true) {
    const detail =
      "processes of the act outlived its end sentinel: what they did afterwards is not among its events";
    return { outcome: "undecided", cause: causeAt("attribution", detail) };
  }
  const read = act.filter((event) => rule.reads(event));
  if (read.length === 0) {
    const detail =
      act.length === 0
        ? "both sentinels arrived, but no event of the act did"
        : `the act's ${act.length} events are not of the log source that the rule reads`;
    return {
      outcome: trial.twin ? "undecided" : "blind",
      cause: causeAt(act.length === 0 ? "ingest" : "fields", detail),
    };
  }
  const status = observation.rules.find((candidate) => candidate.rule === rule.id);
  const problem = ruleProblem(status, read);
  if (problem !== null) {
    // A twin's silence counts only when the rule could have fired.
    return trial.twin && problem.outcome === "logged" ? { ...problem, outcome: "undecided" } : problem;
  }
  const matching = read.find((event) => rule.matches(event));
  const evidence = read.map((event) => event.id);
  if (matching !== undefined) {
    if (status?.evaluatedBy === "siem-rule") {
      const detail =
        "by its own text the rule matches, yet the SIEM gave no alert: an exception or a difference between the rule and its deployed form";
      return {
        outcome: trial.twin ? "undecided" : missed(context, rule, act),
        evidence,
        cause: causeAt("exception", detail),
      };
    }
    return {
      outcome: "undecided",
      evidence,
      cause: causeAt("evaluated", "the rule matches an event of the act, but no alert was kept"),
    };
  }
  if (trial.twin) return { outcome: "quiet", evidence };
  const untestable = {
    ...(lossesKnown(observation) ? {} : { "host-log": "the sensor's losses cannot be asked" }),
    exception: "the embedded SIEM has no exceptions",
    suppression: "nothing matched that could be suppressed",
  };
  return {
    outcome: missed(context, rule, act),
    evidence,
    cause: causeAt("clause", "no event of the act satisfies the rule", { untestable }, nearestOf(rule, read)),
  };
}

/** `other-alert` when another analytic fired for this very execution, else `logged`. */
function missed(context: Context, rule: CompiledRule, act: readonly HostEvent[]): "other-alert" | "logged" {
  const own = new Set(act.map((event) => event.id));
  const other = context.observation.alerts.some(
    (alert) =>
      alert.rule !== rule.id &&
      alert.sourceEvents !== null &&
      alert.sourceEvents.length > 0 &&
      alert.sourceEvents.every((id) => own.has(id)),
  );
  return other ? "other-alert" : "logged";
}

function summaryOf(event: HostEvent): string {
  const text = String(event.fields["CommandLine"] ?? event.fields["Image"] ?? event.id);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
