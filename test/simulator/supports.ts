import type { AlertVersion, RuleHistory, SimulatedEvent, SimulatedTrial, World } from "./model.js";

/** Which alerts of a world stand for an act by itself: what it would have caused had nobody else done anything. */

/** Whether these events alone make the deployed rule fire. */
export function satisfies({ deployment }: RuleHistory, events: readonly SimulatedEvent[]): boolean {
  return events.filter((event) => deployment.fires(event)).length >= deployment.count;
}

/** The alerts of the trial's analytic that stand for its act, as they grew. */
export function supportsOf(
  world: World,
  { rule }: SimulatedTrial,
  act: readonly SimulatedEvent[],
): AlertVersion[] {
  return ownVersions(world, act).filter(({ alert }) => alert.rule === rule.id);
}

/** The alerts of other analytics that stand for the act. */
export function othersOf(
  world: World,
  { rule }: SimulatedTrial,
  act: readonly SimulatedEvent[],
): AlertVersion[] {
  return ownVersions(world, act).filter(({ alert }) => alert.rule !== rule.id);
}

export const firstVisible = (versions: readonly AlertVersion[]): number | null =>
  versions.length === 0 ? null : Math.min(...versions.map(({ visibleAt }) => visibleAt));

function ownVersions(world: World, act: readonly SimulatedEvent[]): AlertVersion[] {
  const own = new Set(act);
  const index = indexOf(world);
  const versions = [...new Set(act.flatMap((event) => index.get(event) ?? []))];
  return versions.filter(({ alert, sources }) => {
    const history = world.rules.get(alert.rule);
    return (
      history !== undefined &&
      satisfies(
        history,
        sources.filter((event) => own.has(event)),
      )
    );
  });
}

/** The states of alerts that stand for an event of an act, by event. */
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
