import type { CauseLink } from "../../src/model/verdict.js";
import { coveredAt, deadlineOf, settledAtOf } from "./evaluated.js";
import type { AlertVersion, RuleHistory, SimulatedEvent, SimulatedTrial, World } from "./model.js";
import { firstVisible, othersOf, satisfies, supportsOf } from "./supports.js";

/**
 * What became of a trial's act in the SIEM, for its analytic: what happened, what arrived, what the rule saw, which alerts
 * there are and when they can be found. Nothing here asks what anybody can know; may-assert.ts does.
 */
export type TruthKind =
  | "fired"
  | "folded"
  | "withheld"
  | "lost on the way"
  | "no telemetry"
  | "no such log source"
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
  /** The links of the chain that failed first; more than one when different events failed at different ones. */
  readonly links: ReadonlySet<CauseLink>;
  readonly act: readonly SimulatedEvent[];
  /** The alerts that stand for the act alone, as they grew: those that stand, and those that were folded into another. */
  readonly standing: readonly AlertVersion[];
  readonly folded: readonly AlertVersion[];
  /** When the first one that stands could be found, else the first folded one; null when there is none. Our clock. */
  readonly visibleAt: number | null;
  /** Alerts of other analytics that stand for the act alone. */
  readonly others: readonly AlertVersion[];
  /** All that the host did in the act and the analytic reads has arrived. */
  readonly whole: boolean;
  /** The kernel dropped a part of it, on a host that cannot be asked how many it dropped. */
  readonly lostUntold: boolean;
  /** Every event of it that arrived was seen by an evaluation. */
  readonly covered: boolean;
  /** The rule withheld alerts at a time at which it looked at the act. */
  readonly throttled: boolean;
  /** The trial's id stands in a field that the rule reads. */
  readonly marked: boolean;
  /** The deadline of product.md: before it no miss may be said. Our clock. */
  readonly deadlineAt: number;
  /** From when on nothing can change, our clock. */
  readonly settledAt: number;
  /** A declared control refused an exec of the act, and its record arrived. */
  readonly prevented: boolean;
}

/** Looks into the world for what is so of a trial. */
export function truthOf(world: World, trial: SimulatedTrial): Truth {
  const history = world.rules.get(trial.rule.id);
  if (history === undefined) throw new Error(`the world has no rule ${trial.rule.id}`);
  const act = trial.events.filter(({ part }) => part === "act");
  const supports = supportsOf(world, trial, act);
  const standing = supports.filter(({ alert }) => alert.foldedInto === null);
  const folded = supports.filter(({ alert }) => alert.foldedInto !== null);
  const read = act.filter(({ record }) => trial.rule.reads(record));
  const arrived = read.filter(({ arrivals }) => arrivals.length > 0);
  const uncovered = arrived.filter((event) => coveredAt(world, history, event) === null);
  const kind = kindOf(world, trial, history, { act, standing, folded });
  const host = world.hosts.find(({ name }) => name === trial.trial.telemetryHost);
  const dropped = read.some(({ record }) => Number.isNaN(record.sequence)) && host?.sensing === true;
  const deadlineAt = arrived.length === 0 ? -Infinity : deadlineOf(world, history, arrived);
  return {
    kind,
    links: linksOf(kind, {
      sensing: host?.sensing === true,
      read,
      arrived: arrived.length,
      uncovered: uncovered.length,
    }),
    act,
    standing,
    folded,
    visibleAt: firstVisible(standing.length > 0 ? standing : folded),
    others: othersOf(world, trial, act),
    whole: arrived.length === read.length,
    lostUntold: dropped && host.tellsLost === false,
    covered: uncovered.length === 0,
    throttled: isThrottled(world, history, arrived, deadlineAt),
    marked: act.some(({ record }) =>
      Object.entries(record.fields).some(
        ([name, value]) => trial.rule.fields?.has(name) !== false && String(value).includes(trial.trial.id),
      ),
    ),
    deadlineAt,
    settledAt: settledAtOf(world, history, trial, act),
    prevented: act.some((event) => event.arrivals.length > 0 && isRefusedByControl(trial, event)),
  };
}

/** The chain of product.md, link by link: the first that failed names what is so. */
function kindOf(
  world: World,
  trial: SimulatedTrial,
  history: RuleHistory,
  { act, standing, folded }: Pick<Truth, "act" | "standing" | "folded">,
): TruthKind {
  const { deployment } = history;
  if (standing.length > 0) return "fired";
  if (folded.length > 0) return "folded";
  if (trial.execution.status !== "ran") return "did not run";
  const text = trial.rule;
  const read = act.filter(({ record }) => text.reads(record));
  if (read.length === 0) return "no such log source";
  if (!read.some(({ arrivals }) => arrivals.length > 0)) return "no telemetry";
  const arrived = act.filter(({ arrivals }) => arrivals.length > 0);
  const matching = act.filter((event) => text.matches(event.record) || deployment.fires(event));
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

interface Way {
  readonly sensing: boolean;
  readonly read: readonly SimulatedEvent[];
  readonly arrived: number;
  readonly uncovered: number;
}

function linksOf(kind: TruthKind, { sensing, read, arrived, uncovered }: Way): Set<CauseLink> {
  const recorded = ({ record }: SimulatedEvent): boolean => !Number.isNaN(record.sequence);
  switch (kind) {
    case "fired":
    case "known value":
    case "counted with others":
      return new Set();
    case "folded":
    case "withheld":
      return new Set(["suppression"]);
    case "did not run":
      return new Set(["execution"]);
    case "no telemetry":
    case "lost on the way": {
      if (!sensing) return new Set(["host-log"]);
      const missing = read.filter(({ arrivals }) => arrivals.length === 0);
      return new Set(missing.map((event): CauseLink => (recorded(event) ? "ingest" : "host-log")));
    }
    case "no such log source":
      return new Set(["host-log", "fields"]);
    case "rule absent":
      return new Set(["rule-present"]);
    case "rule disabled":
      return new Set(["rule-enabled"]);
    case "excepted":
      return new Set(["exception"]);
    case "outside the look-back":
      return new Set(["look-back"]);
    case "clause not met":
      if (uncovered === 0) return new Set(["clause"]);
      return new Set(uncovered === arrived ? ["look-back"] : ["clause", "look-back"]);
  }
}

function isThrottled(
  world: World,
  { throttles }: RuleHistory,
  arrived: readonly SimulatedEvent[],
  deadlineAt: number,
): boolean {
  const from = Math.min(...arrived.flatMap(({ arrivals }) => arrivals));
  return throttles.some(
    (span) => world.siemClock.ours(span.from) <= deadlineAt && world.siemClock.ours(span.until) >= from,
  );
}

function isRefusedByControl({ trial }: SimulatedTrial, { record }: SimulatedEvent): boolean {
  const path = String(record.fields["TargetFilename"] ?? "");
  return (
    record.kind === "exec-refused" &&
    trial.controls.some(({ refuses }) => refuses?.paths.some((prefix) => path.startsWith(prefix)) === true)
  );
}
