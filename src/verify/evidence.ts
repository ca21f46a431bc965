import type { Alert } from "../model/alert.js";
import { type HostEvent, sentinelOf } from "../model/event.js";
import type { AnswerState, Observation, OtherRecord } from "../model/observation.js";
import type { Trial } from "../model/trial.js";
import type { Answer, Canary, SensorState } from "../siem/siem.js";
import { bracketOf } from "./bracket.js";
import type { Bracket } from "./bracket-model.js";

/** A span of a host's own time, inclusive, milliseconds since 1970. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Milliseconds between two answers that count as two. */
const APART_MS = 5_000;

/**
 * Everything that a SIEM has shown of one trial so far. What it has shown once is not forgotten when a later answer lacks
 * it: such an answer is not whole, whatever it says of itself (a replica that lags, rows cut off).
 */
export class Evidence {
  /** When the SIEM was first asked: milliseconds since 1970, our clock. */
  readonly askedAt: number;
  /** Whether an alert was seen that only the host's other events can explain, so that these are asked for too. */
  wide = false;
  /** When everything is asked for again although only an alert is waited for, our clock. */
  everythingAt = 0;
  /** What was last said of rules and background; null until it was asked. */
  rest: (Pick<Observation, "rules" | "background"> & { readonly askedAt: number }) | null = null;
  /** Settles when the sensor that is being asked has answered; null when it is not being asked. Never rejects. */
  askingSensor: Promise<void> | null = null;
  /** Settles when that is known which is being asked beside the rounds; null when nothing is. Never rejects. */
  asking: Promise<void> | null = null;
  /** The first reading of the sensor after the act: what it loses later is not the trial's. Null until there is one. */
  sensor: SensorState | null = null;
  /** Why there is none. */
  sensorDetail = "the sensor was not asked";
  /** What the host's own log last said, and how often it was asked. */
  hostLog: Answer<HostEvent[]> | null = null;
  hostLogAsked = 0;
  readonly #events = new Map<string, HostEvent>();
  readonly #alerts = new Map<string, Alert>();
  readonly #otherRecords = new Map<string, OtherRecord>();
  #canary: Canary = { begin: null, end: null };
  #shrunk = false;
  #print = "";
  /** When the rounds in a row that agree were asked for, our clock. */
  #agreed: number[] = [];
  readonly #trial: Trial;
  readonly #alone: boolean;
  #bracket: Bracket | null = null;

  /**
   * @param alone whether nothing else used the act's login session
   * @param now milliseconds since 1970, our clock
   * @param earlier what the SIEM showed when it was asked before
   */
  constructor(trial: Trial, alone: boolean, now: number, earlier?: Observation) {
    this.#trial = trial;
    this.#alone = alone;
    this.askedAt = earlier?.askedAt ?? now;
    if (earlier === undefined) return;
    for (const event of earlier.events) this.#keep(event);
    this.addOtherRecords(earlier.otherRecords ?? []);
    for (const alert of earlier.alerts) this.#alerts.set(alert.id, alert);
    const { lostAfter, running, detail } = earlier.sensor;
    // The reading nearest to the act tells most of it.
    if (lostAfter !== null || running !== null) this.sensor = { lost: lostAfter, running, detail };
    const { hostLog } = earlier;
    if (hostLog !== undefined)
      this.hostLog = { state: hostLog.state, detail: hostLog.detail, value: hostLog.events };
    for (const event of this.events) {
      const sentinel = sentinelOf(event);
      if (sentinel?.trial === trial.id && event.kind !== "api")
        this.#canary = { ...this.#canary, [sentinel.edge]: event };
    }
  }

  /** The trial's bracket in the events so far. */
  get bracket(): Bracket {
    return (this.#bracket ??= bracketOf(this.#trial, this.events, {
      housekeeping: null,
      alone: this.#alone,
      otherRecords: this.otherRecords,
    }));
  }

  get canary(): Canary {
    return this.#canary;
  }

  get events(): HostEvent[] {
    return [...this.#events.values()].sort((a, b) => a.sequence - b.sequence || (a.id < b.id ? -1 : 1));
  }

  /** Records that arrived and are no events. */
  get otherRecords(): OtherRecord[] {
    return [...this.#otherRecords.values()].sort((a, b) => a.sequence - b.sequence);
  }

  get alerts(): Alert[] {
    return [...this.#alerts.values()].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  /** When the last of the rounds that agree was asked for, our clock; -Infinity when none does. */
  get lastAgreed(): number {
    return this.#agreed.at(-1) ?? -Infinity;
  }

  hasEvent(id: string): boolean {
    return this.#events.has(id);
  }

  addCanary({ begin, end }: Canary): void {
    const known = this.#canary;
    this.#shrunk ||= (begin === null && known.begin !== null) || (end === null && known.end !== null);
    this.#canary = { begin: begin ?? known.begin, end: end ?? known.end };
    // An answer about events that lacks them contradicts this one.
    for (const sentinel of [begin, end]) if (sentinel !== null) this.#keep(sentinel);
  }

  /** @param span that was asked about */
  addEvents(events: readonly HostEvent[], { from, to }: Span): void {
    this.#shrunk ||= lacks(this.#events, events, ({ time }) => time >= from && time <= to);
    for (const event of events) this.#keep(event);
  }

  addOtherRecords(records: readonly OtherRecord[]): void {
    if (records.length > 0) this.#bracket = null;
    for (const record of records)
      this.#otherRecords.set(`${record.host}/${record.sensor}:${record.sequence}`, record);
  }

  /**
   * @param from since when alerts were asked about, the SIEM's clock
   * @param concerns which of the alerts may be the trial's
   */
  addAlerts(alerts: readonly Alert[], from: number, concerns: (alert: Alert) => boolean): void {
    // Others' alerts may be closed and deleted; those of the trial's own events are nobody's to delete while it is judged.
    const own = ({ sourceEvents }: Alert): boolean =>
      sourceEvents?.some((id) => this.#events.has(id)) === true;
    this.#shrunk ||= lacks(this.#alerts, alerts, (alert) => alert.updatedAt >= from && own(alert));
    for (const alert of alerts) {
      const known = this.#alerts.get(alert.id);
      if (known !== undefined && known.updatedAt > alert.updatedAt) continue;
      // An alert that has come to say that it stands for others' events is not kept as it was.
      if (concerns(alert)) this.#alerts.set(alert.id, alert);
      else this.#alerts.delete(alert.id);
    }
  }

  /** Whether an answer of this round lacked what an earlier round had shown. */
  takeShrunk(): boolean {
    const shrunk = this.#shrunk;
    this.#shrunk = false;
    return shrunk;
  }

  /**
   * Counts the rounds in a row whose answers were whole and held the same of the trial, as far as they lie apart.
   * @param asOf when events and alerts were asked for in this round, our clock
   * @returns their number, and the moment after which the last two of them were asked for
   */
  agree(state: AnswerState, asOf: number): { agreeing: number; agreedAt: number } {
    if (state !== "complete") {
      this.#agreed = [];
      return { agreeing: 0, agreedAt: asOf };
    }
    const { bracket } = this;
    const print = JSON.stringify([
      "act" in bracket ? bracket.act.map(({ id }) => id) : this.#events.size > 0,
      this.alerts.map(({ id, updatedAt }) => `${id}@${updatedAt}`),
      [this.#canary.begin?.id, this.#canary.end?.id],
    ]);
    if (print !== this.#print) this.#agreed = [];
    this.#print = print;
    const last = this.#agreed.at(-1) ?? -Infinity;
    if (asOf - last >= APART_MS) this.#agreed.push(asOf);
    return { agreeing: this.#agreed.length, agreedAt: this.#agreed.at(-2) ?? asOf };
  }

  /** The latest version, for records of one event may be joined late; from its first arrival, for it may be delivered again. */
  #keep(event: HostEvent): void {
    const known = this.#events.get(event.id);
    const ingestedAt = Math.min(event.ingestedAt, known?.ingestedAt ?? Infinity);
    this.#bracket = null;
    this.#events.set(event.id, ingestedAt === event.ingestedAt ? event : { ...event, ingestedAt });
  }
}

/** Whether an answer lacks something known that it was asked about. */
function lacks<T extends { readonly id: string }>(
  known: ReadonlyMap<string, T>,
  answer: readonly T[],
  isAskedFor: (one: T) => boolean,
): boolean {
  if (known.size === 0) return false;
  const ids = new Set(answer.map(({ id }) => id));
  return [...known.values()].some((one) => !ids.has(one.id) && isAskedFor(one));
}
