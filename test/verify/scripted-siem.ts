import type { Alert } from "../../src/model/alert.js";
import { type HostEvent, sentinelOf } from "../../src/model/event.js";
import type { AnswerState, Delivery, Observation, RuleStatus } from "../../src/model/observation.js";
import type { Background } from "../../src/model/verdict.js";
import type {
  AlertQuery,
  Answer,
  Canary,
  HostSpan,
  SensorState,
  Siem,
  TrialOnHost,
} from "../../src/siem/siem.js";
import { type ObserveRequest, type ObserveSettings, observe } from "../../src/verify/observe.js";
import { base64Rule, executionOf, shipped, statusOf, T0, trialOf } from "./builders.js";

export type Question = "clock" | "canaries" | "events" | "alerts" | "ruleStatuses" | "background" | "sensor";

/** Something that can be found since a moment, milliseconds after T0. */
export interface Visible<T> {
  readonly what: T;
  readonly since: number;
}

/** A question as it was asked, milliseconds after T0. */
export interface Asked {
  readonly question: Question;
  readonly at: number;
}

/** A SIEM whose answers are written down beforehand. Its clock moves only while somebody waits for it. */
export class ScriptedSiem implements Siem {
  readonly name = "scripted";
  delivery: Delivery = shipped;
  readonly questionsPerMinute = null;
  telemetry: Visible<HostEvent>[] = [];
  alertBook: Visible<Alert>[] = [];
  /** What it says of the rule at a moment. */
  status: (at: number) => RuleStatus = () => statusOf();
  noise: Background = { matches: 0, observedHours: 24, perDay: 0 };
  reading: SensorState = { lost: 0, running: true, detail: "" };
  /** How it answers a question at a moment. */
  mood: (question: Question, at: number) => AnswerState = () => "complete";
  /** Milliseconds that an answer takes; what it holds is of the moment when it comes. */
  takes: (question: Question) => number = () => 0;
  /** The SIEM's clock minus ours, milliseconds. */
  offsetMs = 0;
  /** Moments, after T0, at which it tells by itself that something has come. */
  news: number[] = [];
  readonly asked: Asked[] = [];
  readonly waits: number[] = [];
  /** Milliseconds after T0; the act ended at 1000. */
  at = 1_100;

  readonly now = (): number => T0 + this.at;

  clock(): Promise<Answer<{ now: number; errorMs: number }>> {
    return this.#answer("clock", { now: 0, errorMs: 0 }, () => ({
      now: this.now() + this.offsetMs,
      errorMs: 1,
    }));
  }

  canaries(asked: readonly TrialOnHost[]): Promise<Answer<Canary[]>> {
    const of = (trial: string, edge: string): HostEvent | null =>
      this.#visible(this.telemetry).find((event) => {
        const sentinel = sentinelOf(event);
        return sentinel?.trial === trial && sentinel.edge === edge;
      }) ?? null;
    const none = asked.map(() => ({ begin: null, end: null }));
    return this.#answer("canaries", none, () =>
      asked.map(({ trial }) => ({ begin: of(trial, "begin"), end: of(trial, "end") })),
    );
  }

  events(spans: readonly HostSpan[]): Promise<Answer<HostEvent[]>> {
    return this.#answer("events", [], () =>
      this.#visible(this.telemetry).filter((event) =>
        spans.some(({ host, from, to }) => event.host === host && event.time >= from && event.time <= to),
      ),
    );
  }

  alerts({ rules, hosts, from, to }: AlertQuery): Promise<Answer<Alert[]>> {
    return this.#answer("alerts", [], () =>
      this.#visible(this.alertBook).filter(
        ({ rule, host, createdAt, updatedAt }) =>
          (rules.includes(rule) || (host !== null && hosts.includes(host))) &&
          updatedAt >= from &&
          createdAt <= to,
      ),
    );
  }

  ruleStatuses(): Promise<Answer<RuleStatus[]>> {
    return this.#answer("ruleStatuses", [], () => [this.status(this.at)]);
  }

  background(): Promise<Answer<Background>> {
    return this.#answer("background", { matches: 0, observedHours: 0, perDay: null }, () => this.noise);
  }

  sensor(): Promise<Answer<SensorState>> {
    return this.#answer("sensor", { lost: null, running: null, detail: "" }, () => this.reading);
  }

  changed(_host: string, ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    this.waits.push(ms);
    const told = this.news.find((at) => at > this.at && at < this.at + ms);
    this.at = told ?? this.at + ms;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The moments at which a question was asked. */
  askedAt(question: Question): number[] {
    return this.asked.filter((one) => one.question === question).map(({ at }) => at);
  }

  #visible<T>(all: readonly Visible<T>[]): T[] {
    return all.filter(({ since }) => since <= this.at).map(({ what }) => what);
  }

  async #answer<T>(question: Question, nothing: T, whole: () => T): Promise<Answer<T>> {
    this.asked.push({ question, at: this.at });
    const takes = this.takes(question);
    // An answer that takes time comes after the answers to what was asked together with it.
    for (let turn = 0; takes > 0 && turn < 10; turn += 1) await Promise.resolve();
    this.at += takes;
    const state = this.mood(question, this.at);
    return {
      state,
      detail: state === "complete" ? "" : "as scripted",
      value: state === "complete" ? whole() : nothing,
    };
  }
}

/** Asks a scripted SIEM about the trial of `trialOf`, whose act lasted from T0 to T0 + 1000. */
export async function observed(
  siem: ScriptedSiem,
  over: Partial<ObserveRequest> = {},
  settings: Pick<ObserveSettings, "lag"> = {},
): Promise<Observation> {
  const request = {
    trial: trialOf(),
    execution: executionOf(),
    rules: new Map([["base64", base64Rule]]),
    lostBefore: 0,
    ...over,
  };
  return observe(siem, request, { now: siem.now, ...settings });
}
