import { type Analytic, BROAD, analytics, wordsOf } from "./analytics.js";
import { type Connection, type Place, type Played, executionOf, play, trialOf } from "./act.js";
import { accompany, addNoise } from "./bystanders.js";
import { deploymentOf } from "./deploy.js";
import type { Deployment, SiemClock, SimulatedEvent, SimulatedHost, SimulatedTrial, World } from "./model.js";
import { Pipe, copiesOf } from "./pipe.js";
import { Random } from "./random.js";
import { runRules } from "./rules.js";
import type { ActPlan, Group, Scenario } from "./scenario.js";
import { scenarios } from "./scenarios.js";
import { type Settings, longestAlertLagOf, longestLagOf } from "./settings.js";
import { spansOf } from "./spans.js";
import { type HostClock, Timeline, hostTime, recordOf } from "./timeline.js";

const START = Date.UTC(2026, 10, 24, 12, 0, 0);
const MINUTE = 60_000;
/** What others did before the first trial, as far as the SIEM knows it. */
const HISTORY = 15 * MINUTE;

export interface WorldSize {
  readonly hosts: number;
  readonly trialsPerHost: number;
  /** Only these scenarios, equally often. */
  readonly only?: readonly string[];
  /** No host's sensor runs. */
  readonly dark?: boolean;
}

export const usualSize: WorldSize = { hosts: 8, trialsPerHost: 40 };

interface Planned extends Played {
  readonly analytic: Analytic;
  readonly plan: ActPlan;
  readonly trial: SimulatedTrial["trial"];
}

interface Stage {
  readonly name: string;
  readonly timeline: Timeline;
  readonly clock: HostClock;
  readonly planned: Planned[];
}

/** Builds a world from its seed: the same seed gives the same world. */
export function buildWorld(seed: number, settings: Settings, size: WorldSize = usualSize): World {
  const random = new Random(seed);
  const played = analytics.map((analytic): [Analytic, Deployment] => [
    analytic,
    deploymentOf(analytic, random.fork(), settings),
  ]);
  // In most worlds no rule fires for every shell: with it, every miss is another analytic's alert.
  const deployed = random.chance(0.25) ? played : played.filter(([{ rule }]) => rule.id !== BROAD);
  const stages = stagesOf(random.fork(), settings, size.hosts);
  playTrials(stages, `r${seed}`, random.fork(), settings, size);
  const last = Math.max(...stages.flatMap(({ planned }) => planned.map(({ handedOverAt }) => handedOverAt)));
  addNoise(
    stages,
    deployed.map(([analytic]) => analytic),
    random.fork(),
    { from: START - HISTORY, until: last },
  );

  const siemClock = clockOf(
    random.between(-settings.siemSkew, settings.siemSkew),
    random.between(-settings.drift, settings.drift) / 1e6,
  );
  const lossRate = random.between(settings.loss.least, settings.loss.most);
  const hosts = stages.map((stage) =>
    deliver(stage, random.fork(), settings, lossRate, siemClock, last, size.dark ?? false),
  );
  const end =
    last +
    longestLagOf(settings) +
    longestAlertLagOf(settings) +
    2 * Math.max(...settings.intervals) +
    HISTORY;
  const events = hosts.flatMap((host) => host.events);
  const { rules, alerts } = runRules({
    deployments: deployed.map(([, deployment]) => deployment),
    events,
    siemClock,
    alertDelay: settings.alertDelay,
    random: random.fork(),
    from: START - HISTORY,
    // A clock that runs ahead puts events into windows of hours to come.
    until: end + Math.max(0, ...stages.map(({ clock }) => clock.offsetMs)),
  });
  return {
    seed,
    settings,
    start: START,
    end,
    siemClock,
    hosts,
    trials: stages.flatMap(({ planned }, index) => planned.map((one) => trialIn(hosts[index], one, rules))),
    rules,
    alerts,
    spans: spansOf(settings, random.fork(), START, end),
  };
}

/** @param drift a part by which it runs fast, from the start on */
function clockOf(skewMs: number, drift: number): SiemClock {
  return {
    of: (ours) => ours + skewMs + (ours - START) * drift,
    ours: (siem) => START + (siem - START - skewMs) / (1 + drift),
  };
}

function stagesOf(random: Random, settings: Settings, count: number): Stage[] {
  return Array.from({ length: count }, (_, index): Stage => {
    const zone = random.chance(settings.wrongZone) ? random.integer(-12, 12) * 3_600_000 : 0;
    return {
      name: `h${index + 1}`,
      timeline: new Timeline(random.fork()),
      clock: {
        offsetMs: zone + random.between(-settings.hostSkew, settings.hostSkew),
        driftPpm: random.between(-settings.drift, settings.drift),
      },
      planned: [],
    };
  });
}

function weightOf(group: Group): number {
  return scenarios.reduce((sum, scenario) => sum + (scenario.group === group ? scenario.weight : 0), 0);
}

/** One trial after another on each host. */
function playTrials(
  stages: readonly Stage[],
  run: string,
  random: Random,
  settings: Settings,
  size: WorldSize,
): void {
  const { undecidable, forced } = settings;
  const shares: Readonly<Record<Group, number>> = { undecidable, forced, ordinary: 1 - undecidable - forced };
  const mix: [Scenario, number][] = scenarios.flatMap((scenario): [Scenario, number][] => {
    if (size.only !== undefined) return size.only.includes(scenario.name) ? [[scenario, 1]] : [];
    return [[scenario, (scenario.weight * shares[scenario.group]) / weightOf(scenario.group)]];
  });
  let ordinal = 0;
  for (const stage of stages) {
    const connection: Connection = { session: String(random.integer(10, 99)), server: stage.timeline.pid() };
    const place: Place = { connection, crowded: random.chance(0.5) };
    let at = START + random.between(0, MINUTE);
    for (let index = 0; index < size.trialsPerHost; index += 1) {
      const scenario = random.weighted(mix);
      const analytic = analytics.find((candidate) => candidate.scenario === scenario);
      if (analytic === undefined) throw new Error(`no analytic for ${scenario.name}`);
      const plan = scenario.plan(wordsOf(analytic.key, random), random, settings);
      const work = `/tmp/tmp.${random.integer(1e9, 9e9).toString(36)}`;
      const trial = trialOf({ run, ordinal: (ordinal += 1), host: stage.name, work }, analytic, plan);
      const times = play(stage.timeline, trial, plan, place, at, random);
      for (const companion of plan.companions ?? [])
        accompany(companion, { stage, stages, connection }, times, trial, random);
      stage.planned.push({ ...times, analytic, plan, trial });
      at = times.handedOverAt + random.lognormal(3_000, 30_000);
    }
  }
}

/** Numbers and stamps what a host did, and sends it on its way. */
function deliver(
  { name, timeline, clock }: Stage,
  random: Random,
  settings: Settings,
  lossRate: number,
  siemClock: SiemClock,
  last: number,
  dark: boolean,
): SimulatedHost {
  const sensing = !random.chance(settings.dark) && !dark;
  const tellsLost = random.chance(0.7);
  const pipe = new Pipe(random.fork(), settings, lossRate, START, last - START);
  // The channels number by themselves, and happen to be at much the same number; on some hosts they keep in step.
  const base = random.integer(1_000, 900_000);
  const next = { auditd: base, laurel: base + random.integer(0, 600) };
  const inStep = random.chance(0.5);
  if (inStep) next.laurel = base;
  const losses: number[] = [];
  const events = timeline.drafts
    .sort((one, other) => one.at - other.at)
    .map((draft): SimulatedEvent => {
      const dropped = sensing && random.chance(settings.kernelLoss);
      if (dropped) losses.push(draft.at);
      const time = hostTime(clock, START, draft.at);
      const channel = draft.secondChannel ? "laurel" : "auditd";
      if (draft.secondChannel && inStep) next.laurel = Math.max(next.laurel, next.auditd - 3);
      const sequence = dropped || !sensing ? NaN : (next[channel] += 1);
      const record = recordOf(draft, name, time, sequence);
      const travelled = pipe.arrivals(draft.at, draft.secondChannel, draft.slowBy);
      const arrivals = Number.isNaN(sequence) || draft.lost ? [] : travelled;
      const { at, part, trial } = draft;
      return { record, at, part, trial, arrivals, copies: copiesOf(record, arrivals, siemClock) };
    });
  return { name, events, sensing, tellsRunning: random.chance(0.5), tellsLost, losses };
}

/** Why the SIEM's evidence does not decide a trial although nothing of it is lost: what README.md lists. */
function undecidableOf(
  { analytic, plan }: Planned,
  { sensing }: SimulatedHost,
  { present, enabled }: Deployment,
): string | null {
  if (analytic.scenario !== null && analytic.scenario.why !== null) return analytic.scenario.why;
  if (plan.twin !== true) return null;
  if (!sensing) return "a twin on a host without a sensor";
  if (!present || !enabled) return "a twin whose rule is absent or disabled";
  return null;
}

function trialIn(host: SimulatedHost | undefined, planned: Planned, rules: World["rules"]): SimulatedTrial {
  const deployment = rules.get(planned.analytic.rule.id)?.deployment;
  if (host === undefined || deployment === undefined) throw new Error("a trial without a host or a rule");
  const { trial, plan, analytic, startedAt, endedAt, handedOverAt } = planned;
  const { scenario } = analytic;
  const own = host.events.filter((event) => event.trial === trial.id);
  // The engine knows who else used its connection, whatever became of the records.
  const alone = !host.events.some(
    ({ trial: other, record, at }) =>
      other !== trial.id && record.session === own[0]?.record.session && at >= startedAt && at <= endedAt,
  );
  return {
    trial,
    execution: { ...executionOf(plan, planned), alone },
    scenario: scenario?.name ?? "none",
    group: scenario?.group ?? "ordinary",
    undecidable: undecidableOf(planned, host, deployment),
    rule: analytic.rule,
    startedAt,
    endedAt,
    handedOverAt,
    lostBefore: host.tellsLost ? host.losses.filter((at) => at < startedAt).length : null,
    events: own,
  };
}
