import type { CompiledRule } from "../detection/rule.js";
import type { HostEvent } from "../model/event.js";
import type { Execution } from "../model/execution.js";
import type { Observation } from "../model/observation.js";
import type { Circumstances, KnownBracket } from "./bracket-model.js";
import { causeAt } from "./cause.js";
import type { Decision } from "./decision.js";

/** Whether silence can be believed: what keeps the SIEM, the sensor or the marker from being a witness. Pure. */

/** Complete answers in a row that must agree before anything is concluded from absence, where records travel. */
export const AGREEING_ANSWERS = 2;

/**
 * The moment as of which something may be concluded from absence, by our clock: where records travel, two answers that
 * agree must both speak of it or of a later one.
 */
function absentAt({ answeredAt, agreedAt, delivery }: Observation): number {
  return delivery.type === "read" ? answeredAt : agreedAt;
}

/** The same moment by the SIEM's clock: not later than this. */
export function siemTime(observation: Observation): number {
  return absentAt(observation) + observation.clock.offsetMs - observation.clock.errorMs;
}

/** A sentence when records are known to have been lost during the trial; else null. */
export function lossOf({ sensor }: Observation): string | null {
  const { lostBefore, lostAfter } = sensor;
  if (lostBefore === null || lostAfter === null) return null;
  const lost = lostAfter - lostBefore;
  if (lost === 0) return null;
  return lost > 0
    ? `the sensor lost ${lost} records during the trial: absence proves nothing`
    : "the sensor's count of lost records was reset during the trial: absence proves nothing";
}

/** What the engine knows of the time between the sentinels; what the wrapper counted, where nothing was lost unnumbered. */
export function circumstancesOf(
  execution: Execution,
  { sensor, otherRecords = [] }: Observation,
): Circumstances {
  const { lostBefore, lostAfter } = sensor;
  const counted = lostBefore !== null && lostBefore === lostAfter;
  return {
    housekeeping: counted ? (execution.housekeeping ?? null) : null,
    alone: execution.alone === true,
    otherRecords,
  };
}

/** Whether a record of the act may still be under way, or was not waited for. */
export function mayStillArrive(observation: Observation): boolean {
  return absentAt(observation) < observation.deadlineAt;
}

/** Whether what the host recorded is known from its own log: then a number that is missing there too is nothing that it recorded. */
function isHostLogRead(observation: Observation): boolean {
  return observation.hostLog?.state === "complete" && !mayStillArrive(observation);
}

/**
 * What the host recorded of the trial's time and the SIEM does not show, although it is due; none while it may still come, or
 * when the host's log was not read.
 */
export function notShipped(observation: Observation): HostEvent[] {
  if (!isHostLogRead(observation)) return [];
  const numberOf = ({ host, sensor, sequence }: HostEvent): string => `${host}/${sensor}:${sequence}`;
  const arrived = new Set(observation.events.map(numberOf));
  return (observation.hostLog?.events ?? []).filter((event) => !arrived.has(numberOf(event)));
}

/** Why the answer proves nothing by what it lacks; null when absence in it means absence in the SIEM. */
export function answerProblem(observation: Observation): Decision | null {
  if (observation.state !== "complete") {
    const detail = `the SIEM's answer is ${observation.state}: ${observation.stateDetail}`;
    return { outcome: "undecided", cause: causeAt("siem", detail) };
  }
  if (observation.delivery.type === "shipped" && observation.agreeing < AGREEING_ANSWERS) {
    const detail = "the SIEM's answers have not agreed yet: one alone proves nothing";
    return { outcome: "undecided", cause: causeAt("siem", detail) };
  }
  return null;
}

/** Without sentinels an act is told by being the only one of its command: why that is not known yet, or null. */
export function rivalProblem(observation: Observation): Decision | null {
  const problem = answerProblem(observation);
  if (problem !== null || !mayStillArrive(observation)) return problem;
  const detail = "the record of another process with the same command may still arrive";
  return { outcome: "undecided", cause: causeAt("attribution", detail) };
}

/** Why events of the act may be missing that were recorded; null when it is proved that all are here. */
export function telemetryProblem(observation: Observation, bracket: KnownBracket): Decision | null {
  const undecided = (link: "host-log" | "ingest", detail: string): Decision => ({
    outcome: "undecided",
    cause: causeAt(link, detail),
  });
  const lost = lossOf(observation);
  if (lost !== null) return undecided("host-log", lost);
  if (bracket.unseen === 0) return null;
  const { delivery, sensor } = observation;
  const lossesKnown = sensor.lostBefore !== null && sensor.lostAfter !== null;
  const knowsTheHost = delivery.type === "read" || isHostLogRead(observation);
  if (knowsTheHost && bracket.state === "closed") {
    if (lossesKnown) return null;
    const detail = `${bracket.unseen} numbers are missing between the sentinels' records, and the sensor cannot be asked whether it lost any`;
    return undecided("host-log", detail);
  }
  const what =
    bracket.unseen === null
      ? bracket.detail
      : `${bracket.unseen} of the host's records of that time did not arrive`;
  return mayStillArrive(observation)
    ? undecided("ingest", `${what}; it may still come`)
    : undecided("ingest", `${what}: what they held is not known`);
}

/** The name of a field that the rule reads and in which the trial's id stands; null when the marker is outside, as it must be. */
export function markerInRule(trial: string, rule: CompiledRule, act: readonly HostEvent[]): string | null {
  for (const event of act) {
    for (const [name, value] of Object.entries(event.fields)) {
      if (rule.fields !== null && !rule.fields.has(name)) continue;
      if (String(value).includes(trial)) return name;
    }
  }
  return null;
}
