import type { Cause, DetectionOutcome, ExecutionStatus, Verdict } from "../../src/model/verdict.js";
import type { AlertVersion, SimulatedTrial, World } from "./model.js";
import { longestLagOf } from "./settings.js";
import { firstVisible } from "./supports.js";
import type { Truth } from "./truth.js";

/** Milliseconds by which a verifier may misjudge the present of the SIEM: twice the longest round trip of its clock's answer. */
const CLOCK_ERROR = 300;

/** A verdict held against the truth. */
export interface Assessment {
  /** Why the verdict is wrong; null when it is right. */
  readonly wrong: string | null;
  /** Whether the link that a miss names is the one that failed; null when there was no miss to explain. */
  readonly cause: boolean | null;
}

/** When a verdict was given, and the moment that the answers under it speak of: all of those that must agree. Our clock. */
export interface Given {
  readonly at: number;
  readonly answersOf: number;
  /** The host's own log was read: what was lost on the way is known. */
  readonly hostTold: boolean;
}

/**
 * What may be asserted of a trial at a moment: the one place where it counts what could be known. It may be less than what
 * is so (`undecided` always may be said, and is counted), never more. README.md names the sentence behind each rule.
 * @param status of the execution, as the verifier left it
 */
export function mayAssert(
  world: World,
  trial: SimulatedTrial,
  truth: Truth,
  verdict: Verdict,
  status: ExecutionStatus,
  given: Given,
): Assessment {
  const wrong =
    wrongStatus(trial, truth, status) ??
    (truth.marked && !unmarked.has(verdict.outcome)
      ? `${verdict.outcome}, and the marker stands in what the rule reads`
      : wrongOutcome(world, trial, truth, verdict, given));
  return { wrong, cause: causeOf(truth, verdict) };
}

/** What may be said although the marker stands in what the rule reads: nothing of what the rule did. */
const unmarked: ReadonlySet<DetectionOutcome> = new Set(["undecided", "pending", "blind"]);

function wrongStatus(
  { execution }: SimulatedTrial,
  { prevented }: Truth,
  status: ExecutionStatus,
): string | null {
  if (status === "prevented")
    return prevented ? null : "prevented, and no control refused an exec of the act";
  return status === execution.status ? null : `its execution became ${status}`;
}

/** Outcomes that are so in the end. */
function outcomesOf(
  { kind, whole, lostUntold, covered, throttled }: Truth,
  twin: boolean,
  { hostTold }: Given,
): DetectionOutcome[] {
  switch (kind) {
    case "fired":
      return [twin ? "false-alarm" : "detected"];
    case "folded":
    case "withheld":
      return [twin ? "false-alarm" : "suppressed"];
    case "no telemetry":
    case "no such log source":
      return twin ? [] : ["blind"];
    case "rule absent":
    case "rule disabled":
    case "outside the look-back":
      return twin ? [] : ["logged", "other-alert"];
    case "excepted":
      if (twin) return whole && covered && !throttled ? ["quiet"] : [];
      return ["logged", "other-alert"];
    case "clause not met":
      if (twin) return whole && covered && !throttled ? ["quiet"] : [];
      // That nothing of the act is what the rule looks for is said of all of it.
      return whole || lostUntold || hostTold ? ["logged", "other-alert"] : [];
    case "lost on the way":
      return twin ? [] : ["logged", "other-alert"];
    case "known value":
    case "counted with others":
    case "did not run":
      return [];
  }
}

function wrongOutcome(
  world: World,
  simulated: SimulatedTrial,
  truth: Truth,
  verdict: Verdict,
  given: Given,
): string | null {
  const { trial, endedAt } = simulated;
  const { outcome, tier, evidence, cause } = verdict;
  if (outcome === "undecided") return null;
  const isSo = outcomesOf(truth, trial.twin, given).includes(outcome);
  const untrue = `${outcome}, and the truth is: ${truth.kind}`;
  switch (outcome) {
    case "pending":
      if (seenBy(world, truth.standing, given)) return "pending, and its alert was there to be seen";
      return given.answersOf > truth.settledAt + CLOCK_ERROR ? "pending, and nothing is due any more" : null;
    case "detected":
      if (!isSo) return untrue;
      return (
        wrongAlert(truth.standing, evidence, tier, given) ?? wrongIngest(world, simulated, truth, verdict)
      );
    case "false-alarm":
      return isSo ? wrongAlert([...truth.standing, ...truth.folded], evidence, tier, given) : untrue;
    case "suppressed": {
      if (truth.kind === "withheld") return null;
      if (!isSo) return untrue;
      return wrongAlert(truth.folded, evidence, tier, given);
    }
    case "blind":
      if (!isSo) return untrue;
      return given.answersOf < endedAt + longestLagOf(world.settings) - CLOCK_ERROR
        ? "blind before its telemetry was due"
        : null;
    case "logged":
    case "other-alert":
    case "quiet": {
      if (!isSo) return untrue;
      if (truth.kind === "lost on the way" && !namesLink(truth, cause))
        return `${outcome}, and what the rule looks for was lost: it says nothing of that`;
      if (given.answersOf < truth.deadlineAt - CLOCK_ERROR && isEvaluated(truth))
        return `${outcome} before the deadline`;
      if (outcome === "other-alert" && !(Number(firstVisible(truth.others) ?? Infinity) <= given.at))
        return "other-alert, and no other analytic had fired for it alone";
      if (outcome === "logged" && seenBy(world, truth.others.filter(tells(truth)), given))
        return "logged, and another analytic had fired for it alone";
      return null;
    }
  }
}

/** Whether the alert that a verdict rests on is one of those that stand for the act, and was there, as it is said to be. */
function wrongAlert(
  versions: readonly AlertVersion[],
  evidence: readonly string[],
  tier: Verdict["tier"],
  { at, answersOf }: Given,
): string | null {
  const named = versions.filter(({ alert }) => alert.id === evidence[0]);
  if (named.length === 0) return `the alert ${evidence[0]} does not stand for it`;
  const visible = named.filter(({ visibleAt }) => visibleAt <= at);
  if (visible.length === 0) return `the alert ${evidence[0]} was not there yet`;
  // Any state that it had since the answers: a later one comes as a revision.
  const last = visible.findLast(({ visibleAt }) => visibleAt <= answersOf);
  const states = visible.filter((version) => version === last || version.visibleAt > answersOf);
  return states.some(({ alert }) => alert.tier === tier) ? null : `its tier was not ${tier}`;
}

/** The time to the SIEM is that of an event's first copy; a partial answer may have lacked that one. */
function wrongIngest(
  { settings }: World,
  { rule }: SimulatedTrial,
  { act }: Truth,
  { evidence, latency }: Verdict,
): string | null {
  const { ingest } = latency;
  if (ingest === null || settings.partial > 0) return null;
  // An alert of several events is timed from the one that completed what the rule needs: one of those that it names.
  const named = rule.contributes === undefined ? evidence.slice(1, 2) : evidence.slice(1);
  const took = act.flatMap(({ record, copies: [first] }) =>
    first !== undefined && named.includes(record.id) ? [first.ingestedAt - first.time] : [],
  );
  if (took.length === 0 || took.some((one) => Math.abs(one - ingest) < 1)) return null;
  return `it took ${took.join(" or ")} ms to the SIEM, and not ${ingest}`;
}

/** A rule that is not there or not enabled has no deadline: nothing is evaluated. */
function isEvaluated({ kind }: Truth): boolean {
  return kind !== "rule absent" && kind !== "rule disabled" && kind !== "lost on the way";
}

/** Only alerts that name a host or are of the analytic can be asked for (`Siem.alerts`), and those must say whose they are. */
function tells({ act }: Truth): (version: AlertVersion) => boolean {
  const own = new Set(act);
  return ({ alert, sources }) =>
    alert.host !== null && alert.sourcesWhole && sources.every((event) => own.has(event));
}

/** Whether every answer under the verdict must have shown one of them: none was behind, forgetful or down at the time. */
function seenBy(world: World, versions: readonly AlertVersion[], { at, answersOf }: Given): boolean {
  const first = firstVisible(versions);
  if (first === null) return false;
  const behind = world.spans
    .filter(({ kind, from, until }) => kind !== "busy" && from <= at && until >= answersOf)
    .map(({ kind, behindMs }) => (kind === "stale" || kind === "stale-unsaid" ? behindMs : Infinity));
  return first < answersOf - Math.max(0, ...behind);
}

/** A miss is explained when it names the first link that failed, or says of that one that it could not be tested. */
function namesLink({ links }: Truth, cause: Cause | null): boolean {
  if (cause === null) return false;
  return (
    links.has(cause.link) ||
    [...links].every((link) => cause.untested.some((untested) => untested.link === link))
  );
}

function causeOf(truth: Truth, { outcome, cause }: Verdict): boolean | null {
  const explained =
    outcome === "logged" || outcome === "other-alert" || outcome === "blind" || outcome === "suppressed";
  if (!explained) return null;
  if (!namesLink(truth, cause)) return false;
  return cause?.link !== "clause" || truth.kind !== "clause not met" || isNearest(truth, cause);
}

/** A clause is named by an event of the act, the field that the rule reads, and the value that the event has there. */
function isNearest({ act }: Truth, { nearest, detail }: Cause): boolean {
  if (nearest === null) return detail.includes("fewer than the rule needs");
  const event = act.find(({ record }) => record.id === nearest.event);
  if (event === undefined || nearest.unmet.length === 0) return false;
  return nearest.unmet.every(
    ({ field, found }) => field !== null && String(event.record.fields[field] ?? "") === (found ?? ""),
  );
}
