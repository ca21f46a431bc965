import type { Evaluation } from "../../src/model/observation.js";
import { AlertMaker } from "./alert-maker.js";
import type {
  Deployment,
  RuleHistory,
  ScheduledDeployment,
  SiemClock,
  SimulatedAlert,
  SimulatedEvent,
} from "./model.js";
import type { Random } from "./random.js";
import type { Settings } from "./settings.js";

/** The time within which the events of a streaming threshold rule must arrive. */
const COUNT_WINDOW = 10 * 60_000;
/** A rule whose interval is longer is evaluated at some hour of the day, and the next day again. */
const LONG_INTERVAL = 6 * 3_600_000;

export interface RulesInput {
  readonly deployments: readonly Deployment[];
  readonly events: readonly SimulatedEvent[];
  readonly siemClock: SiemClock;
  readonly alertDelay: Settings["alertDelay"];
  readonly random: Random;
  readonly from: number;
  readonly until: number;
}

/** A copy of an event, as the rules see it arrive. */
interface Hit {
  readonly event: SimulatedEvent;
  readonly arrival: number;
}

/** Runs the SIEM's rules over everything that ever arrives. */
export function runRules(input: RulesInput): { rules: Map<string, RuleHistory>; alerts: SimulatedAlert[] } {
  const rules = new Map<string, RuleHistory>();
  const alerts: SimulatedAlert[] = [];
  // No analytic looks for another program: not to ask about the others saves half of the time.
  const programs = new Set(["base64", "bash", "/bin/sleep"]);
  const arrived = input.events.filter(
    ({ arrivals, record }) => arrivals.length > 0 && programs.has(record.argv[0] ?? ""),
  );
  for (const deployment of input.deployments) {
    const maker = new AlertMaker(deployment, input.siemClock, input.alertDelay, input.random.fork());
    const { schedule, present, enabled } = deployment;
    const random = input.random.fork();
    const hits =
      present && enabled
        ? arrived
            .filter((event) => deployment.fires(event))
            .flatMap((event) => event.arrivals.map((arrival): Hit => ({ event, arrival })))
            .sort((one, other) => one.arrival - other.arrival)
        : [];
    const evaluations = schedule.type === "scheduled" ? evaluationsOf(schedule, input, random) : [];
    if (schedule.type === "streaming") stream(deployment, hits, maker);
    else evaluate(deployment, schedule, hits, evaluations, maker, input.siemClock);
    rules.set(deployment.text.id, {
      deployment,
      evaluations: present && enabled ? evaluations : [],
      throttles: maker.throttles,
      fates: maker.fates,
    });
    alerts.push(...maker.alerts);
  }
  return { rules, alerts };
}

/** Each event once, as it arrives; a rule that repeats itself fires again for a copy. */
function stream(deployment: Deployment, hits: readonly Hit[], maker: AlertMaker): void {
  const { count, repeats, firstSeen } = deployment;
  const seen = new Set<SimulatedEvent>();
  const known = new Set<string>();
  const waiting = new Map<string, Hit[]>();
  for (const hit of hits) {
    const { event, arrival } = hit;
    if (seen.has(event) && !(repeats && count === 1)) continue;
    seen.add(event);
    if (firstSeen && !learn(known, event, maker)) continue;
    if (count === 1) {
      maker.fire([event], arrival);
      continue;
    }
    const host = event.record.host;
    const recent = (waiting.get(host) ?? []).filter((one) => one.arrival >= arrival - COUNT_WINDOW);
    recent.push(hit);
    waiting.set(host, recent);
    if (recent.length < count) continue;
    maker.fire(
      recent.map((one) => one.event),
      arrival,
    );
    waiting.delete(host);
  }
}

/** Whether the value is new to the rule. */
function learn(known: Set<string>, event: SimulatedEvent, maker: AlertMaker): boolean {
  const value = event.record.argv.join(" ");
  if (known.has(value)) {
    maker.fates.set(event.record.id, "known");
    return false;
  }
  known.add(value);
  return true;
}

function evaluationsOf(schedule: ScheduledDeployment, input: RulesInput, random: Random): Evaluation[] {
  const { intervalMs, lookBackMs, runMs, skipped } = schedule;
  const long = intervalMs > LONG_INTERVAL;
  const first =
    input.from -
    (long ? intervalMs : 0) +
    random.between(0, long ? intervalMs : Math.min(intervalMs, 60_000));
  const until = long ? input.until + 2 * intervalMs : input.until;
  const evaluations: Evaluation[] = [];
  for (let at = first; at < until; at += intervalMs) {
    if (random.chance(skipped)) continue;
    const startedAt = input.siemClock.of(at);
    const lasted = runMs * random.between(0.3, 1);
    evaluations.push({
      startedAt,
      completedAt: startedAt + lasted,
      from: startedAt - lookBackMs,
      to: startedAt,
    });
  }
  return evaluations;
}

function evaluate(
  deployment: Deployment,
  schedule: ScheduledDeployment,
  hits: readonly Hit[],
  evaluations: readonly Evaluation[],
  maker: AlertMaker,
  clock: SiemClock,
): void {
  const { count, repeats, perEvaluation, firstSeen } = deployment;
  const alerted = new Set<SimulatedEvent>();
  const known = new Set<string>();
  for (const evaluation of evaluations) {
    const found = new Map<string, Set<SimulatedEvent>>();
    for (const { event, arrival } of hits) {
      const ingestedAt = clock.of(arrival);
      if (ingestedAt > evaluation.startedAt) break;
      const time = schedule.windowOver === "event-time" ? event.record.time : ingestedAt;
      if (time < evaluation.from || time > evaluation.to) continue;
      const ofHost = found.get(event.record.host) ?? new Set();
      found.set(event.record.host, ofHost.add(event));
    }
    const at = clock.ours(evaluation.completedAt);
    for (const ofHost of found.values()) {
      const fresh = [...ofHost].filter((event) => repeats || !alerted.has(event));
      if (fresh.length === 0) continue;
      const firing = firstSeen
        ? fresh.filter((event) => !alerted.has(event) && learn(known, event, maker))
        : fresh;
      for (const event of fresh) alerted.add(event);
      if (count > 1) {
        if (ofHost.size >= count) maker.fire([...ofHost], at);
        else for (const event of fresh) alerted.delete(event);
      } else if (perEvaluation && firing.length > 0) maker.fire(firing, at);
      else for (const event of firing) maker.fire([event], at);
    }
  }
}
