import type { CompiledRule } from "../detection/rule.js";
import type { HostEvent } from "../model/event.js";
import type { Execution } from "../model/execution.js";
import type { Observation } from "../model/observation.js";
import type { Expectation } from "../model/playbook.js";
import type { Trial } from "../model/trial.js";
import type { Background, Verdict } from "../model/verdict.js";
import { apiBracketOf, channelOf, together } from "./api-bracket.js";
import { type AlertAttribution, attributeAlerts } from "./attribution.js";
import { bracketOf } from "./bracket.js";
import type { Bracket, KnownBracket, UntoldBracket } from "./bracket-model.js";
import { causeAt, summaryOf } from "./cause.js";
import { completing, sharedWithOthers, shortfall } from "./contribution.js";
import { type Context, type Decision, orUndecided } from "./decision.js";
import { couldCause, evaluationProblem, ruleProblem } from "./evaluation.js";
import { latencyOf, noLatency } from "./latency.js";
import { isExpected } from "./prevention.js";
import { alertQuality } from "./quality.js";
import { uniqueInOrder } from "./records.js";
import { silent, unplacedThatCounts } from "./silence.js";
import { readsActivities } from "./windows-activity.js";
import { withoutDoubt } from "./wine-doubt.js";
import {
  answerProblem,
  circumstancesOf,
  lossOf,
  markerInRule,
  mayStillArrive,
  notShipped,
  rivalProblem,
} from "./witness.js";

/** What a verdict is computed from. Nothing else may be read: the same input gives the same verdict for ever. */
export interface Question {
  readonly trial: Trial;
  readonly execution: Execution;
  /** Null when the SIEM was not asked (the trial did not run). */
  readonly observation: Observation | null;
  /** By analytic id. */
  readonly rules: ReadonlyMap<string, CompiledRule>;
}

/** The verdicts of a trial, one for each expectation. Pure; the order and repetition of what was observed do not matter. */
export function decide(question: Question): Verdict[] {
  const { trial } = question;
  const observation = question.observation === null ? null : inOrder(question.observation);
  const missing = observation === null ? [] : notShipped(observation);
  const lost = new Set(missing.map(({ id }) => id));
  const brackets =
    observation === null ? null : bracketsOf(question, observation, [...observation.events, ...missing]);
  return trial.expectations.map((expectation) => {
    const rule = question.rules.get(expectation.analytic);
    if (rule === undefined) throw new Error(`the plan has no analytic ${expectation.analytic}`);
    const decision =
      observation === null || brackets === null
        ? notAsked(question.execution)
        : orUndecided(() => {
            const bracket = brackets(rule);
            const decided = decideOne({ ...question, observation, lost }, bracket, rule, expectation);
            const ofWine = trial.fidelity === "wine" && "act" in bracket;
            return ofWine ? withoutDoubt(trial, rule, bracket.act, decided) : decided;
          });
    return verdictOf(question, expectation, rule, decision);
  });
}

/** The bracket of a trial by the channel that a rule reads. */
function bracketsOf(
  { trial, execution }: Question,
  observation: Observation,
  events: readonly HostEvent[],
): (rule: CompiledRule) => Bracket {
  const programs = bracketOf(trial, events, circumstancesOf(execution, observation));
  if (trial.platform !== "cloud") return () => programs;
  const api = apiBracketOf(trial, events);
  const both = together(programs, api);
  return (rule) => ({ programs, api, both })[channelOf(rule)];
}

function inOrder(observation: Observation): Observation {
  const alerts = observation.alerts.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  return { ...observation, alerts };
}

function verdictOf(
  question: Question,
  expectation: Expectation,
  rule: CompiledRule,
  decision: Decision,
): Verdict {
  const status = question.observation?.rules.find((candidate) => candidate.rule === rule.id);
  const background: Background | null = question.observation?.background[rule.id] ?? null;
  // An alert that a SIEM keeps under the rule's name was made by the rule that is deployed there.
  const shipped = question.observation?.delivery.type === "shipped";
  const tierMet = expectation.tier === undefined || decision.tier === expectation.tier;
  return {
    analytic: rule.id,
    title: rule.title,
    expected: expectation.outcome,
    outcome: decision.outcome,
    met: decision.outcome === expectation.outcome && tierMet && isExpected(question.execution, expectation),
    tier: decision.tier ?? null,
    evaluatedBy: status?.evaluatedBy ?? (shipped ? "siem-rule" : "embedded"),
    attribution: decision.attribution ?? null,
    background,
    latency: decision.latency ?? noLatency,
    evidence: [...(decision.evidence ?? [])],
    cause: decision.cause ?? null,
    ...(question.trial.recorded === undefined ? {} : { recordedBy: question.trial.recorded.recorder }),
    ...(decision.quality === undefined || decision.quality.length === 0
      ? {}
      : { quality: [...decision.quality] }),
    revision: 1,
  };
}

/** A trial that did not run has no detection to speak of. */
function notAsked(execution: Execution): Decision {
  const detail = execution.reason?.message ?? "the SIEM was not asked";
  return { outcome: "undecided", cause: causeAt(execution.status === "ran" ? "siem" : "execution", detail) };
}

function decideOne(
  context: Context,
  bracket: Bracket,
  rule: CompiledRule,
  expectation: Expectation,
): Decision {
  const { execution, observation } = context;
  if (execution.status !== "ran" && execution.status !== "prevented") return notAsked(execution);
  if (bracket.state === "missing") return unseen(context, rule);
  if (!("act" in bracket)) return untold(context, bracket);
  const unsure = context.trial.recorded === undefined ? null : rivalProblem(observation);
  if (unsure !== null) return unsure;

  const marked = markerInRule(context.trial.id, rule, bracket.act);
  if (marked !== null) {
    const detail = `the trial's marker stands in ${marked}, a field that the rule reads: the marker itself may be what fires`;
    return { outcome: "undecided", cause: causeAt("attribution", detail) };
  }
  const host = bracket.begin?.host ?? bracket.end?.host ?? context.trial.telemetryHost;
  const status = observation.rules.find((candidate) => candidate.rule === rule.id);
  const attributed = attributeAlerts({
    rule,
    alerts: observation.alerts,
    act: arrived(context, bracket),
    competitors: competitorsOf(observation),
    couldCause: (event, alert) => couldCause(status, context, bracket, event, alert),
    host,
    since: sinceOf(context),
    backgroundMatches: observation.background[rule.id]?.matches ?? null,
    asWritten: status?.evaluatedBy === "embedded",
    tier: expectation.tier,
  });
  const [best] = attributed;
  if (best === undefined)
    return execution.status === "prevented" ? notAsked(execution) : silent(context, rule, bracket);
  if (best.grade === "ambiguous") return ambiguous(context, rule, best);
  const standing = attributed.find(({ alert }) => alert.foldedInto === null);
  if (best.alert.foldedInto !== null && standing !== undefined) {
    // A folded alert is ours, and another may be that stands: then it is not known whether one was withheld.
    return standing.grade === "ambiguous"
      ? ambiguous(context, rule, standing)
      : fired(context, rule, bracket, standing);
  }
  return fired(context, rule, bracket, best);
}

function ambiguous(
  { execution }: Context,
  rule: CompiledRule,
  { alert, events }: AlertAttribution,
): Decision {
  if (execution.status === "prevented") return notAsked(execution);
  const detail =
    sharedWithOthers(rule, events) ??
    "an alert of the rule exists, but it cannot be told whether this trial or something else caused it";
  return {
    outcome: "undecided",
    attribution: "ambiguous",
    evidence: [alert.id],
    cause: causeAt("attribution", detail),
  };
}

/** All events of the host that an alert of this answer can have been made from; null when some of them were not asked for. */
function competitorsOf(observation: Observation): readonly HostEvent[] | null {
  return observation.state === "complete" && observation.surroundings
    ? uniqueInOrder(observation.events)
    : null;
}

function untold(context: Context, bracket: UntoldBracket): Decision {
  const problem = answerProblem(context.observation);
  if (problem !== null) return problem;
  // That others' execution is not among the records may as well mean that it never ran.
  const isOurs = context.trial.recorded === undefined;
  const link = bracket.state === "open" && isOurs ? "ingest" : "attribution";
  return { outcome: "undecided", cause: causeAt(link, bracket.detail) };
}

/** No sentinel arrived. Nothing can be credited; the question is whether the telemetry is provably absent. */
function unseen(context: Context, rule: CompiledRule): Decision {
  const { observation, trial } = context;
  const problem = answerProblem(observation);
  if (problem !== null) return problem;
  if (observation.events.length > 0) {
    const detail =
      "no sentinel of the trial arrived although other events of the host did: its records may have been lost on the way";
    return { outcome: "undecided", cause: causeAt("ingest", detail) };
  }
  const since = sinceOf(context);
  const alert = observation.alerts.find(
    ({ rule: id, host, updatedAt }) =>
      id === rule.id && updatedAt >= since && (host === null || host === trial.telemetryHost),
  );
  if (alert !== undefined) {
    const detail = `nothing that the host did can be found, yet the rule fired (${alert.id})`;
    return { outcome: "undecided", evidence: [alert.id], cause: causeAt("ingest", detail) };
  }
  if (mayStillArrive(observation)) {
    const detail = "nothing that the host did has arrived yet; it may still come";
    return { outcome: "undecided", cause: causeAt("ingest", detail) };
  }
  const lost = lossOf(observation);
  if (lost !== null) return { outcome: "undecided", cause: causeAt("host-log", lost) };
  const blind = trial.twin ? "undecided" : "blind";
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
      running === true && recordsPrograms(rule, trial)
        ? { holds: ["execution", "host-log"] }
        : { holds: ["execution"], untestable: { "host-log": untested(running, detail) } },
    ),
  };
}

/** Whether the rule reads the log source of started programs: that is the one of which a running sensor is known to record. */
function recordsPrograms(rule: CompiledRule, { platform }: Trial): boolean {
  // The client of a cloud is a host with Linux.
  const logsource = { product: platform === "cloud" ? "linux" : platform, category: "process_creation" };
  return rule.reads({ id: "", logsource, fields: {} });
}

function untested(running: boolean | null, detail: string): string {
  return running === true
    ? "the sensor runs; whether it records the log source that the rule reads is not known"
    : `the sensor cannot be asked: ${detail}`;
}

/** An alert of the rule is this trial's. */
function fired(
  context: Context,
  rule: CompiledRule,
  bracket: KnownBracket,
  attributed: AlertAttribution,
): Decision {
  const { alert, grade, events } = attributed;
  const source = completing(rule, attributed, arrived(context, bracket));
  const base = {
    attribution: grade,
    tier: alert.tier,
    latency: latencyOf(bracket.begin, source, alert.evaluatedAt, alert.createdAt),
    evidence: [alert.id, ...events.map((event) => event.id)],
    quality: alertQuality({
      alert,
      rule,
      trial: context.trial,
      events: events.length > 0 || source === undefined ? events : [source],
    }),
  } as const;
  if (alert.foldedInto !== null && !context.trial.twin) {
    const mayStand = standingAlertMayCome(context, rule, bracket);
    if (mayStand !== null) return mayStand;
    const detail = `the rule matched, and the SIEM folded the alert into ${alert.foldedInto}`;
    return { ...base, outcome: "suppressed", cause: causeAt("suppression", detail) };
  }
  if (!context.trial.twin) return { ...base, outcome: "detected" };
  const what = source === undefined ? "the twin" : `the twin's ${summaryOf(source)}`;
  const folded = alert.foldedInto === null ? "" : `, and the SIEM folded the alert into ${alert.foldedInto}`;
  const detail = `the analytic fired for ${what}, a benign control: it is too broad${folded}`;
  const together = shortfall(rule, events);
  return {
    ...base,
    outcome: "false-alarm",
    cause:
      together === null
        ? { ...causeAt("clause", detail), nearest: source === undefined ? null : rule.explain(source) }
        : causeAt("clause", `${detail}: ${together.detail}`),
  };
}

/** A folded alert is final only when nothing of the act can raise one that stands any more. */
function standingAlertMayCome(context: Context, rule: CompiledRule, bracket: KnownBracket): Decision | null {
  const { execution, observation } = context;
  const doubt = answerProblem(observation);
  if (doubt !== null) return doubt;
  const detail = "an alert was folded, and other events of the act may still raise one that stands";
  if (execution.outlived === true) return { outcome: "undecided", cause: causeAt("attribution", detail) };
  const unplaced = unplacedThatCounts(context, rule, bracket);
  if (unplaced !== null) return unplaced;
  if ((bracket.unseen !== 0 || readsActivities(context.trial, rule)) && mayStillArrive(observation))
    return { outcome: "pending", cause: causeAt("evaluated", detail) };
  const status = observation.rules.find((candidate) => candidate.rule === rule.id);
  if (status === undefined) return ruleProblem(status);
  const waiting = evaluationProblem(
    status,
    observation,
    arrived(context, bracket).filter((event) => rule.reads(event)),
  );
  return waiting?.outcome === "pending" ? waiting : null;
}

/** The act's events that are in the SIEM: no alert can stand for others. */
function arrived({ lost }: Context, { act }: KnownBracket): HostEvent[] {
  return act.filter(({ id }) => !lost.has(id));
}

/** When the act began, by the SIEM's clock: not later than this. */
function sinceOf({ execution, observation }: Context): number {
  const { offsetMs, errorMs } = observation.clock;
  const startedAt = execution.startedAt === null ? observation.askedAt : Date.parse(execution.startedAt);
  return startedAt + offsetMs - errorMs;
}
