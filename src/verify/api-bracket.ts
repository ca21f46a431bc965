import type { CompiledRule } from "../detection/rule.js";
import { API_LOG_SOURCES, type HostEvent, sentinelOf } from "../model/event.js";
import type { Trial } from "../model/trial.js";
import type { Bracket, KnownBracket } from "./bracket-model.js";
import { uniqueInOrder } from "./records.js";

/**
 * Finds what a trial's act called in the audit log of a cloud's API, in the events of its host. Pure.
 *
 * The act's calls are those that the log places between the trial's own sentinels of that log, in the name of the sentinels' own
 * caller, in which nobody but Tyrian calls. Nothing else is: a call in another's name, or at the very time of a sentinel where the
 * log is ordered by time, earns nothing and may be the act's (`unplaced`).
 */
export function apiBracketOf(trial: Pick<Trial, "id">, hostEvents: readonly HostEvent[]): Bracket {
  const log = uniqueInOrder(hostEvents).filter(({ kind }) => kind === "api");
  const own = (edge: "begin" | "end"): HostEvent[] =>
    log.filter((event) => {
      const sentinel = sentinelOf(event);
      return sentinel?.trial === trial.id && sentinel.edge === edge;
    });
  const [begins, ends] = [own("begin"), own("end")];
  const [begin = null, end = null] = [begins[0], ends[0]];
  if (begin === null && end === null) return { state: "missing" };
  if (begin === null || end === null) {
    const detail = `no ${begin === null ? "begin" : "end"} sentinel of the trial is in the API's log`;
    return { state: "open", begin, end, detail };
  }
  const overlap = (detail: string): Bracket => ({ state: "overlap", begin, end, detail });
  if (begins.length > 1 || ends.length > 1)
    return overlap("the API's log has more than one pair of the trial's sentinels");
  if (begin.session === null || begin.session !== end.session)
    return overlap("the sentinels in the API's log were not called in one name that is Tyrian's alone");
  if (begin.logsource.service !== end.logsource.service || begin.sequence >= end.sequence)
    return overlap("the sentinels in the API's log are not in order");
  const between = log.filter(
    (event) =>
      event.sequence >= begin.sequence &&
      event.sequence <= end.sequence &&
      event.id !== begin.id &&
      event.id !== end.id,
  );
  const foreign = between.map(sentinelOf).find((sentinel) => sentinel !== null);
  if (foreign !== undefined && foreign !== null)
    return overlap(`trial ${foreign.trial} called the API at the same time`);
  const isOwn = (event: HostEvent): boolean =>
    event.session === begin.session &&
    event.logsource.service === begin.logsource.service &&
    event.sequence > begin.sequence &&
    event.sequence < end.sequence;
  return {
    state: "closed",
    ...{ begin, end },
    act: between.filter(isOwn),
    unplaced: between.filter((event) => !isOwn(event)),
    // What a cloud delivers comes in pieces and in no order: the end sentinel says nothing of what is still under way.
    unseen: isInOrder(begin) ? 0 : null,
    detail: isInOrder(begin)
      ? ""
      : "the cloud delivers its log in no order: what came does not tell what is still to come",
  };
}

function isInOrder({ logsource }: HostEvent): boolean {
  return logsource.service === API_LOG_SOURCES.keystone.service;
}

/** The channel of a trial on a client of a cloud that a rule reads; `both` for a rule that reads either. */
export function channelOf(rule: CompiledRule): "api" | "programs" | "both" {
  const reads = (logsource: HostEvent["logsource"]): boolean => rule.reads({ id: "", logsource, fields: {} });
  const api = Object.values(API_LOG_SOURCES).some(reads);
  if (!api) return "programs";
  return reads({ product: "linux", category: "process_creation" }) ? "both" : "api";
}

/** One bracket of two channels; where one of them is not known, neither are both. */
export function together(programs: Bracket, api: Bracket): Bracket {
  if (!("act" in programs)) return programs;
  if (!("act" in api)) {
    const detail =
      "detail" in api
        ? api.detail
        : "no sentinel of the trial is in an API's log, which the rule reads as well";
    return { state: "open", begin: programs.begin, end: programs.end, detail };
  }
  const unseen = programs.unseen === null || api.unseen === null ? null : programs.unseen + api.unseen;
  const both: KnownBracket = {
    ...programs,
    state: programs.state === "closed" && api.state === "closed" ? "closed" : "half",
    act: [...programs.act, ...api.act],
    unseen,
    unplaced: [...(programs.unplaced ?? []), ...(api.unplaced ?? [])],
    detail: programs.detail === "" ? api.detail : programs.detail,
  };
  return both;
}
