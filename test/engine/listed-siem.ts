import type { Alert } from "../../src/model/alert.js";
import type { HostEvent } from "../../src/model/event.js";
import type { Execution } from "../../src/model/execution.js";
import type { ActedTrial } from "../../src/engine/trial.js";
import type { Trial } from "../../src/model/trial.js";
import type { Answer, Siem } from "../../src/siem/siem.js";
import { defaultPatience } from "../../src/verify/observe.js";
import { alertOf, base64Rule, exec, executionOf, sentinel, trialOf } from "../verify/builders.js";

/** A SIEM whose answers are a list, and trials to ask it about. */

export const rules = new Map([[base64Rule.id, base64Rule]]);
export const patience = {
  ...defaultPatience,
  settleMs: 60,
  scheduledMs: 60,
  readPauseMs: 5,
  longestPauseMs: 10,
};

export function complete<T>(value: T): Promise<Answer<T>> {
  return Promise.resolve({ state: "complete", detail: "", value });
}

/** A SIEM that has these events, of which the first and last are the sentinels, and these alerts. */
export function siemOf(
  events: readonly HostEvent[],
  alerts: readonly Alert[],
  over: Partial<Siem> = {},
): Siem {
  return {
    name: "a list",
    delivery: { type: "read" },
    questionsPerMinute: null,
    clock: () => complete({ now: Date.now(), errorMs: 0 }),
    canaries: () => complete([{ begin: events[0] ?? null, end: events.at(-1) ?? null }]),
    events: () => complete([...events]),
    alerts: () => complete([...alerts]),
    ruleStatuses: (rules) =>
      complete(
        rules.map((rule) => ({
          ...{ rule, present: true, enabled: true, evaluatedBy: "embedded", throttles: [], stateful: false },
          schedule: { type: "streaming" },
        })),
      ),
    background: () => complete({ matches: 0, observedHours: 1, perDay: 0 }),
    sensor: () => complete({ lost: 3, running: true, detail: "" }),
    changed: (_host, ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    close: () => Promise.resolve(),
    ...over,
  };
}

/** What the host did in a trial whose act decoded something, and the alert of it. */
export function firing(trial: string): { events: HostEvent[]; alerts: Alert[] } {
  const begin = sentinel("begin", trial);
  const act = exec(["base64", "-d"]);
  return {
    events: [begin, act, sentinel("end", trial)],
    alerts: [alertOf(base64Rule.id, [act])],
  };
}

export function acted(execution: Partial<Execution> = {}, trial: Partial<Trial> = {}): ActedTrial {
  const now = Date.now();
  const times = { startedAt: new Date(now - 100).toISOString(), endedAt: new Date(now).toISOString() };
  return {
    trial: trialOf(trial),
    execution: executionOf({ ...times, ...execution }),
    cleanup: { status: "clean", detail: "", attempts: 1 },
    lostBefore: 3,
  };
}
