import type { CompiledRule } from "../detection/rule.js";
import type { HostEvent } from "../model/event.js";
import type { OtherRecord } from "../model/observation.js";
import type { Trial } from "../model/trial.js";
import { ACTIVITY_KINDS } from "../telemetry/windows/host-event.js";
import { timeOfText } from "../telemetry/windows/time.js";
import { missingNumbers } from "./records.js";

/** What tells whose activities are the act's. */
interface Known {
  /** The act's processes, as the sentinels' sensor told that they were created. */
  readonly processes: readonly HostEvent[];
  /** All that this sensor told of the host, in its order: events, and the numbers of records that are none. */
  readonly channel: readonly HostEvent[];
  readonly others: readonly OtherRecord[];
  /** The wrapper's look at what the act left: a process that was created when the act's had ended. */
  readonly look: HostEvent;
  /** What processes of the host did, of whichever channel. */
  readonly activities: readonly HostEvent[];
}

/**
 * Of what the processes of a host of Windows did (Sysmon 3, 7, 11, 22; PowerShell 400, 403, 4103, 4104), that which is the act's. An
 * activity is the act's when it was done by a process of the act, and by nothing else than that: not by its time alone, its user, its
 * command line or its text. Which process did it is told in one of three ways:
 *
 * 1. By Sysmon's GUID, which no other process of the host ever has, where Sysmon told of the processes too.
 * 2. By the number of a process, which Windows gives again, bounded by what is known of that process' life. It had the number from the
 *    record of its creation on, which was not written before that, and nobody else had it until the wrapper's look: that holds when
 *    every record of the sensor between the two is here, none of them nor any later one creates a process of that number, and no
 *    process' number is untold. The clock must not have been set back between the records: it alone orders two channels.
 * 3. An engine of PowerShell whose events tell no process (400 and 403 before Windows 11), by its host's id: a random one, that a command
 *    (4103) which is the act's by rule 2 names too.
 *
 * What is done under the number of a process of the act and does not meet the rule, or tells no process at all, may be the act's or
 * another's: it earns nothing, and is `unplaced`.
 */
export function activitiesOf(known: Known): { own: HostEvent[]; unplaced: HostEvent[] } {
  const byGuid = placesByGuid(known);
  const byNumber = livesByNumber(known);
  const placeOf = (event: HostEvent): Place => {
    const guid = guidOf(event);
    if (guid !== null && byGuid !== null) return byGuid.get(guid) ?? "other";
    const life = event.pid === null ? null : byNumber(event.pid);
    if (life === "another's") return "other";
    // What is recorded may have happened before: Sysmon tells when. Times that were cut to milliseconds prove no order within one.
    return life !== null && happenedAt(event) > life.from && event.time < life.to ? "act" : "unknown";
  };
  const activities = known.activities.filter(({ host }) => host === known.look.host);
  const placed = new Map(activities.map((event) => [event, placeOf(event)]));
  const byHostId = new Map<string, Place>();
  for (const event of activities) {
    const id = event.pid === null ? null : hostIdOf(event);
    if (id !== null) byHostId.set(id, both(byHostId.get(id), placed.get(event) ?? "unknown"));
  }
  for (const event of activities) {
    const place = event.pid === null ? byHostId.get(hostIdOf(event) ?? "") : undefined;
    if (place !== undefined) placed.set(event, place);
  }
  const at = (place: Place): HostEvent[] => activities.filter((event) => placed.get(event) === place);
  return { own: at("act"), unplaced: at("unknown") };
}

/** Whose an activity is: `unknown` may be the act's. */
type Place = "act" | "other" | "unknown";

function both(one: Place | undefined, other: Place): Place {
  return one === undefined || one === other ? other : "unknown";
}

/** By GUID whose each process is; null where the sensor does not tell the GUID of all. */
function placesByGuid({ processes, channel }: Known): ReadonlyMap<string, Place> | null {
  const own = new Set(processes);
  const places = new Map<string, Place>();
  for (const process of channel) {
    if (process.kind !== "exec") continue;
    const guid = guidOf(process);
    if (guid === null) return null;
    places.set(guid, both(places.get(guid), own.has(process) ? "act" : "other"));
  }
  return places;
}

/** When a process had its number for certain, the moments themselves left out: milliseconds since 1970, the host's clock. */
interface Life {
  readonly from: number;
  readonly to: number;
}

/** Of a number the life of the act's process that had it; null where that is not known for certain. */
function livesByNumber({
  processes,
  channel,
  others,
  look,
}: Known): (pid: number) => Life | null | "another's" {
  const numbered = [...channel, ...others];
  const lives = new Map<number | null, Life | null>();
  for (const process of processes) {
    const isAgain = channel.some(
      ({ kind, sequence, pid }) =>
        kind === "exec" && sequence > process.sequence && (pid === null || pid === process.pid),
    );
    const isSetBack = channel.some(
      ({ sequence, time }) =>
        (sequence < process.sequence && time > process.time) ||
        (sequence > look.sequence && time < look.time),
    );
    const isWhole = missingNumbers(numbered, process.sequence, look.sequence).length === 0;
    const isSure = isWhole && !isAgain && !isSetBack;
    // In their order: of several of the act's that had one number the last may be told.
    lives.set(process.pid, isSure ? { from: process.time, to: happenedAt(look) } : null);
  }
  // A process of the act without a number may have had any.
  return (pid) => (lives.has(null) ? null : (lives.get(pid) ?? (lives.has(pid) ? null : "another's")));
}

/** Sysmon's own name for a process, without braces; null where the event has none. */
function guidOf({ fields }: HostEvent): string | null {
  const guid = String(fields["ProcessGuid"] ?? "")
    .replace(/[{}]/g, "")
    .toUpperCase();
  return /[1-9A-F]/.test(guid) ? guid : null;
}

/** The id of the host of an engine of PowerShell, in its own events or in the context of a command. */
function hostIdOf({ fields }: HostEvent): string | null {
  const text = String(
    fields["HostId"] ?? /^ *Host ID = (.*)$/m.exec(String(fields["ContextInfo"] ?? ""))?.[1] ?? "",
  );
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text.trim()) ? text.trim().toLowerCase() : null;
}

/** When something happened, or before: Sysmon tells it beside the time of its record. */
function happenedAt({ fields, time }: HostEvent): number {
  const own = fields["UtcTime"];
  return Math.min(time, (typeof own === "string" ? timeOfText(`${own} UTC`) : null) ?? time);
}

/**
 * Whether a rule reads what processes of Windows do. Sentinels are created processes: they prove nothing of what is said of activities
 * on other ways, also in Sysmon's own channel, where connections and names come later than they happened. So an event that is there
 * can be credited, and one that is not there proves nothing.
 */
export function readsActivities({ platform }: Pick<Trial, "platform">, rule: CompiledRule): boolean {
  return platform === "windows" && ACTIVITY_KINDS.some((kind) => rule.reads({ id: "", ...kind }));
}
