import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../errors.js";
import type { Alert } from "../../model/alert.js";
import type { HostEvent } from "../../model/event.js";
import type { Delivery, OtherRecord, RuleStatus } from "../../model/observation.js";
import type { Background } from "../../model/verdict.js";
import { type SensorProbe, SensorReadings } from "../embedded/sensor-readings.js";
import type { AlertQuery, Answer, Canary, HostSpan, SensorState, Siem, TrialOnHost } from "../siem.js";
import { type AnswerTo, type Asked, LONGEST_WAIT_MS, type Question } from "./protocol.js";

/** Puts a question to the API and gives its answer, held to the protocol. */
export type Ask = <Q extends Question>(
  question: Q,
  asked: Asked<Q>,
  options: { readonly deadlineMs: number; readonly signal?: AbortSignal },
) => Promise<AnswerTo<Q>>;

/** Milliseconds for an answer; the server's own waits for logs and half events are shorter. */
const ANSWER_MS = 45_000;
/** Milliseconds for an answer beyond what it waits for, and between two questions of a server that cannot be reached. */
const MARGIN_MS = 10_000;
const PAUSE_MS = 1_000;
/** How far a clock that could not be read may be off. */
const DAY_MS = 86_400_000;

/** Milliseconds until an alert of an event that has arrived can be found: rules are run as events arrive. */
const LONGEST_ALERT_LAG_MS = 1_000;

/** An embedded SIEM that is served elsewhere (`tyrian siem serve`). See `openRemoteSiem`. */
export class RemoteSiem implements Siem {
  readonly name: string;
  readonly delivery: Delivery;
  readonly questionsPerMinute = null;
  readonly #ask: Ask;
  readonly #sensors: SensorReadings | null;
  readonly #release: () => Promise<void>;
  readonly #closed = new AbortController();

  /**
   * @param longestLagMs from the host to the SIEM: what has not come by then is taken for lost; null when it reads the sensors' own logs
   * @param probe asks the lab itself, where the run can: the SIEM knows only what it misses
   * @param release called when nothing is asked any more
   * @param others rules of which it has another text than the run
   */
  constructor(
    name: string,
    longestLagMs: number | null,
    ask: Ask,
    probe: SensorProbe | undefined,
    release: () => Promise<void>,
    private readonly others: ReadonlySet<string> = new Set(),
  ) {
    this.name = name;
    this.#release = release;
    this.delivery =
      longestLagMs === null
        ? { type: "read" }
        : { type: "shipped", longestLagMs, longestAlertLagMs: LONGEST_ALERT_LAG_MS };
    this.#ask = ask;
    this.#sensors = probe === undefined ? null : new SensorReadings(probe);
  }

  /** The server's clock read between two of ours: half of the round trip is what it may be wrong by. */
  async clock(): Promise<Answer<{ now: number; errorMs: number }>> {
    const began = performance.now();
    const { state, detail, value } = await this.#question("clock", {}, { now: Date.now(), errorMs: DAY_MS });
    const half = (performance.now() - began) / 2;
    return { state, detail, value: { now: value.now + half, errorMs: value.errorMs + half } };
  }

  async canaries(asked: readonly TrialOnHost[]): Promise<Answer<Canary[]>> {
    const none = asked.map(() => ({ begin: null, end: null }));
    const answer = await this.#question("canaries", { trials: [...asked] }, none);
    if (answer.value.length === asked.length) return answer;
    return { state: "unreachable", detail: `${this.name} answered about other trials`, value: none };
  }

  events(spans: readonly HostSpan[]): Promise<Answer<HostEvent[]>> {
    return this.#question("events", { spans: [...spans] }, []);
  }

  otherRecords(spans: readonly HostSpan[]): Promise<Answer<OtherRecord[]>> {
    return this.#question("other-records", { spans: [...spans] }, []);
  }

  alerts({ rules, hosts, from, to }: AlertQuery): Promise<Answer<Alert[]>> {
    return this.#question("alerts", { rules: [...rules], hosts: [...hosts], from, to }, []);
  }

  async ruleStatuses(rules: readonly string[], since: number): Promise<Answer<RuleStatus[]>> {
    const answer = await this.#question("rule-statuses", { rules: [...rules], since }, []);
    if (answer.state !== "complete") return answer;
    if (answer.value.every(({ rule }, index) => rule === rules[index])) {
      const other = rules.filter((rule) => this.others.has(rule));
      if (other.length === 0) return answer;
      const detail = `${this.name} has another text of the rule ${other.join(", ")}: what it does says nothing of this run's`;
      return { ...answer, state: "partial", detail };
    }
    return { state: "unreachable", detail: `${this.name} answered about other rules`, value: [] };
  }

  background(rule: string, host: string): Promise<Answer<Background>> {
    return this.#question("background", { rule, host }, { matches: 0, observedHours: 0, perDay: null });
  }

  /**
   * What the lab's sensor lost on the host. Where the served SIEM reads the sensors' own logs, what it misses counts too; what is lost
   * on the way shows as a gap in the numbers, and is not waited for here.
   */
  async sensor(host: string, since: number): Promise<Answer<SensorState>> {
    if (this.#sensors !== null && this.delivery.type === "shipped")
      return await this.#sensors.of(host, 0, since);
    const none = { lost: null, missing: 0, running: null, detail: "" };
    const answer = await this.#question("sensor", { host, since }, none);
    if (this.#sensors === null || answer.state !== "complete") return answer;
    return await this.#sensors.of(host, answer.value.missing, since);
  }

  /** An aborted signal rejects with its reason. */
  async changed(host: string, ms: number, signal?: AbortSignal): Promise<void> {
    const until = performance.now() + ms;
    for (let left = ms; left > 0; left = until - performance.now()) {
      signal?.throwIfAborted();
      if (this.#closed.signal.aborted) return;
      const wait = Math.min(left, LONGEST_WAIT_MS);
      const either = AbortSignal.any([this.#closed.signal, ...(signal === undefined ? [] : [signal])]);
      try {
        const asked = { host, ms: wait };
        const { arrived } = await this.#ask("changed", asked, {
          deadlineMs: wait + MARGIN_MS,
          signal: either,
        });
        if (arrived) return;
      } catch {
        signal?.throwIfAborted();
        await sleep(Math.min(PAUSE_MS, Math.max(0, left)), undefined, { signal: either }).catch(
          () => undefined,
        );
      }
    }
  }

  close(): Promise<void> {
    this.#closed.abort();
    return this.#release();
  }

  async #question<Q extends Exclude<Question, "changed" | "delivery" | "rules">>(
    question: Q,
    asked: Asked<Q>,
    none: AnswerTo<Q>["value"],
  ): Promise<AnswerTo<Q>> {
    try {
      return await this.#ask(question, asked, { deadlineMs: ANSWER_MS, signal: this.#closed.signal });
    } catch (thrown) {
      return { state: "unreachable", detail: messageOf(thrown), value: none } as AnswerTo<Q>;
    }
  }
}
