import type { CompiledRule } from "../../detection/rule.js";
import { messageOf } from "../../errors.js";
import type { Alert } from "../../model/alert.js";
import { type HostEvent, sentinelOf } from "../../model/event.js";
import type { TelemetrySource } from "../../model/inventory.js";
import type { Delivery, OtherRecord, RuleStatus } from "../../model/observation.js";
import type { Background } from "../../model/verdict.js";
import type { ReceivedEvent } from "../../telemetry/received/record-reader.js";
import type { TimedRecord } from "../../telemetry/sensor.js";
import { EventStore } from "../../telemetry/store.js";
import type { AlertQuery, Answer, Canary, SensorState, Siem, TrialOnHost, HostSpan } from "../siem.js";
import { AlertBook } from "./alerts.js";
import { Arrivals } from "./arrivals.js";
import { BackgroundBook } from "./background.js";
import { BackgroundCorrelations } from "./background-correlations.js";
import { SentinelBook } from "./canary.js";
import { type Correlated, type CorrelatedEvent, Correlations } from "./correlations.js";
import { CATCH_UP_MS, deliveryOf, type Feed, FileFeed } from "./feed.js";
import { OtherRecords } from "./other-records.js";
import { ProblemBook } from "./problems.js";
import type { ReceivedFeed } from "./received-feed.js";
import { matchReceived } from "./received-rules.js";
import { RecentEvents } from "./recent.js";
import { replayHistory } from "./replay.js";
import { type Matched, RuleSet } from "./rules.js";
import { SensorReadings } from "./sensor-readings.js";
import type { SensorProbe } from "./sensor-readings.js";
import { answer, type State, WHOLE, within, worse } from "./states.js";

export type { SensorProbe } from "./sensor-readings.js";

export interface EmbeddedSiemOptions {
  readonly sources: readonly TelemetrySource[];
  readonly rules: readonly CompiledRule[];
  /** Path of the event database, such as `events.duckdb` of the run folder. Absent: in memory, where it grows without bound. */
  readonly storeFile?: string;
  /** Asks the lab whether the sensor of a host runs and what it lost. Absent: neither is known. */
  readonly probe?: SensorProbe;
  /** How much of an existing log is read for the background, in bytes from its end. Default 16 MiB; strace logs are read whole. */
  readonly backfillBytes?: number;
  /** Events that are kept in memory in front of the database, over all hosts. Default 20,000. */
  readonly memoryEvents?: number;
}

/** Milliseconds that the background may wait for the history. */
const HISTORY_MS = 15_000;

/** See `openEmbeddedSiem`. */
export class EmbeddedSiem implements Siem {
  readonly name = "embedded";
  readonly delivery: Delivery;
  readonly questionsPerMinute = null;
  readonly #feeds: Feed[];
  readonly #received: ReceivedFeed | undefined;
  readonly #store: EventStore;
  readonly #rules: RuleSet;
  readonly #recent: RecentEvents;
  readonly #alerts = new AlertBook();
  readonly #background = new BackgroundBook();
  readonly #correlations: Correlations;
  readonly #backgroundCorrelations: BackgroundCorrelations;
  /** Hosts with an end sentinel since all that came was last looked at. */
  readonly #ended = new Set<string>();
  readonly #sentinels = new SentinelBook();
  readonly #arrivals = new Arrivals();
  readonly #otherRecords = new OtherRecords();
  readonly #problems = new ProblemBook();
  readonly #sensors: SensorReadings;
  /** Rules that are being run over the history, and those for which that failed. */
  readonly #replays = new Map<string, Promise<void>>();
  readonly #unreplayed = new Map<string, string>();
  #sawOthers = false;
  #closing: Promise<void> | null = null;

  /** @param received takes what receivers bring, if there are any; closed with the SIEM */
  constructor(options: EmbeddedSiemOptions, received?: ReceivedFeed) {
    const problem = (text: string): void => this.#problems.add(text);
    this.delivery = deliveryOf(options.sources, received !== undefined);
    this.#store = new EventStore(options.storeFile ?? ":memory:", received?.spillFolder);
    this.#recent = new RecentEvents(options.memoryEvents);
    this.#rules = new RuleSet(options.rules, problem);
    this.#correlations = new Correlations(this.#rules.correlations);
    this.#backgroundCorrelations = new BackgroundCorrelations(this.#rules.correlations, this.#background);
    this.#sensors = new SensorReadings(options.probe);
    const backfill = options.backfillBytes ?? 16 * 1024 * 1024;
    const ingest = (events: readonly HostEvent[]): void => this.#ingest(events);
    const other = (record: TimedRecord): void => this.#otherRecords.add(record);
    this.#feeds = options.sources.map((source) => new FileFeed(source, backfill, ingest, problem, other));
    this.#received = received;
    if (received !== undefined) {
      this.#feeds.push(received);
      received.start({
        events: ingest,
        others: (events) => this.#ingestOthers(events),
        otherRecord: other,
        problem,
        room: () => this.#store.room(),
        forgotten: (until) => void this.#store.forgetBefore(until).catch(() => undefined),
      });
    }
  }

  /** What went wrong so far, in words; empty when nothing did. */
  get problems(): readonly string[] {
    const failing = this.#feeds.flatMap(({ failure }) =>
      failure === null ? [] : [`not readable now: ${failure}`],
    );
    const store = this.#store.failure === null ? [] : [this.#store.failure];
    return [
      ...new Set([
        ...failing,
        ...store,
        ...this.#feeds.flatMap((feed) => feed.problems()),
        ...this.#problems.list(),
      ]),
    ];
  }

  /**
   * Loads more rules; one with a known id replaces it. They see each event that arrives from now on, and are run over the
   * history for their background only: a streaming rule has no second chance, so the history raises no alerts.
   * @returns resolves when the history has been looked at; `background` waits for that by itself
   */
  async addRules(rules: readonly CompiledRule[]): Promise<void> {
    // the new rules are loaded and the history is cut off in one go, so that every event is seen once
    this.#rules.add(rules);
    this.#correlations.use(this.#rules.correlations);
    this.#backgroundCorrelations.use(this.#rules.correlations);
    const last = this.#store.lastOrdinal;
    const history = this.#recent.all();
    const replay = this.#replay(rules, history, last);
    for (const { id } of rules) {
      this.#background.forget(id);
      this.#unreplayed.delete(id);
      this.#replays.set(id, replay);
    }
    await replay;
    for (const { id } of rules) if (this.#replays.get(id) === replay) this.#replays.delete(id);
  }

  clock(): Promise<Answer<{ now: number; errorMs: number }>> {
    return Promise.resolve({ state: "complete", detail: "", value: { now: Date.now(), errorMs: 0 } });
  }

  async canaries(asked: readonly TrialOnHost[]): Promise<Answer<Canary[]>> {
    const states = await Promise.all(
      [...new Set(asked.map(({ host }) => host))].map((host) => this.#upToDate(host)),
    );
    let state = states.find((one) => one.state !== "complete") ?? WHOLE;
    const value = asked.map(({ host, trial }) => {
      const { begin, end, repeated } = this.#sentinels.of(host, trial);
      if (repeated) state = worse(state, "partial", `a sentinel of trial ${trial} was seen more than once`);
      return { begin, end };
    });
    return answer(state, value);
  }

  async events(spans: readonly HostSpan[]): Promise<Answer<HostEvent[]>> {
    const answers = await Promise.all(spans.map((span) => this.#eventsIn(span)));
    const state = answers.find((one) => one.state !== "complete") ?? WHOLE;
    return answer(
      state,
      answers.flatMap(({ value }) => value),
    );
  }

  async #eventsIn({ host, from, to }: HostSpan): Promise<Answer<HostEvent[]>> {
    let state = await this.#upToDate(host);
    const forgotten = this.#received?.forgottenUntil ?? null;
    if (forgotten !== null && from <= forgotten)
      state = worse(
        state,
        "partial",
        `records from before ${new Date(forgotten).toISOString()} are no longer kept`,
      );
    const recent = this.#recent.window(host, from, to);
    if (recent !== null) return answer(state, recent);
    try {
      return answer(state, await this.#store.window(host, from, to));
    } catch (thrown) {
      return answer(worse(state, "partial", messageOf(thrown)), []);
    }
  }

  async otherRecords(spans: readonly HostSpan[]): Promise<Answer<OtherRecord[]>> {
    const states = await Promise.all(spans.map(({ host }) => this.#upToDate(host)));
    const state = states.find((one) => one.state !== "complete") ?? WHOLE;
    return answer(
      state,
      spans.flatMap((span) => this.#otherRecords.in(span)),
    );
  }

  async alerts({ rules, hosts, from, to }: AlertQuery): Promise<Answer<Alert[]>> {
    const states = await Promise.all(hosts.map((host) => this.#upToDate(host)));
    const state = states.find((one) => one.state !== "complete") ?? WHOLE;
    const { alerts, whole } = this.#alerts.between({ rules, hosts, from, to });
    return answer(
      whole ? state : worse(state, "partial", "there were so many alerts that old ones were dropped"),
      alerts,
    );
  }

  ruleStatuses(rules: readonly string[]): Promise<Answer<RuleStatus[]>> {
    return Promise.resolve(
      answer(
        WHOLE,
        rules.map((rule) => this.#rules.status(rule)),
      ),
    );
  }

  async background(rule: string, host: string): Promise<Answer<Background>> {
    const deadline = Date.now() + HISTORY_MS;
    const waits = this.#feedsOf(host).map(({ backfilled }) => backfilled);
    const inTime = await within(Promise.all([...waits, this.#replays.get(rule)]), deadline - Date.now());
    const state = await this.#upToDate(host);
    if (inTime) this.#backgroundCorrelations.settle(host);
    const { background, detail } = this.#background.of(rule, host);
    if (!this.#rules.has(rule))
      return answer(worse(state, "partial", `rule ${rule} is not loaded`), background);
    if (!inTime) return answer(worse(state, "partial", "the history has not been read yet"), background);
    const uncounted = this.#correlations.late(rule, host) > 0 ? "events came too late to be counted" : "";
    const unread = this.#unreplayed.get(rule) ?? (detail === "" ? uncounted : detail);
    return answer(unread === "" ? state : worse(state, "partial", unread), background);
  }

  async sensor(host: string, since: number): Promise<Answer<SensorState & { readonly missing: number }>> {
    const state = await this.#upToDate(host);
    const lostHere = this.#feedsOf(host).reduce((sum, feed) => sum + feed.lost(host), 0);
    const reading = await this.#sensors.of(host, lostHere, since);
    return answer(
      reading.state === "complete" ? state : worse(state, reading.state, reading.detail),
      reading.value,
    );
  }

  /** An aborted signal rejects with its reason. */
  changed(host: string, ms: number, signal?: AbortSignal): Promise<void> {
    return this.#arrivals.wait(host, ms, signal);
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.all(this.#feeds.map((feed) => feed.close()));
      this.#arrivals.close();
      await this.#store.close();
    })();
    return this.#closing;
  }

  #ingest(events: readonly HostEvent[]): void {
    const fresh = events.filter((event) => this.#recent.add(event));
    for (const event of fresh) {
      this.#background.observe(event);
      const isSentinel = this.#sentinels.observe(event);
      if (isSentinel && sentinelOf(event)?.edge === "end") this.#ended.add(event.host);
      this.#evaluate(event, isSentinel ? { rules: [], bases: [] } : this.#rules.match(event));
    }
    this.#store.append(fresh);
    for (const host of new Set(fresh.map((event) => event.host))) this.#arrivals.arrived(host);
  }

  /** Events that are no program starts: rules see them, and answers about events do not hold them. */
  #ingestOthers(events: readonly ReceivedEvent[]): void {
    this.#sawOthers ||= events.length > 0;
    for (const received of events) {
      const { event, matched, observed } = matchReceived(this.#rules, received);
      this.#background.observe(observed);
      this.#evaluate(event, matched);
      this.#arrivals.arrived(received.host);
    }
  }

  #evaluate(event: CorrelatedEvent & Pick<HostEvent, "ingestedAt">, { rules, bases }: Matched): void {
    for (const rule of rules) {
      this.#alerts.add(rule, event, event.ingestedAt);
      this.#background.matched(rule.id, event);
    }
    this.#raise(this.#correlations.add(event, bases), event.ingestedAt);
    this.#backgroundCorrelations.observe(event, bases);
  }

  #raise(found: readonly Correlated[], now: number): void {
    for (const correlated of found) this.#alerts.addCorrelated(correlated, now);
  }

  async #replay(rules: readonly CompiledRule[], history: HostEvent[] | null, last: number): Promise<void> {
    try {
      if (this.#sawOthers) throw new Error("events that were received are not kept for it");
      const events = history === null ? this.#store.scan(last) : [history];
      await replayHistory(rules, events, this.#background, (text) => this.#problems.add(text));
    } catch (thrown) {
      for (const { id } of rules)
        this.#unreplayed.set(id, `the history could not be read: ${messageOf(thrown)}`);
    }
  }

  #feedsOf(host: string): Feed[] {
    return this.#feeds.filter((feed) => feed.mayCarry(host));
  }

  /** Reads what is in the logs of a host now, and says whether absence means anything afterwards. */
  async #upToDate(host: string): Promise<State> {
    const feeds = this.#feedsOf(host);
    if (this.#closing !== null) return { state: "unreachable", detail: "the embedded SIEM is closed" };
    if (feeds.length === 0)
      return { state: "unreachable", detail: `no telemetry source carries host ${host}` };
    const inTime = await within(Promise.all(feeds.map((feed) => feed.catchUpWhole())), CATCH_UP_MS);
    // Nothing that came before an end sentinel is half any more: none of an act is missing.
    const isWhole = inTime && !feeds.some(({ holdsHalves }) => holdsHalves);
    if (isWhole && this.#ended.delete(host)) this.#raise(this.#correlations.settle(host), Date.now());
    this.#arrivals.answering(host);
    const failures = feeds.flatMap(({ failure }) => (failure === null ? [] : [failure]));
    if (failures.length > 0) return { state: "unreachable", detail: failures.join("; ") };
    if (!inTime || !feeds.every(({ isBackfilled }) => isBackfilled)) {
      return { state: "partial", detail: "the log has not been read to its end yet" };
    }
    return WHOLE;
  }
}
