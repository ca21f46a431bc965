import type { Alert } from "../../src/model/alert.js";
import { type HostEvent, sentinelOf } from "../../src/model/event.js";
import type { Delivery, RuleStatus } from "../../src/model/observation.js";
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
import { rulesById } from "./analytics.js";
import type { SimulatedEvent, SimulatedHost, Span, World } from "./model.js";
import { Random } from "./random.js";
import { longestAlertLagOf, longestLagOf } from "./settings.js";
import { OTHER_RUN } from "./timeline.js";
import type { VirtualTime } from "./virtual-time.js";

/** Milliseconds between two answers that are empty without reason: one alone must not mislead, two in a row would. */
const HOLLOW_APART = 150_000;
const HOLLOW_CACHED = 4_000;

/** How one question is answered. */
interface Mood {
  readonly state: Answer<unknown>["state"];
  readonly detail: string;
  /** The moment that the answer is of, our clock. */
  readonly asOf: number;
  /** It lacks all of the trials of which something was shown before. */
  readonly forgets: boolean;
}

/** A question and its answer, for the story of a trial. */
export interface Asked {
  readonly at: number;
  readonly question: string;
  readonly state: string;
  readonly found: number;
}

/** The SIEM of a world, as it can be asked at the virtual present: late, partial, refusing, behind, and silent of some of that. */
export class SimulatedSiem implements Siem {
  readonly name = "simulated";
  readonly delivery: Delivery;
  readonly questionsPerMinute: number | null;
  /** When questions were asked, our clock. */
  readonly asked: number[] = [];
  /** How many there were of each kind, by the first word of the question. */
  readonly kinds = new Map<string, number>();
  #hollowAt = -Infinity;
  /** The first word of the question that was answered so, which is answered so from a cache for a while. */
  #hollowKind = "";
  /** Called with each answer, for whoever wants to tell the story. */
  onAnswer: ((asked: Asked) => void) | null = null;
  readonly #world: World;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #hosts: ReadonlyMap<string, SimulatedHost>;
  readonly #sentinels = new Map<string, SimulatedEvent[]>();
  /** Trials of which something was shown: what a forgetful SIEM does not show any more. */
  readonly #shown = new Set<string>();
  /** What others did on a host that a rule matches, by rule and host. */
  readonly #rivals = new Map<string, readonly SimulatedEvent[]>();

  constructor(world: World, time: VirtualTime) {
    this.#world = world;
    this.#time = time;
    this.#random = new Random(world.seed ^ 0x5eed);
    this.#hosts = new Map(world.hosts.map((host) => [host.name, host]));
    for (const { events } of world.hosts) {
      for (const event of events) {
        const trial = sentinelOf(event.record)?.trial;
        if (trial !== undefined) this.#sentinels.set(trial, [...(this.#sentinels.get(trial) ?? []), event]);
      }
    }
    this.questionsPerMinute = world.settings.questionsPerMinute;
    this.delivery = {
      type: "shipped",
      longestLagMs: longestLagOf(world.settings),
      longestAlertLagMs: longestAlertLagOf(world.settings),
    };
  }

  clock(): Promise<Answer<{ now: number; errorMs: number }>> {
    return this.#answer("clock", ({ asOf: _asOf, forgets: _forgets, ...mood }) => {
      const errorMs = this.#random.between(5, 150);
      const now = this.#world.siemClock.of(this.#time.now()) + this.#random.between(-errorMs, errorMs);
      return { ...mood, value: { now, errorMs } };
    });
  }

  canaries(asked: readonly TrialOnHost[]): Promise<Answer<Canary[]>> {
    return this.#answer(`canaries of ${asked.map(({ trial }) => trial).join(" ")}`, (mood) => {
      const value = asked.map(({ host, trial }): Canary => {
        const ofTrial = this.#sentinels.get(trial) ?? [];
        const sentinels = this.#rows(
          ofTrial.filter(({ record }) => record.host === host),
          mood,
        );
        const of = (edge: string): HostEvent | null =>
          sentinels.find((event) => sentinelOf(event)?.edge === edge) ?? null;
        if (sentinels.length > 0) this.#shown.add(trial);
        return { begin: of("begin"), end: of("end") };
      });
      return { ...mood, value };
    });
  }

  events(spans: readonly HostSpan[]): Promise<Answer<HostEvent[]>> {
    const named = spans.map(({ host, from, to }) => `${host} over ${Math.round((to - from) / 1000)} s`);
    return this.#answer(`events of ${named.join(", ")}`, (mood) => ({
      ...mood,
      value: spans.flatMap(({ host, from, to }) =>
        this.#rows(between(this.#hosts.get(host)?.events ?? [], from, to), mood),
      ),
    }));
  }

  alerts({ rules, hosts, from, to }: AlertQuery): Promise<Answer<Alert[]>> {
    return this.#answer(`alerts of ${rules.join(" ")} or ${hosts.join(" ")}`, (mood) => {
      const value = this.#world.alerts.flatMap(({ versions }): Alert[] => {
        const version = versions.findLast(({ visibleAt }) => visibleAt <= mood.asOf);
        const alert = version?.alert;
        if (mood.forgets && version?.sources.some((event) => this.#isForgotten(event)) === true) return [];
        if (alert === undefined || alert.createdAt > to || alert.updatedAt < from) return [];
        if (!rules.includes(alert.rule) && (alert.host === null || !hosts.includes(alert.host))) return [];
        return mood.state === "partial" && this.#random.chance(0.5) ? [] : [alert];
      });
      return { ...mood, value };
    });
  }

  ruleStatuses(rules: readonly string[], since: number): Promise<Answer<RuleStatus[]>> {
    return this.#answer(`statuses of ${rules.join(" ")}`, (mood) => ({
      ...mood,
      value: rules.map((rule) => this.#statusOf(rule, since, mood)),
    }));
  }

  background(rule: string, host: string): Promise<Answer<Background>> {
    return this.#answer(`background of ${rule} on ${host}`, (mood) => {
      const rivals = this.#rivalsOf(rule, host);
      const matches = rivals.filter(({ arrivals }) => (arrivals[0] ?? Infinity) <= mood.asOf).length;
      const observedHours = (mood.asOf - (this.#hosts.get(host)?.events[0]?.at ?? mood.asOf)) / 3_600_000;
      return {
        ...mood,
        value: { matches, observedHours, perDay: observedHours > 0 ? (matches / observedHours) * 24 : null },
      };
    });
  }

  sensor(host: string, _since: number): Promise<Answer<SensorState>> {
    return this.#answer(`sensor of ${host}`, ({ asOf: _asOf, forgets: _forgets, ...mood }) => {
      const known = this.#hosts.get(host);
      const lost =
        known?.tellsLost === true ? known.losses.filter((at) => at <= this.#time.now()).length : null;
      const running = known?.tellsRunning === true ? known.sensing : null;
      return { ...mood, value: { lost, running, detail: running === false ? "it was stopped" : "" } };
    });
  }

  changed(_host: string, ms: number, signal?: AbortSignal): Promise<void> {
    return this.#time.sleep(ms, signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #isForgotten({ trial }: SimulatedEvent): boolean {
    return trial !== null && this.#shown.has(trial);
  }

  #rivalsOf(rule: string, host: string): readonly SimulatedEvent[] {
    const key = `${rule} ${host}`;
    const known = this.#rivals.get(key);
    if (known !== undefined) return known;
    const text = rulesById.get(rule);
    const rivals = (this.#hosts.get(host)?.events ?? []).filter(
      ({ part, record }) =>
        part === "background" && record.session !== OTHER_RUN && text?.matches(record) === true,
    );
    this.#rivals.set(key, rivals);
    return rivals;
  }

  /** The answer is of a moment between the question and its arrival. */
  async #answer<T>(question: string, make: (mood: Mood) => Answer<T>): Promise<Answer<T>> {
    const half = Math.min(this.#random.lognormal(60, 1_500), 10_000) / 2;
    const at = this.#time.now();
    this.asked.push(at);
    const kind = question.split(" ")[0] ?? "";
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    await this.#time.sleep(half);
    const made = make(this.#mood(question));
    await this.#time.sleep(half);
    const { state, detail, value } = made;
    if (this.onAnswer !== null) {
      const found = Array.isArray(value) ? value.length : 1;
      this.onAnswer({ at, question, state, found });
    }
    return { state, detail, value };
  }

  #mood(question: string): Mood {
    const now = this.#time.now();
    const { settings } = this.#world;
    const open = (kind: Span["kind"]): Span | undefined =>
      this.#world.spans.find((span) => span.kind === kind && span.from <= now && now < span.until);
    const none = { asOf: -Infinity, forgets: false };
    if (open("unreachable") !== undefined) return { ...none, state: "unreachable", detail: "no answer" };
    const limit = settings.questionsPerMinute;
    const firstInMinute = limit === null ? undefined : this.asked.at(-limit - 1);
    if (firstInMinute !== undefined && firstInMinute > now - 60_000)
      return { ...none, state: "rate-limited", detail: "too many questions in a minute" };
    const forgets = open("forgetting") !== undefined;
    if (open("busy") !== undefined) {
      if (this.#random.chance(settings.refused))
        return { ...none, state: "rate-limited", detail: "the SIEM is busy" };
      if (this.#random.chance(settings.partial))
        return { state: "partial", detail: "the search ended before its end", asOf: now, forgets };
    }
    const stale = open("stale");
    if (stale !== undefined)
      return { state: "partial", detail: "a replica that is behind", asOf: now - stale.behindMs, forgets };
    const unsaid = open("stale-unsaid");
    const looksFor = /^(canaries|events|alerts)/.test(question);
    const kind = question.split(" ")[0] ?? "";
    const cached = kind === this.#hollowKind && now - this.#hollowAt < HOLLOW_CACHED;
    if (cached) return { ...none, state: "complete", detail: "" };
    if (looksFor && now - this.#hollowAt > HOLLOW_APART && this.#random.chance(settings.hollow)) {
      this.#hollowAt = now;
      this.#hollowKind = kind;
      return { ...none, state: "complete", detail: "" };
    }
    return { state: "complete", detail: "", asOf: now - (unsaid?.behindMs ?? 0), forgets };
  }

  /** The copies that had arrived, in the order of their arrival; a partial answer lacks some. */
  #rows(events: readonly SimulatedEvent[], { asOf, state, forgets }: Mood): HostEvent[] {
    const rows: { readonly arrival: number; readonly copy: HostEvent }[] = [];
    for (const event of events) {
      if ((event.arrivals[0] ?? Infinity) > asOf) continue;
      if (forgets && this.#isForgotten(event)) continue;
      event.arrivals.forEach((arrival, index) => {
        const copy = event.copies[index];
        if (copy === undefined || arrival > asOf) return;
        if (state === "partial" && this.#random.chance(0.3)) return;
        rows.push({ arrival, copy });
      });
    }
    return rows.sort((one, other) => one.arrival - other.arrival).map(({ copy }) => copy);
  }

  #statusOf(rule: string, since: number, { asOf, state }: Mood): RuleStatus {
    const history = this.#world.rules.get(rule);
    const deployment = history?.deployment;
    const now = this.#world.siemClock.of(asOf);
    const known = deployment?.present === true && asOf > -Infinity;
    const evaluations = (history?.evaluations ?? []).filter(
      ({ completedAt }) =>
        completedAt <= now && completedAt >= since && !(state === "partial" && this.#random.chance(0.3)),
    );
    const throttles = (history?.throttles ?? []).filter(({ from, until }) => from <= now && until >= since);
    const { schedule } = deployment ?? { schedule: { type: "streaming" } as const };
    return {
      rule,
      present: known,
      enabled: known && deployment.enabled,
      evaluatedBy: "siem-rule",
      schedule:
        schedule.type === "streaming"
          ? { type: "streaming" }
          : {
              type: "scheduled",
              intervalMs: schedule.intervalMs,
              lookBackMs: schedule.lookBackMs,
              windowOver: schedule.windowOver,
              evaluations,
            },
      throttles: throttles.map(({ from, until, openedBy }) => ({ from, until, openedBy })),
      stateful: deployment?.firstSeen ?? false,
    };
  }
}

/** Of a host's events in order, those between two moments of its own time. */
function between(events: readonly SimulatedEvent[], from: number, to: number): readonly SimulatedEvent[] {
  const firstAt = (time: number): number => {
    let [low, high] = [0, events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[middle]?.record.time ?? Infinity) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  // Times have fractions of a millisecond at most.
  return events.slice(firstAt(from), firstAt(to + 0.001));
}
