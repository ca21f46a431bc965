import type { Alert } from "../model/alert.js";
import { type HostEvent, sentinelOf } from "../model/event.js";
import type { AttributionGrade } from "../model/verdict.js";
import type { CompiledRule } from "../detection/rule.js";

/**
 * The events of a trial's act, told apart from everything else on the host.
 *
 * On Linux the act is bracketed by sentinels in one audit session. Credit needs the same host, the same session and a
 * sequence between the sentinels: that survives setsid, a double fork and `cd /`, and excludes prerequisites, proof,
 * cleanup and other connections. Inside the bracket only the wrapper's own housekeeping is left out: what the wrapper
 * itself starts after the act's first process.
 */
export type Bracket =
  | {
      readonly state: "closed";
      readonly begin: HostEvent;
      readonly end: HostEvent;
      /** The act's own events, in order of sequence. */
      readonly act: readonly HostEvent[];
    }
  | {
      readonly state: "open" | "missing" | "overlap";
      readonly begin: HostEvent | null;
      readonly end: HostEvent | null;
      readonly detail: string;
    };

/** Finds the bracket of a trial in the events of its host. Pure; the order of the input does not matter. */
export function bracketOf(trial: string, hostEvents: readonly HostEvent[]): Bracket {
  const events = uniqueInOrder(hostEvents);
  const sentinels = events.flatMap((event) => {
    const sentinel = sentinelOf(event);
    return sentinel === null ? [] : [{ event, sentinel }];
  });
  const own = sentinels.filter(({ sentinel }) => sentinel.trial === trial);
  const begins = own.filter(({ sentinel }) => sentinel.edge === "begin");
  const ends = own.filter(({ sentinel }) => sentinel.edge === "end");
  const begin = begins[0]?.event ?? null;
  const end = ends[0]?.event ?? null;

  if (begin === null || end === null) {
    const state = begin === null && end === null ? "missing" : "open";
    const which =
      begin === null ? (end === null ? "neither sentinel" : "no begin sentinel") : "no end sentinel";
    return { state, begin, end, detail: `${which} of the trial arrived` };
  }
  if (begins.length > 1 || ends.length > 1) {
    return { state: "overlap", begin, end, detail: "the trial has more than one pair of sentinels" };
  }
  if (begin.session === null || begin.session !== end.session || begin.sequence >= end.sequence) {
    return { state: "overlap", begin, end, detail: "the sentinels are not of one session, or not in order" };
  }
  const inside = events.filter(
    (event) =>
      event.session === begin.session && event.sequence > begin.sequence && event.sequence < end.sequence,
  );
  const foreign = inside.map(sentinelOf).find((sentinel) => sentinel !== null);
  if (foreign !== undefined && foreign !== null) {
    return {
      state: "overlap",
      begin,
      end,
      detail: `trial ${foreign.trial} acted in the same session at the same time`,
    };
  }
  return { state: "closed", begin, end, act: withoutHousekeeping(inside, begin.ppid) };
}

/** The wrapper starts the act first; whatever else it starts before the end sentinel is its own waiting. */
function withoutHousekeeping(inside: readonly HostEvent[], wrapper: number): HostEvent[] {
  const root = inside.find((event) => event.ppid === wrapper);
  return inside.filter((event) => event.ppid !== wrapper || event.pid === root?.pid);
}

function uniqueInOrder(events: readonly HostEvent[]): HostEvent[] {
  const byId = new Map(events.map((event) => [event.id, event]));
  return [...byId.values()].sort((a, b) => a.sequence - b.sequence || (a.id < b.id ? -1 : 1));
}

/** What the alerts of one rule say of a trial. */
export interface AlertAttribution {
  readonly grade: AttributionGrade;
  readonly alert: Alert;
  /** The trial's own events that the alert stands for; empty unless exact. */
  readonly events: readonly HostEvent[];
}

export interface AlertQuestion {
  readonly rule: CompiledRule;
  readonly alerts: readonly Alert[];
  readonly act: readonly HostEvent[];
  /** All events of the host in the observed window, the act's included. */
  readonly hostEvents: readonly HostEvent[];
  readonly host: string;
  /** Milliseconds since 1970, our clock: alerts that were last changed before this cannot be the trial's. */
  readonly since: number;
  /** Matches of the rule on this host without us; null when not known. */
  readonly backgroundMatches: number | null;
}

/**
 * The best attribution of an alert of the rule to the trial, or null when no alert can be the trial's. An alert that
 * resolves its source events is judged by them alone. One that does not is `exclusive` only when nothing else can have
 * caused it, and otherwise `ambiguous`.
 */
export function attributeAlerts(question: AlertQuestion): AlertAttribution | null {
  const { rule, act } = question;
  const ownById = new Map(act.map((event) => [event.id, event]));
  const candidates = question.alerts
    .filter((alert) => alert.rule === rule.id)
    .flatMap((alert): AlertAttribution[] => {
      if (alert.sourceEvents === null) {
        const possible =
          (alert.host === null || alert.host === question.host) && alert.updatedAt >= question.since;
        return possible ? [{ grade: gradeWithoutSources(question, alert), alert, events: [] }] : [];
      }
      const own = alert.sourceEvents.flatMap((id) => ownById.get(id) ?? []);
      if (own.length === 0) return [];
      const sufficient = own.length === alert.sourceEvents.length || own.some((event) => rule.matches(event));
      return [{ grade: sufficient ? "exact" : "ambiguous", alert, events: own }];
    });
  const rank = (candidate: AlertAttribution): number =>
    ["exact", "exclusive", "ambiguous"].indexOf(candidate.grade);
  // A standing alert outranks a folded one of the same grade: the analyst saw it.
  const folded = (candidate: AlertAttribution): number => (candidate.alert.foldedInto === null ? 0 : 1);
  candidates.sort(
    (a, b) =>
      rank(a) - rank(b) ||
      folded(a) - folded(b) ||
      a.alert.createdAt - b.alert.createdAt ||
      (a.alert.id < b.alert.id ? -1 : 1),
  );
  return candidates[0] ?? null;
}

function gradeWithoutSources(question: AlertQuestion, alert: Alert): AttributionGrade {
  const own = new Set(question.act.map((event) => event.id));
  const oursMatch = question.act.some((event) => question.rule.matches(event));
  const othersMatch = question.hostEvents.some((event) => !own.has(event.id) && question.rule.matches(event));
  const alone = alert.host === question.host && question.backgroundMatches === 0 && !othersMatch;
  return alone && oursMatch && alert.createdAt >= question.since ? "exclusive" : "ambiguous";
}
