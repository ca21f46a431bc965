import type { Alert } from "../../src/model/alert.js";
import type { HostEvent } from "../../src/model/event.js";
import type { AnswerState, RuleStatus } from "../../src/model/observation.js";
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
import type { VirtualTime } from "../simulator/virtual-time.js";
import { exec, sentinel, statusOf } from "../verify/builders.js";

/** Everything that the SIEM was asked, in words that a test can compare. */
export interface Recorded {
  readonly at: number;
  readonly text: string;
}

/** A SIEM that has the sentinels of every trial and the events and alerts that it was given, and records what it is asked. */
export class RecordingSiem implements Siem {
  readonly name = "recording";
  readonly delivery = { type: "read" } as const;
  readonly recorded: Recorded[] = [];
  alertBook: Alert[] = [];
  telemetry: HostEvent[] = [];
  /** How a question is answered; what is thrown rejects it. */
  mood: (text: string) => AnswerState = () => "complete";
  /** Milliseconds that an answer takes. */
  takesMs = 0;
  closed = false;
  readonly questionsPerMinute: number | null;
  readonly #time: VirtualTime;

  constructor(time: VirtualTime, questionsPerMinute: number | null) {
    this.#time = time;
    this.questionsPerMinute = questionsPerMinute;
  }

  get texts(): string[] {
    return this.recorded.map(({ text }) => text);
  }

  clock(): Promise<Answer<{ now: number; errorMs: number }>> {
    return this.#answer("clock", () => ({ now: this.#time.now(), errorMs: 0 }));
  }

  canaries(asked: readonly TrialOnHost[]): Promise<Answer<Canary[]>> {
    return this.#answer(`canaries ${asked.map(({ trial }) => trial).join(" ")}`, () =>
      asked.map(({ trial, host }) => ({ begin: sentinel("begin", trial, { host }), end: null })),
    );
  }

  events(spans: readonly HostSpan[]): Promise<Answer<HostEvent[]>> {
    const named = spans.map(({ host, from, to }) => `${host} ${from} ${to}`);
    return this.#answer(`events ${named.join(", ")}`, () =>
      this.telemetry.filter((event) => spans.some((span) => liesIn(event, span))),
    );
  }

  alerts({ rules, hosts, from, to }: AlertQuery): Promise<Answer<Alert[]>> {
    return this.#answer(`alerts ${rules.join(",")} ${hosts.join(",")} ${from} ${to}`, () => this.alertBook);
  }

  ruleStatuses(rules: readonly string[], since: number): Promise<Answer<RuleStatus[]>> {
    return this.#answer(`statuses ${rules.join(",")} ${since}`, () =>
      rules.map((rule) => statusOf({ rule })),
    );
  }

  background(rule: string, host: string): Promise<Answer<Background>> {
    return this.#answer(`background ${rule} ${host}`, () => ({ matches: 0, observedHours: 1, perDay: 0 }));
  }

  sensor(host: string, since: number): Promise<Answer<SensorState>> {
    return this.#answer(`sensor ${host} ${since}`, () => ({ lost: 0, running: true, detail: host }));
  }

  changed(_host: string, ms: number, signal?: AbortSignal): Promise<void> {
    return this.#time.sleep(ms, signal);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  async #answer<T>(text: string, value: () => T): Promise<Answer<T>> {
    this.recorded.push({ at: this.#time.now(), text });
    if (this.takesMs > 0) await this.#time.sleep(this.takesMs);
    const state = this.mood(text);
    return { state, detail: state === "complete" ? "" : "as recorded", value: value() };
  }
}

/** An exec of a host at a moment. */
export function execAt(host: string, time: number): HostEvent {
  return exec(["ls"], { host, time, id: `${host}/auditd/${time}` });
}

/** Whether an event is of the span's host and time. */
export function liesIn({ host, time }: HostEvent, span: HostSpan): boolean {
  return host === span.host && time >= span.from && time <= span.to;
}
