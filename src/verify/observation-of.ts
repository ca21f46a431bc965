import type { HostEvent } from "../model/event.js";
import type { AnswerState, Observation } from "../model/observation.js";
import type { Answer } from "../siem/siem.js";
import type { Round } from "./ask.js";

const badness: Record<AnswerState, number> = { complete: 0, partial: 1, "rate-limited": 2, unreachable: 3 };

/**
 * What is known of a trial after a round of questions. It is only as whole as the worst answer of the round, and not whole
 * when an answer lacked what an earlier one had shown.
 * @param asked with the moment that the answers speak of, our clock, and whether sentinels, events and alerts were all asked
 * for, so that the round counts as one of those that agree
 */
export function observationOf(
  { siem, request, evidence, delivery, deadlineAt }: Round,
  answers: readonly Answer<unknown>[],
  asked: { readonly asOf: number; readonly counts: boolean; readonly events: HostEvent[] },
  parts: Partial<Observation>,
): Observation {
  const worst = answers.reduce<Answer<unknown> | null>(
    (found, answer) => (found === null || badness[answer.state] > badness[found.state] ? answer : found),
    null,
  );
  const shrunk = evidence.takeShrunk();
  const said = worst?.state ?? "complete";
  const state = said === "complete" && shrunk ? "partial" : said;
  const detail = state === said ? (worst?.detail ?? "") : "the SIEM no longer shows what it has shown before";
  return {
    siem: siem.name,
    askedAt: evidence.askedAt,
    answeredAt: asked.asOf,
    deadlineAt,
    state,
    stateDetail: state === "complete" ? "" : detail,
    delivery,
    clock: { offsetMs: 0, errorMs: 0 },
    ...(asked.counts ? evidence.agree(state, asked.asOf) : { agreeing: 0, agreedAt: asked.asOf }),
    events: asked.events,
    ...(evidence.otherRecords.length === 0 ? {} : { otherRecords: evidence.otherRecords }),
    surroundings: evidence.wide && delivery.type === "shipped",
    alerts: evidence.alerts,
    rules: evidence.rest?.rules ?? [],
    background: evidence.rest?.background ?? {},
    sensor: {
      lostBefore: request.lostBefore,
      lostAfter: evidence.sensor?.lost ?? null,
      running: evidence.sensor?.running ?? null,
      detail: evidence.sensor?.detail ?? evidence.sensorDetail,
    },
    ...(evidence.hostLog === null ? {} : { hostLog: hostLogOf(evidence.hostLog) }),
    ...parts,
  };
}

function hostLogOf({ state, detail, value }: Answer<HostEvent[]>): Observation["hostLog"] {
  return { state, detail, events: value };
}
