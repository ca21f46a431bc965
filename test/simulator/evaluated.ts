import type { RuleHistory, SimulatedEvent, SimulatedTrial, World } from "./model.js";
import { longestAlertLagOf, longestLagOf } from "./settings.js";

/** When the rule of a world saw the events of an act, and from when on nothing can come of them. Our clock. */

/** When the first evaluation that saw an event was completed; null when none ever did. */
export function coveredAt(world: World, history: RuleHistory, event: SimulatedEvent): number | null {
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

/** The first evaluation that had left an event behind in every copy was completed then; null when there is none. */
function passedAt(world: World, history: RuleHistory, event: SimulatedEvent): number | null {
  const { schedule } = history.deployment;
  if (schedule.type === "streaming") return null;
  const times = event.copies.map(({ time, ingestedAt }) =>
    schedule.windowOver === "event-time" ? time : ingestedAt,
  );
  const passed = history.evaluations.find(({ from }) => times.every((time) => from > time));
  return passed === undefined ? null : world.siemClock.ours(passed.completedAt);
}

/**
 * The deadline of product.md, as the world has it: the first evaluation completed after ingest whose window covers the
 * event, plus the alert-write lag; for an event that no window covered, the first one that had passed it.
 * @param read the events of the act that the rule reads and that arrived
 */
export function deadlineOf(world: World, history: RuleHistory, read: readonly SimulatedEvent[]): number {
  const ends = read.map(
    (event) => coveredAt(world, history, event) ?? passedAt(world, history, event) ?? event.arrivals[0] ?? 0,
  );
  return Math.max(...ends) + longestAlertLagOf(world.settings);
}

/** From when on nothing can change: what may still come has come, was evaluated, and its alert can be found. */
export function settledAtOf(
  world: World,
  history: RuleHistory,
  trial: SimulatedTrial,
  act: readonly SimulatedEvent[],
): number {
  const { schedule } = history.deployment;
  const arrived = trial.endedAt + longestLagOf(world.settings);
  const ends = act.map((event) => {
    const covered = coveredAt(world, history, event);
    if (covered !== null || schedule.type === "streaming") return covered ?? arrived;
    const passed = passedAt(world, history, event);
    // One that began before it may still be under way, for an interval at most.
    return passed === null ? arrived : passed + schedule.intervalMs;
  });
  return Math.max(arrived, ...ends) + longestAlertLagOf(world.settings);
}
