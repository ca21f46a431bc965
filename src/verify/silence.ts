import type { CompiledRule } from "../detection/rule.js";
import type { HostEvent } from "../model/event.js";
import type { RuleStatus } from "../model/observation.js";
import type { CauseLink } from "../model/verdict.js";
import type { KnownBracket } from "./bracket-model.js";
import { causeAt, nearestOf, summaryOf, withUntested } from "./cause.js";
import { counts, groupOf, mayCount, type Shortfall, shortfall } from "./contribution.js";
import type { Context, Decision } from "./decision.js";
import { evaluationProblem, ruleProblem, throttleOf } from "./evaluation.js";
import { readsActivities } from "./windows-activity.js";
import { answerProblem, telemetryProblem } from "./witness.js";

/** No alert of the rule can be this trial's: a miss, or a twin's silence, if that can be proved. The first doubt ends it. Pure. */
export function silent(context: Context, rule: CompiledRule, bracket: KnownBracket): Decision {
  const decision = silence(context, rule, bracket);
  const lost = bracket.act.filter((event) => context.lost.has(event.id) && rule.reads(event));
  if (lost.length === 0 || decision.cause === undefined) return decision;
  const reason = `${lost.length} of the act's records that the rule reads did not reach the SIEM`;
  return { ...decision, cause: withUntested(decision.cause, "ingest", reason) };
}

function silence(context: Context, rule: CompiledRule, bracket: KnownBracket): Decision {
  const { execution, observation, trial, lost } = context;
  const act = bracket.act;
  const doubt = answerProblem(observation) ?? telemetryProblem(observation, bracket);
  if (doubt !== null) return doubt;
  if (execution.outlived === true) {
    const detail =
      "processes of the act outlived its end sentinel: what they did afterwards is not among its events";
    return { outcome: "undecided", cause: causeAt("attribution", detail) };
  }
  const unclear = unclearCommand(context, rule, bracket);
  if (unclear !== null) return unclear;
  const unplaced = unplacedThatCounts(context, rule, bracket);
  if (unplaced !== null) return unplaced;
  const recorded = act.filter((event) => rule.reads(event));
  if (recorded.length === 0) return unread(context, rule, bracket);
  const read = recorded.filter(({ id }) => !lost.has(id));
  const unshipped = recorded.filter(({ id }) => lost.has(id));
  const unseen = unseenOnTheWay(context, rule, read, unshipped);
  if (unseen !== null) return unseen;

  const status = observation.rules.find((candidate) => candidate.rule === rule.id);
  const absent = ruleProblem(status);
  if (status === undefined) return absent ?? { outcome: "undecided" };
  const matching = read.filter((event) => counts(rule, event));
  const waiting = evaluationProblem(status, observation, read, matching.length > 0 ? matching : read);
  if (waiting?.outcome === "pending") return waiting;
  const wanted = unshipped.find((event) => counts(rule, event));
  if (wanted !== undefined && rule.satisfiedBy(recorded)) {
    const detail = `the host recorded ${summaryOf(wanted)}, which the rule looks for, and it did not reach the SIEM`;
    return { outcome: missed(context, rule, act), evidence: [wanted.id], cause: causeAt("ingest", detail) };
  }
  const satisfied = rule.satisfiedBy(matching);
  // Of what the processes did something may be missing that nothing tells of; only a rule that is not there has surely missed it.
  if (absent === null && (trial.twin || !satisfied) && readsActivities(trial, rule)) {
    const detail =
      "no event of the act that arrived made the rule fire, and no sentinel proves that all did of what its processes did";
    return { outcome: "undecided", evidence: read.map(({ id }) => id), cause: causeAt("ingest", detail) };
  }
  const without = absent ?? waiting;
  if (without !== null) {
    // A twin's silence counts only when the rule could have fired.
    const outcome = trial.twin || without.outcome !== "logged" ? "undecided" : missed(context, rule, act);
    return { ...without, outcome };
  }

  const evidence = read.map((event) => event.id);
  const withheld = satisfied || trial.twin ? throttleOf(status, observation, read) : null;
  if (withheld !== null) return { outcome: "undecided", evidence, cause: causeAt("suppression", withheld) };
  if (satisfied) return matchedInVain(context, rule, status, act, evidence);
  const short = matching.length === 0 ? null : besideOthers(observation, rule, matching);
  if (trial.twin) return quiet(observation, evidence, short);
  return { outcome: missed(context, rule, act), evidence, cause: unmet(context, rule, read, short) };
}

/**
 * A command between the sentinels that the rule looks for, and of which the log of the network device does not tell whose it was: it
 * names no session, or another of the device's programs logged it, whose connection is not known to be the act's. Null when there is
 * none.
 */
function unclearCommand(
  { observation }: Context,
  rule: CompiledRule,
  { begin, end, act }: KnownBracket,
): Decision | null {
  if (begin?.kind !== "command" || end === null) return null;
  const own = new Set(act.map(({ id }) => id));
  const unclear = observation.events.find(
    (event) =>
      event.sensor === begin.sensor &&
      event.sequence > begin.sequence &&
      event.sequence < end.sequence &&
      !own.has(event.id) &&
      (event.session === null || event.fields["Daemon"] !== begin.fields["Daemon"]) &&
      mayCount(rule, event),
  );
  if (unclear === undefined) return null;
  const detail = `the device logged ${summaryOf(unclear)} between the sentinels, and its log does not tell whose it was`;
  return { outcome: "undecided", evidence: [unclear.id], cause: causeAt("attribution", detail) };
}

/**
 * An event that may be the act's and that the rule looks for or an alert stands for; null when there is none. Another analytic's alert
 * counts where it would make the miss an `other-alert`: not for a twin.
 */
export function unplacedThatCounts(
  { observation, trial }: Context,
  rule: CompiledRule,
  { unplaced = [] }: KnownBracket,
): Decision | null {
  const event = unplaced.find((one) => mayCount(rule, one));
  if (event !== undefined) {
    const detail = `the rule looks for ${summaryOf(event)}, which ran meanwhile, and nothing tells whether the act started it`;
    return { outcome: "undecided", evidence: [event.id], cause: causeAt("attribution", detail) };
  }
  const ids = new Set(unplaced.map(({ id }) => id));
  const alert = observation.alerts.find(
    (one) => (one.rule === rule.id || !trial.twin) && one.sourceEvents?.some((id) => ids.has(id)) === true,
  );
  if (alert === undefined) return null;
  const detail = `the alert ${alert.id} stands for something that ran meanwhile, and nothing tells whether the act started it`;
  return { outcome: "undecided", evidence: [alert.id], cause: causeAt("attribution", detail) };
}

/** How near the act came to a rule over several events, and the alert that it helped others to raise. */
function besideOthers(
  { alerts }: Context["observation"],
  rule: CompiledRule,
  matching: readonly HostEvent[],
): Shortfall | null {
  const short = shortfall(rule, matching);
  const shared = alerts.find(
    (alert) => alert.rule === rule.id && matching.some(({ id }) => alert.sourceEvents?.includes(id) === true),
  );
  if (short === null || shared === undefined) return short;
  const detail = `${short.detail} The alert ${shared.id} needed others' events of the same group (${groupOf(rule, matching)}).`;
  return { ...short, detail };
}

/**
 * What follows already from which of the act's records did not reach the SIEM, though the host recorded them; null when nothing
 * does.
 */
function unseenOnTheWay(
  { observation, trial }: Context,
  rule: CompiledRule,
  read: readonly HostEvent[],
  unshipped: readonly HostEvent[],
): Decision | null {
  const [first] = unshipped;
  if (first === undefined) return null;
  const what = `the host recorded ${summaryOf(first)}${unshipped.length > 1 ? ` and ${unshipped.length - 1} more` : ""}`;
  const lost = new Set(unshipped.map(({ id }) => id));
  const known = observation.alerts.some(
    (alert) => alert.rule === rule.id && alert.sourceEvents?.some((id) => lost.has(id)) === true,
  );
  if (known) {
    const detail = `${what}, which the SIEM does not show, although an alert of the rule names it`;
    return { outcome: "undecided", cause: causeAt("ingest", detail) };
  }
  if (trial.twin) {
    const detail = `${what}, and that did not reach the SIEM: the rule has not seen all of the twin`;
    return { outcome: "undecided", cause: causeAt("ingest", detail) };
  }
  if (read.length > 0) return null;
  return {
    outcome: "blind",
    evidence: unshipped.map(({ id }) => id),
    cause: causeAt("ingest", `${what}; nothing of it that the rule reads reached the SIEM`),
  };
}

/**
 * A twin at which the rule stayed silent: proved only where what the kernel drops, before it is numbered, is counted.
 * @param short how near its events came to a rule over several events; null when none counts toward it
 */
function quiet(
  { sensor }: Context["observation"],
  evidence: readonly string[],
  short: Shortfall | null,
): Decision {
  if (short?.counted === false) {
    const detail = `the rule could not have fired, whatever the twin did: ${short.detail}`;
    return { outcome: "undecided", evidence, cause: causeAt("fields", detail) };
  }
  if (sensor.lostBefore !== null && sensor.lostAfter !== null) {
    const told = short === null ? {} : { cause: causeAt("clause", short.detail) };
    return { outcome: "quiet", evidence, ...told };
  }
  const detail =
    "no number is missing, but the sensor's losses cannot be asked: a record that was dropped unnumbered would go unseen";
  return { outcome: "undecided", evidence, cause: causeAt("host-log", detail) };
}

/** Both edges are there, and nothing between them is of the log source that the rule reads. */
function unread({ observation, trial }: Context, rule: CompiledRule, bracket: KnownBracket): Decision {
  const { act, begin, end } = bracket;
  const blind = trial.twin ? "undecided" : "blind";
  const edge = begin ?? end;
  const what =
    act.length === 0
      ? "both sentinels arrived, and the host recorded nothing of the act between them"
      : `the act's ${act.length} events are not of the log source that the rule reads`;
  // Log sources of a host travel apart: the sentinels prove only their own.
  // What a host of Wine lacks is told apart (`withoutDoubt`).
  const ofWindows = trial.platform === "windows" && trial.fidelity !== "wine";
  const apart =
    observation.delivery.type === "shipped" ||
    ofWindows ||
    ["network", "hypervisor"].includes(trial.platform);
  const isProved = edge === null ? !ofWindows : rule.reads(edge) && !readsActivities(trial, rule);
  if (apart && !isProved) {
    return { outcome: "undecided", cause: causeAt("ingest", `${what}, and no sentinel proves that one`) };
  }
  return { outcome: blind, cause: causeAt(act.length === 0 ? "host-log" : "fields", what) };
}

/** By its own text the rule is satisfied, it was evaluated, and there is no alert. */
function matchedInVain(
  context: Context,
  rule: CompiledRule,
  status: RuleStatus,
  act: readonly HostEvent[],
  evidence: readonly string[],
): Decision {
  const undecided = (link: CauseLink, detail: string): Decision => ({
    outcome: "undecided",
    evidence,
    cause: causeAt(link, detail),
  });
  if (status.stateful) {
    const detail = "the rule remembers what it has seen: it may have known the value already";
    return undecided("exception", detail);
  }
  const severalEvents = rule.contributes !== undefined;
  // Others' events can keep a rule over several from firing, as with `eq`: a twin's silence is then not its own.
  if (severalEvents && (status.evaluatedBy !== "siem-rule" || context.trial.twin)) {
    const group = groupOf(
      rule,
      act.filter((event) => counts(rule, event)),
    );
    const detail = `the act's events alone satisfy the rule, but no alert was kept: others' of the same group (${group}) may have been counted with them, or some came too late`;
    return undecided("evaluated", detail);
  }
  if (status.evaluatedBy !== "siem-rule")
    return undecided("evaluated", "the rule matches an event of the act, but no alert was kept");
  const detail =
    "by its own text the rule matches, yet the SIEM gave no alert: an exception or a difference between the rule and its deployed form";
  if (context.trial.twin) {
    // It was evaluated and nothing withheld it: the deployed analytic is silent about it, whatever its text says.
    const silence = quiet(context.observation, evidence, null);
    return silence.outcome === "quiet" ? { ...silence, cause: causeAt("exception", detail) } : silence;
  }
  return { outcome: missed(context, rule, act), evidence, cause: causeAt("exception", detail) };
}

function unmet(
  { observation }: Context,
  rule: CompiledRule,
  read: readonly HostEvent[],
  short: Shortfall | null,
): NonNullable<Decision["cause"]> {
  const { lostBefore, lostAfter } = observation.sensor;
  const untestable = {
    ...(lostBefore !== null && lostAfter !== null
      ? {}
      : { "host-log": "the sensor's losses cannot be asked" }),
    exception: "nothing matched that could be excepted",
    suppression: "nothing matched that could be suppressed",
  };
  if (short !== null) return causeAt(short.counted ? "clause" : "fields", short.detail, { untestable });
  return causeAt("clause", "no event of the act satisfies the rule", { untestable }, nearestOf(rule, read));
}

/** `other-alert` when another analytic fired for this very execution, else `logged`. */
function missed(context: Context, rule: CompiledRule, act: readonly HostEvent[]): "other-alert" | "logged" {
  const ownById = new Map(act.map((event) => [event.id, event]));
  const other = context.observation.alerts.some((alert) => {
    if (alert.rule === rule.id || alert.sourceEvents === null) return false;
    const own = alert.sourceEvents.flatMap((id) => ownById.get(id) ?? []);
    if (own.length === 0) return false;
    const alone = alert.sourcesWhole && own.length === alert.sourceEvents.length;
    return alone || context.rules.get(alert.rule)?.satisfiedBy(own) === true;
  });
  return other ? "other-alert" : "logged";
}
