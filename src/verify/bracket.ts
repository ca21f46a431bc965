import { type HostEvent, sentinelOf } from "../model/event.js";
import type { Trial } from "../model/trial.js";
import { actArguments } from "../playbook/act-arguments.js";
import { type Bracket, type Circumstances, CONNECTION, type TracedEvent } from "./bracket-model.js";
import { isHousekeeping } from "./housekeeping.js";
import { missingNumbers, uniqueInOrder } from "./records.js";
import { recordedBracket } from "./recorded-bracket.js";
import { windowsBracket } from "./windows-bracket.js";

const nothingKnown: Circumstances = { housekeeping: null, alone: false };

/**
 * Finds the bracket of a trial in the events of its host; calls of a cloud's API have their own (`apiBracketOf`). Pure; neither order nor repetition of the events matters.
 */
export function bracketOf(
  trial: Pick<Trial, "id" | "act" | "work" | "requires"> & Partial<Pick<Trial, "recorded" | "telemetryHost">>,
  hostEvents: readonly HostEvent[],
  circumstances: Circumstances = nothingKnown,
): Bracket {
  if (trial.recorded !== undefined)
    return recordedBracket(trial.recorded, trial.telemetryHost ?? "", hostEvents);
  const events = uniqueInOrder(hostEvents).filter(({ kind }) => kind !== "api");
  const own = events.flatMap((event) => {
    const sentinel = sentinelOf(event);
    return sentinel?.trial === trial.id ? [{ event, edge: sentinel.edge }] : [];
  });
  const begins = own.filter(({ edge }) => edge === "begin");
  const ends = own.filter(({ edge }) => edge === "end");
  const begin = begins[0]?.event ?? null;
  const end = ends[0]?.event ?? null;
  const edge = begin ?? end;
  if (edge === null) return { state: "missing" };
  if (begins.length > 1 || ends.length > 1)
    return { state: "overlap", begin, end, detail: "the trial has more than one pair of sentinels" };
  if (edge.session === null)
    return {
      state: "overlap",
      begin,
      end,
      detail: "the sentinels carry no session: nothing tells the act's events",
    };
  if (begin !== null && end !== null && !isPair(begin, end))
    return { state: "overlap", begin, end, detail: "the sentinels are not of one session, or not in order" };

  const channel = events.filter((event) => event.sensor === edge.sensor && event.host === edge.host);
  const session = channel.filter((event) => event.session === edge.session);
  if (edge.logsource.product === "windows") {
    const activities = events.filter(({ kind }) => kind === "activity");
    return windowsBracket(trial, { begin, end, channel, activities, circumstances });
  }
  if (!isTraced(edge) || !session.every(isTraced)) {
    const detail = "of some events of the session the sensor does not tell who started them";
    return { state: "overlap", begin, end, detail };
  }
  const [first, last] = [begin, end].map((event) => session.find(({ id }) => id === event?.id) ?? null);
  const others = (circumstances.otherRecords ?? []).filter(
    ({ host, sensor }) => host === edge.host && sensor === edge.sensor,
  );
  const numbered = [...channel, ...others];
  return byLineage(trial, {
    begin: first ?? null,
    end: last ?? null,
    edge,
    numbered,
    session,
    circumstances,
  });
}

function isTraced(event: HostEvent): event is TracedEvent {
  return event.pid !== null && event.ppid !== null;
}

/** Whatever of the edge's host and sensor has arrived: events, and records that are none. */
type Numbered = Pick<HostEvent, "sequence">;

interface Sentinels {
  readonly begin: TracedEvent | null;
  readonly end: TracedEvent | null;
  /** One of them. */
  readonly edge: TracedEvent;
  readonly numbered: readonly Numbered[];
  readonly session: readonly TracedEvent[];
  readonly circumstances: Circumstances;
}

/** By who started what, in one session. */
function byLineage(trial: Pick<Trial, "id" | "act" | "work" | "requires">, sentinels: Sentinels): Bracket {
  const { begin, end, edge, numbered, session, circumstances } = sentinels;
  const wrapper = edge.ppid;
  const root = rootOf(trial, session, wrapper, begin, end);
  if (begin === null || end === null) {
    const detail = `no ${begin === null ? "begin" : "end"} sentinel of the trial arrived`;
    if (root === null || mayBeRequirement(trial, root, end, numbered))
      return { state: "open", begin, end, detail };
    const parts = { trial: trial.id, begin, end, numbered, session, root, wrapper, circumstances, detail };
    if (end !== null) return between(root, end.sequence, parts);
    const ended = circumstances.housekeeping !== null;
    const implied = ended ? impliedEnd(trial.id, root, session, numbered) : null;
    if (implied !== null) return between(begin ?? root, implied, parts);
    return { state: "half", begin, end, act: lineageOf(root, session), unseen: null, detail };
  }
  const parts = { trial: trial.id, begin, end, numbered, session, root, wrapper, circumstances, detail: "" };
  return between(begin, end.sequence, parts);
}

interface Parts {
  readonly trial: string;
  readonly begin: TracedEvent | null;
  readonly end: TracedEvent | null;
  readonly numbered: readonly Numbered[];
  readonly session: readonly TracedEvent[];
  readonly root: TracedEvent | null;
  readonly wrapper: number;
  readonly circumstances: Circumstances;
  readonly detail: string;
}

/**
 * @param first the begin sentinel, or the act's first process where that was lost
 * @param last the end sentinel's sequence
 */
function between(first: TracedEvent, last: number, parts: Parts): Bracket {
  const { trial, begin, end, numbered, session, wrapper, detail } = parts;
  const { housekeeping, alone } = parts.circumstances;
  const inside = session.filter(
    (event) => event.sequence >= first.sequence && event.sequence < last && event.id !== begin?.id,
  );
  const foreign = inside.map(sentinelOf).find((sentinel) => sentinel !== null);
  if (foreign !== undefined && foreign !== null) {
    const who = `trial ${foreign.trial} acted in the same session at the same time`;
    return { state: "overlap", begin, end, detail: who };
  }
  const other = intruder(trial, session, first, inside) ?? (alone ? null : straddler(trial, session, last));
  if (other !== null) {
    return { state: "overlap", begin, end, detail: `${other} was still acting in the same session` };
  }
  const done = inside.filter((event) => !isHousekeeping(event, wrapper));
  // Of what is missing, so much is known to be the wrapper's own.
  const accounted = Math.max(0, (housekeeping ?? 0) - (inside.length - done.length));
  // The end's own number counts only where its record is here.
  const missing = missingNumbers(numbered, first.sequence, end === null ? last - 1 : last).length;
  const unseen = Math.max(0, missing - accounted);
  // Also where the kernel refused it and the record has no arguments: the wrapper starts nothing else.
  const root = parts.root ?? done.find((event) => event.ppid === wrapper);
  const ours = done.filter((event) => event.ppid !== wrapper || event.pid === root?.pid);
  const state = begin === null || end === null ? "half" : "closed";
  // Where others may have used the session, one of whose trials may have lost both its sentinels, only lineage tells what is ours.
  const descended = new Set(root === undefined ? [] : lineageOf(root, inside));
  const act = alone ? ours : ours.filter((event) => descended.has(event));
  const unplaced = ours.filter((event) => !act.includes(event));
  return { state, begin, end, act, unseen, detail, ...(unplaced.length === 0 ? {} : { unplaced }) };
}

function isPair(begin: HostEvent, end: HostEvent): boolean {
  return (
    begin.host === end.host &&
    begin.session === end.session &&
    begin.sensor === end.sensor &&
    (begin.ppid === null || end.ppid === null || begin.ppid === end.ppid) &&
    begin.sequence < end.sequence
  );
}

/**
 * What began before ours in the session, and whose processes act inside our bracket: another trial, or something whose own
 * trial is not known, because its sentinel was lost; null when there is nothing.
 */
function intruder(
  trial: string,
  session: readonly TracedEvent[],
  first: TracedEvent,
  inside: readonly TracedEvent[],
): string | null {
  const wrapper = first.ppid;
  const within = new Set(inside);
  const pids = new Map<number, string>();
  for (const event of session) {
    const sentinel = sentinelOf(event);
    // A connection begins with a sentinel of its own, which no trial's wrapper wrote.
    if (sentinel?.edge === "begin" && sentinel.trial !== trial && sentinel.trial !== CONNECTION) {
      if (event.sequence < first.sequence) pids.set(event.ppid, `trial ${sentinel.trial}`);
      continue;
    }
    const other = event.ppid === wrapper ? undefined : pids.get(event.ppid);
    if (other !== undefined && within.has(event)) return other;
    if (event.pid === wrapper) continue;
    if (event.sequence < first.sequence) pids.set(event.pid, other ?? "something that began before");
    else if (other === undefined) pids.delete(event.pid);
    else pids.set(event.pid, other);
  }
  return null;
}

/**
 * A trial of which the first sentinel after our end is its own end: it may have acted all the while, and its beginning is not
 * here. Unless its wrapper is seen to start its act after our end: then it began after us, and that sentinel was lost.
 */
function straddler(trial: string, session: readonly TracedEvent[], last: number): string | null {
  const later = session.filter(({ sequence }) => sequence > last);
  const first = later.findIndex((event) => {
    const sentinel = sentinelOf(event);
    return sentinel !== null && sentinel.trial !== trial && sentinel.trial !== CONNECTION;
  });
  const event = later[first];
  const sentinel = event === undefined ? null : sentinelOf(event);
  if (event === undefined || sentinel === null || sentinel.edge === "begin") return null;
  const wrapper = event.ppid;
  const began = later.slice(0, first).some((one) => one.ppid === wrapper && !isHousekeeping(one, wrapper));
  return began ? null : `trial ${sentinel.trial}, whose beginning is not here,`;
}

/**
 * The number of an end sentinel whose record was lost: the only one that is missing between the act's first process and the next
 * sentinel of the session, where nothing runs at the same time. Null when more are missing, or nothing follows.
 */
function impliedEnd(
  trial: string,
  root: HostEvent,
  session: readonly HostEvent[],
  numbered: readonly Numbered[],
): number | null {
  const next = session.find((event) => {
    const sentinel = event.sequence > root.sequence ? sentinelOf(event) : null;
    return sentinel !== null && sentinel.trial !== trial;
  });
  if (next === undefined) return null;
  const [only, ...more] = missingNumbers(numbered, root.sequence, next.sequence);
  return more.length > 0 ? null : (only ?? null);
}

/** Without the begin sentinel, a requirement that ran the same program looks like the act: unless all that followed it is here. */
function mayBeRequirement(
  trial: Pick<Trial, "requires">,
  root: HostEvent,
  end: HostEvent | null,
  numbered: readonly Numbered[],
): boolean {
  if (end === null || trial.requires.length === 0) return false;
  return missingNumbers(numbered, root.sequence, end.sequence).length > 0;
}

/** The act's first process, by the wrapper that started it and the very arguments that were planned; null unless there is one. */
function rootOf(
  trial: Pick<Trial, "act" | "work">,
  session: readonly TracedEvent[],
  wrapper: number,
  begin: HostEvent | null,
  end: HostEvent | null,
): TracedEvent | null {
  const planned = JSON.stringify(actArguments(trial.act, trial.work));
  const found = session.filter(
    (event) =>
      event.ppid === wrapper &&
      event.sequence > (begin?.sequence ?? -Infinity) &&
      event.sequence < (end?.sequence ?? Infinity) &&
      JSON.stringify(event.argv) === planned,
  );
  // With both edges the first is the act's; without, one like it among the requirements would be taken for it.
  return begin !== null || found.length === 1 ? (found[0] ?? null) : null;
}

/**
 * The root and what descends from it. Without an end sentinel nothing else is surely the act's. A number that another parent starts anew
 * may be another process.
 */
function lineageOf(root: TracedEvent, session: readonly TracedEvent[]): TracedEvent[] {
  const pids = new Set([root.pid]);
  // Another trial's sentinel is later than the end that was lost; numbers of processes may have been given again by then.
  const next = session.find((event) => event.sequence > root.sequence && sentinelOf(event) !== null);
  return session.filter((event) => {
    if (event.sequence < root.sequence || event.sequence >= (next?.sequence ?? Infinity)) return false;
    const own = pids.has(event.ppid) || (event.pid === root.pid && event.ppid === root.ppid);
    if (own) pids.add(event.pid);
    else pids.delete(event.pid);
    return own;
  });
}
