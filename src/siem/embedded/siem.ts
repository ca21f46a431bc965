import type { CompiledRule } from "../../detection/rule.js";
import { messageOf } from "../../errors.js";
import type { Alert } from "../../model/alert.js";
import { type HostEvent, sentinelOf } from "../../model/event.js";
import type { TelemetrySource } from "../../model/inventory.js";
import type { Delivery, RuleStatus } from "../../model/observation.js";
import type { Background } from "../../model/verdict.js";
import { EventStore } from "../../telemetry/store.js";
import type { AlertQuery, Answer, Canary, SensorState, Siem, TrialOnHost, HostSpan } from "../siem.js";
import { AlertBook } from "./alerts.js";
import { Arrivals } from "./arrivals.js";
import { BackgroundBook } from "./background.js";
import { BackgroundCorrelations } from "./background-correlations.js";
import { SentinelBook } from "./canary.js";
import { type Correlated, Correlations } from "./correlations.js";
import { CATCH_UP_MS, Feed } from "./feed.js";
import { ProblemBook } from "./problems.js";
import { RecentEvents } from "./recent.js";
import { RuleSet } from "./rules.js";
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
/** Events that a rule is run over at once when it is added later. */
const REPLAY_EVENTS = 500;

/** Milliseconds: a shipper collects for some seconds and tries again after a failure; a rule fires as its event is read. */
const SHIPPED: Delivery = { type: "shipped", longestLagMs: 60_000, longestAlertLagMs: 5_000 };

/** See `openEmbeddedSiem`. */
export class EmbeddedSiem implements Siem {
  readonly name = "embedded";
  readonly delivery: Delivery;
  readonly questionsPerMinute = null;
  readonly #feeds: readonly Feed[];
  readonly #store: EventStore;
  readonly #rules: RuleSet;
  readonly #recent: RecentEvents;
  readonly #alerts = new AlertBook();
  readonly #background = new BackgroundBook();
  readonly #correlations: Correlations;
  readonly #backgroundCorrelations: BackgroundCorrelations;
  /** Hosts of which an end sentinel has come since all that came was last looked at. */
  readonly #ended = new Set<string>();
  readonly #sentinels = new SentinelBook();
  readonly #arrivals = new Arrivals();
  readonly #problems = new ProblemBook();
  readonly #sensors: SensorReadings;
  /** Rules that are being run over the history, and those for which that failed. */
  readonly #replays = new Map<string, Promise<void>>();
  readonly #unreplayed = new Map<string, string>();
  #closing: Promise<void> | null = null;

  constructor(options: EmbeddedSiemOptions) {
    const problem = (text: string): void => this.#problems.add(text);
    // A shipper's file is not the log of the sensor: what it lacks may be under way.
    // Nor is the log that a cloud delivers; Keystone's is its own.
    const isShipped = (source: TelemetrySource): boolean =>
      source.type === "windows-log" || (source.type === "api-log" && source.format !== "keystone");
    this.delivery = options.sources.some(isShipped) ? SHIPPED : { type: "read" };
    this.#store = new EventStore(options.storeFile ?? ":memory:");
    this.#recent = new RecentEvents(options.memoryEvents);
    this.#rules = new RuleSet(options.rules, problem);
    this.#correlations = new Correlations(this.#rules.correlations);
    this.#backgroundCorrelations = new BackgroundCorrelations(this.#rules.correlations, this.#background);
    this.#sensors = new SensorReadings(options.probe);
    const backfill = options.backfillBytes ?? 16 * 1024 * 1024;
    this.#feeds = options.sources.map(
      (source) => new Feed(source, backfill, (events) => this.#ingest(events), problem),
    );
  }

  /** What went wrong so far, in words; empty when nothing did. */
  get problems(): readonly string[] {
    const failing = this.#feeds.flatMap(({ failure }) =>
      failure === null ? [] : [`not readable now: ${failure}`],
    );
    const counted = this.#feeds.flatMap((feed) => {
      const { events, incomplete, malformed, foreign } = feed.counts();
      const said = [
        incomplete > 0 ? `${incomplete} program start(s) with missing records` : "",
        malformed > 0 ? `${malformed} line(s) that are no record` : "",
        // several labs may share a log; that none of it is ours is worth a word
        foreign > 0 && events === 0 ? `all ${foreign} record(s) are of no known host` : "",
      ].filter((text) => text !== "");
      return said.length === 0 ? [] : [`${feed.source.file}: ${said.join(", ")}`];
    });
    const store = this.#store.failure === null ? [] : [this.#store.failure];
    return [...new Set([...failing, ...store, ...counted, ...this.#problems.list()])];
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
    const state = await this.#upToDate(host);
    const recent = this.#recent.window(host, from, to);
    if (recent !== null) return answer(state, recent);
    try {
      return answer(state, await this.#store.window(host, from, to));
    } catch (thrown) {
      return answer(worse(state, "partial", messageOf(thrown)), []);
    }
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
    const value = rules.map((rule): RuleStatus => {
      const present = this.#rules.has(rule);
      return {
        rule,
        present,
        enabled: present,
        evaluatedBy: "embedded",
        schedule: { type: "streaming" },
        throttles: [],
        stateful: false,
      };
    });
    return Promise.resolve({ state: "complete", detail: "", value });
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

  async sensor(host: string, since: number): Promise<Answer<SensorState>> {
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
      const { rules, bases } = isSentinel ? { rules: [], bases: [] } : this.#rules.match(event);
      for (const rule of rules) {
        this.#alerts.add(rule, event, Date.now());
        this.#background.matched(rule.id, event);
      }
      this.#raise(this.#correlations.add(event, bases));
      this.#backgroundCorrelations.observe(event, bases);
    }
    this.#store.append(fresh);
    for (const host of new Set(fresh.map((event) => event.host))) this.#arrivals.arrived(host);
  }

  #raise(found: readonly Correlated[]): void {
    for (const correlated of found) this.#alerts.addCorrelated(correlated, Date.now());
  }

  async #replay(
    rules: readonly CompiledRule[],
    history: HostEvent[] | null,
    lastOrdinal: number,
  ): Promise<void> {
    const set = new RuleSet(rules, (text) => this.#problems.add(text));
    const correlations = new BackgroundCorrelations(set.correlations, this.#background);
    const hosts = new Set<string>();
    const run = (events: readonly HostEvent[]): void => {
      for (const event of events) {
        hosts.add(event.host);
        if (sentinelOf(event) !== null) continue;
        const { rules: matched, bases } = set.match(event);
        for (const rule of matched) this.#background.matched(rule.id, event);
        correlations.observe(event, bases);
      }
    };
    await new Promise((resolve) => setImmediate(resolve));
    try {
      if (history === null) for await (const events of this.#store.scan(lastOrdinal)) run(events);
      for (let at = 0; history !== null && at < history.length; at += REPLAY_EVENTS) {
        run(history.slice(at, at + REPLAY_EVENTS));
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (const host of hosts) correlations.settle(host);
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
    if (isWhole && this.#ended.delete(host)) this.#raise(this.#correlations.settle(host));
    this.#arrivals.answering(host);
    const failures = feeds.flatMap(({ failure }) => (failure === null ? [] : [failure]));
    if (failures.length > 0) return { state: "unreachable", detail: failures.join("; ") };
    if (!inTime || !feeds.every(({ isBackfilled }) => isBackfilled)) {
      return { state: "partial", detail: "the log has not been read to its end yet" };
    }
    return WHOLE;
  }
}
