import type { CauseLink, DetectionOutcome, Tier } from "../../src/model/verdict.js";
import type { AlertVersion, RuleHistory, SimulatedEvent, SimulatedTrial, World } from "./model.js";
import { longestAlertLagOf, longestLagOf } from "./settings.js";

/** What became of a trial's act in the SIEM, for its analytic: the world knows it, and no verdict may contradict it. */
export type TruthKind =
  | "fired"
  | "folded"
  | "withheld"
  | "lost on the way"
  | "no telemetry"
  | "no such log source"
  | "outlived"
  | "rule absent"
  | "rule disabled"
  | "excepted"
  | "known value"
  | "counted with others"
  | "outside the look-back"
  | "clause not met"
  | "did not run";

export interface Truth {
  readonly kind: TruthKind;
  /** Outcomes that are right in the end; `undecided` always is, and `pending` until `settledAt`. */
  readonly right: ReadonlySet<DetectionOutcome>;
  /** Links that a miss may name; null when any is right. */
  readonly links: ReadonlySet<CauseLink> | null;
  /** The alerts that stand for the act alone, as they grew. Empty unless fired or folded. */
  readonly supports: readonly AlertVersion[];
  /** When the first of them could be found, our clock. */
  readonly visibleAt: number | null;
  /** When the first record of an alert that was folded into another could be found. */
  readonly foldedVisibleAt: number | null;
  /**
   * Alerts of other analytics that the act would have caused alone: when the first could be found, and when the first
   * that stands for nothing else and says so.
   */
  readonly otherVisibleAt: number | null;
  readonly otherTellsAt: number | null;
  /** From when on nothing can change, our clock. */
  readonly settledAt: number;
  /** A declared control refused an exec of the act, and its record arrived. */
  readonly prevented: boolean;
  /** When the first record of the act or of its sentinels arrived; null when none did. */
  readonly firstArrival: number | null;
}

/** Looks into the world for what a trial's verdict must say. */
export function truthOf(world: World, trial: SimulatedTrial): Truth {
  const history = world.rules.get(trial.rule.id);
  if (history === undefined) throw new Error(`the world has no rule ${trial.rule.id}`);
  const act = trial.events.filter(({ part }) => part === "act");
  const supports = supportsOf(world, history, act);
  const standing = supports.filter(({ alert }) => alert.foldedInto === null);
  const kind = kindOf(world, trial, history, act, supports, standing);
  const visible = standing.length > 0 ? standing : supports;
  const others = othersOf(world, trial, act);
  const bracket = trial.events.filter(({ part }) => part === "act" || part === "begin" || part === "end");
  const arrivals = bracket.flatMap((event) => event.arrivals);
  const uncovered = act.some(
    (event) =>
      event.arrivals.length > 0 &&
      trial.rule.reads(event.record) &&
      coveredAt(world, history, event) === null,
  );
  return {
    kind,
    ...rightOf(kind, trial.trial.twin, uncovered),
    supports: visible,
    visibleAt: firstOf(visible),
    foldedVisibleAt: firstOf(supports.filter(({ alert }) => alert.foldedInto !== null)),
    otherVisibleAt: firstOf(others),
    otherTellsAt: firstOf(
      others.filter(
        ({ alert, sources }) =>
          alert.sourcesWhole &&
          alert.host !== null &&
          sources.every(({ trial: id }) => id === trial.trial.id),
      ),
    ),
    settledAt: settledAtOf(world, history, trial, act),
    prevented: act.some((event) => event.arrivals.length > 0 && isRefusedByControl(trial, event)),
    firstArrival: arrivals.length === 0 ? null : Math.min(...arrivals),
  };
}

/** Whether these events alone make the deployed rule fire. */
function satisfies({ deployment }: RuleHistory, events: readonly SimulatedEvent[]): boolean {
  return events.filter((event) => deployment.fires(event)).length >= deployment.count;
}

/** The states of alerts that stand for an event, by event. */
const indexes = new WeakMap<World, ReadonlyMap<SimulatedEvent, readonly AlertVersion[]>>();

function indexOf(world: World): ReadonlyMap<SimulatedEvent, readonly AlertVersion[]> {
  const known = indexes.get(world);
  if (known !== undefined) return known;
  const index = new Map<SimulatedEvent, AlertVersion[]>();
  for (const { versions } of world.alerts) {
    for (const version of versions) {
      for (const event of version.sources) {
        if (event.part !== "act") continue;
        const ofEvent = index.get(event);
        if (ofEvent === undefined) index.set(event, [version]);
        else ofEvent.push(version);
      }
    }
  }
  indexes.set(world, index);
  return index;
}

function versionsOf(world: World, act: readonly SimulatedEvent[]): AlertVersion[] {
  const index = indexOf(world);
  return [...new Set(act.flatMap((event) => index.get(event) ?? []))];
}

function supportsOf(world: World, history: RuleHistory, act: readonly SimulatedEvent[]): AlertVersion[] {
  const own = new Set(act);
  return versionsOf(world, act).filter(
    ({ alert, sources }) =>
      alert.rule === history.deployment.text.id &&
      satisfies(
        history,
        sources.filter((event) => own.has(event)),
      ),
  );
}

/** Alerts of other analytics that the act alone would have caused. */
function othersOf(world: World, trial: SimulatedTrial, act: readonly SimulatedEvent[]): AlertVersion[] {
  const own = new Set(act);
  return versionsOf(world, act).filter(({ alert, sources }) => {
    const history = alert.rule === trial.rule.id ? undefined : world.rules.get(alert.rule);
    return (
      history !== undefined &&
      satisfies(
        history,
        sources.filter((event) => own.has(event)),
      )
    );
  });
}

const firstOf = (versions: readonly AlertVersion[]): number | null =>
  versions.length === 0 ? null : Math.min(...versions.map(({ visibleAt }) => visibleAt));

function kindOf(
  world: World,
  trial: SimulatedTrial,
  history: RuleHistory,
  act: readonly SimulatedEvent[],
  supports: readonly AlertVersion[],
  standing: readonly AlertVersion[],
): TruthKind {
  const { deployment } = history;
  if (standing.length > 0) return "fired";
  if (supports.length > 0) return "folded";
  if (trial.execution.status !== "ran") return "did not run";
  const text = trial.rule;
  const read = act.filter(({ record }) => text.reads(record));
  if (read.length === 0) return "no such log source";
  const arrived = act.filter(({ arrivals }) => arrivals.length > 0);
  const matching = act.filter((event) => text.matches(event.record) || deployment.fires(event));
  if (!read.some(({ arrivals }) => arrivals.length > 0)) return "no telemetry";
  if (trial.execution.outlived === true && matching.length > 0) return "outlived";
  if (matching.some(({ arrivals }) => arrivals.length === 0)) return "lost on the way";
  if (!deployment.present) return "rule absent";
  if (!deployment.enabled) return "rule disabled";
  const satisfiesText = text.satisfiedBy(arrived.map(({ record }) => record));
  const satisfiesDeployed = satisfies(history, arrived);
  if (!satisfiesText && !satisfiesDeployed) return "clause not met";
  const covered = matching.filter((event) => coveredAt(world, history, event) !== null);
  if (!text.satisfiedBy(covered.map(({ record }) => record)) && !satisfies(history, covered))
    return "outside the look-back";
  if (!satisfiesDeployed) return "excepted";
  if (matching.some(({ record }) => history.fates.get(record.id) === "withheld")) return "withheld";
  if (matching.some(({ record }) => history.fates.get(record.id) === "known")) return "known value";
  if (deployment.count > 1) return "counted with others";
  throw new Error(`nothing explains why ${text.id} did not fire for ${trial.trial.id}`);
}

/** When the first evaluation that saw an event was completed, our clock; null when none ever did. */
function coveredAt(world: World, history: RuleHistory, event: SimulatedEvent): number | null {
  const { schedule } = history.deployment;
  if (schedule.type === "streaming") return event.arrivals[0] ?? null;
  for (const { startedAt, completedAt, from, to } of history.evaluations) {
    const seen = event.copies.some(({ ingestedAt, time }) => {
      const at = schedule.windowOver === "event-time" ? time : ingestedAt;
      return ingestedAt <= startedAt && from <= at && at <= to;
    });
    if (seen) return world.siemClock.ours(completedAt);
  }
  return null;
}

/** The end of the last evaluation that could concern the act, with the time that its alert may take. */
function settledAtOf(
  world: World,
  history: RuleHistory,
  trial: SimulatedTrial,
  act: readonly SimulatedEvent[],
): number {
  const { schedule } = history.deployment;
  const alertLag = longestAlertLagOf(world.settings);
  const arrived = trial.endedAt + longestLagOf(world.settings);
  if (schedule.type === "streaming") return arrived + alertLag;
  const last = act.map((event) => {
    const covered = coveredAt(world, history, event);
    if (covered !== null) return covered;
    const times = event.copies.map(({ time, ingestedAt }) =>
      schedule.windowOver === "event-time" ? time : ingestedAt,
    );
    // It fell out of every window: that is known when the next evaluation begins later than it.
    const passed = history.evaluations.find(({ from }) => times.every((time) => from > time));
    if (passed === undefined) return arrived;
    // One that began before it may still be under way, for an interval at most.
    return world.siemClock.ours(passed.completedAt) + schedule.intervalMs;
  });
  return Math.max(arrived, ...last) + alertLag;
}

function isRefusedByControl({ trial }: SimulatedTrial, { record }: SimulatedEvent): boolean {
  const path = String(record.fields["TargetFilename"] ?? "");
  return (
    record.kind === "exec-refused" &&
    trial.controls.some(({ refuses }) => refuses.paths.some((prefix) => path.startsWith(prefix)))
  );
}

type Right = Pick<Truth, "right" | "links">;

const right = (outcomes: DetectionOutcome[], links: CauseLink[] | null = null): Right => ({
  right: new Set<DetectionOutcome>(["undecided", ...outcomes]),
  links: links === null ? null : new Set(links),
});

/** @param uncovered no evaluation saw some event of the act: the first link that failed, whatever the event holds */
function rightOf(kind: TruthKind, twin: boolean, uncovered: boolean): Right {
  if (twin) return twinRight(kind, uncovered);
  switch (kind) {
    case "fired":
      return right(["detected"]);
    case "folded":
      return right(["suppressed"], ["suppression"]);
    case "withheld":
      return right(["suppressed"], ["suppression"]);
    case "lost on the way":
    case "outlived":
    case "known value":
    case "counted with others":
    case "did not run":
      return right([]);
    case "no telemetry":
      return right(["blind"], ["ingest", "host-log"]);
    case "no such log source":
      return right(["blind"], ["fields", "ingest", "host-log"]);
    case "rule absent":
      return right(["logged", "other-alert"], ["rule-present"]);
    case "rule disabled":
      return right(["logged", "other-alert"], ["rule-enabled"]);
    case "excepted":
      return right(["logged", "other-alert"], ["exception"]);
    case "outside the look-back":
      return right(["logged", "other-alert"], ["look-back"]);
    case "clause not met":
      return right(["logged", "other-alert"], ["clause", ...(uncovered ? (["look-back"] as const) : [])]);
  }
}

function twinRight(kind: TruthKind, uncovered: boolean): Right {
  switch (kind) {
    case "fired":
    case "folded":
      return right(["false-alarm"]);
    case "withheld":
      return right(["false-alarm"]);
    case "excepted":
    case "clause not met":
      // Silence counts only of a rule that was evaluated.
      return right(uncovered ? [] : ["quiet"]);
    case "lost on the way":
    case "outlived":
    case "known value":
    case "counted with others":
    case "did not run":
    case "no telemetry":
    case "no such log source":
    case "rule absent":
    case "rule disabled":
    case "outside the look-back":
      return right([]);
  }
}

/** The tiers that the alerts of the act had been given by a moment. */
export function tiersBy({ supports }: Truth, at: number): Set<Tier> {
  return new Set(supports.filter(({ visibleAt }) => visibleAt <= at).map(({ alert }) => alert.tier));
}
