import type { Judged } from "./campaign.js";
import type { RuleHistory, SimulatedEvent, World } from "./model.js";
import type { Asked } from "./siem.js";

/**
 * The whole story of one trial in lines: what happened, what arrived, what the rule saw, what was asked and said. Seconds
 * since the trial's start, our clock.
 */
export function storyOf(world: World, judged: Judged, asked: readonly Asked[]): string[] {
  const { trial, truth, observation, verdict, assessment } = judged;
  const since = (at: number): string => `${((at - trial.startedAt) / 1000).toFixed(1)} s`;
  const siem = (at: number): string => since(world.siemClock.ours(at));
  const history = world.rules.get(trial.rule.id);
  if (history === undefined) throw new Error(`the world has no rule ${trial.rule.id}`);
  const heard = asked.filter(
    ({ question, at }) => at >= trial.startedAt && at <= observation.answeredAt && concerns(question, judged),
  );
  const { trial: planned, execution } = trial;
  return [
    `trial ${planned.id} on ${planned.telemetryHost}: ${trial.scenario}${planned.twin ? " (twin)" : ""}, execution ${execution.status}`,
    `  ended ${since(trial.endedAt)}, handed over ${since(trial.handedOverAt)}, lost before ${trial.lostBefore}`,
    "events (sequence, host's own time minus ours, arrivals):",
    ...trial.events.map((event) => eventLine(event, history, since)),
    ...ruleLines(world, history, trial.startedAt, siem),
    "alerts that stand for an event of it:",
    ...alertLines(world, judged, since),
    "questions and answers:",
    ...heard.map(({ at, question, state, found }) => `  ${since(at)} ${question}: ${state}, ${found}`),
    ...observationLines(judged, since, siem),
    `truth: ${truth.kind} (${[...truth.links].join(" ")}), deadline ${since(truth.deadlineAt)}, settled ${since(truth.settledAt)}, alert visible ${truth.visibleAt === null ? "never" : since(truth.visibleAt)}`,
    `verdict: ${verdict.outcome} ${verdict.tier ?? ""} ${verdict.attribution ?? ""}; ${verdict.cause?.link ?? "no cause"}: ${verdict.cause?.detail ?? ""}`,
    assessment.wrong === null ? "right" : `WRONG: ${assessment.wrong}`,
    ...(assessment.cause === false ? ["WRONG CAUSE"] : []),
  ];
}

function observationLines(
  { observation }: Judged,
  since: (at: number) => string,
  siem: (at: number) => string,
): string[] {
  const {
    state,
    stateDetail,
    agreeing,
    events,
    alerts,
    answeredAt,
    deadlineAt,
    sensor,
    clock,
    background,
    rules,
  } = observation;
  return [
    `observation: ${state} ${stateDetail}, agreeing ${agreeing}, ${events.length} events, ${alerts.length} alerts`,
    `  of ${since(answeredAt)}, deadline ${since(deadlineAt)}`,
    `  sensor ${JSON.stringify(sensor)}, clock ${JSON.stringify(clock)}, background ${JSON.stringify(background)}`,
    ...rules.map(({ throttles, schedule }) => {
      const seen =
        schedule.type === "scheduled" ? schedule.evaluations.map(({ startedAt }) => siem(startedAt)) : [];
      return `  throttles ${JSON.stringify(throttles)}, evaluations ${seen.join(" ")}`;
    }),
    ...alerts.map(({ id, sourceEvents, foldedInto, tier }) => {
      return `  has ${id} ${tier} of ${sourceEvents?.length ?? "unknown"} events, folded into ${foldedInto}`;
    }),
  ];
}

/** Questions about the trial, its rule or its host; of the background of other rules there are many. */
function concerns(question: string, { trial }: Judged): boolean {
  const { id, telemetryHost } = trial.trial;
  const words = question.split(/[ ,]/);
  if (words[0] === "background") return words.includes(trial.rule.id) && words.includes(telemetryHost);
  return [id, trial.rule.id, telemetryHost].some((word) => words.includes(word));
}

function eventLine(
  event: SimulatedEvent,
  { deployment }: RuleHistory,
  since: (at: number) => string,
): string {
  const { record, at, part, arrivals } = event;
  const arrived = arrivals.length === 0 ? "LOST" : arrivals.map(since).join(" ");
  const matches = `${deployment.text.matches(record) ? " matches" : ""}${deployment.fires(event) ? " fires" : ""}`;
  const what =
    record.kind === "exec" ? record.argv.join(" ").slice(0, 60) : String(record.fields["TargetFilename"]);
  const ids = `ses ${record.session} pid ${record.pid} ppid ${record.ppid}`;
  return `  ${since(at)} ${part} #${record.sequence} ${ids} ${Math.round(record.time - at)} ms | ${what} | ${arrived}${matches}`;
}

function ruleLines(
  world: World,
  history: RuleHistory,
  startedAt: number,
  siem: (at: number) => string,
): string[] {
  const { deployment, evaluations, throttles } = history;
  const shown = Object.entries(deployment).filter(([name]) => name !== "text" && name !== "fires");
  const from = world.siemClock.of(startedAt) - 60_000;
  const near = evaluations.filter(({ completedAt }) => completedAt >= from).slice(0, 12);
  return [
    `rule ${deployment.text.id}: ${JSON.stringify(Object.fromEntries(shown))}`,
    ...near.map(
      (one) =>
        `  evaluated ${siem(one.startedAt)} to ${siem(one.completedAt)} over ${siem(one.from)} to ${siem(one.to)}`,
    ),
    ...throttles
      .filter(({ until }) => until >= from)
      .slice(0, 5)
      .map(
        ({ from: opened, until, openedBy }) => `  throttled ${siem(opened)} to ${siem(until)} by ${openedBy}`,
      ),
  ];
}

function alertLines(world: World, { trial }: Judged, since: (at: number) => string): string[] {
  const own = new Set(trial.events);
  return world.alerts.flatMap(({ versions }) =>
    versions
      .filter(({ sources }) => sources.some((event) => own.has(event)))
      .map(({ visibleAt, alert, sources }) => {
        const ours = sources
          .filter((event) => own.has(event))
          .map(({ record, part }) => `${part} #${record.sequence}`);
        const folded = alert.foldedInto === null ? "" : `, folded into ${alert.foldedInto}`;
        const stands = `${sources.length} sources (ours: ${ours.join(" ")}), named ${alert.sourceEvents?.length ?? "none"}`;
        return `  ${alert.id} ${alert.tier} visible ${since(visibleAt)}, host ${alert.host}, ${stands}${folded}`;
      }),
  );
}
