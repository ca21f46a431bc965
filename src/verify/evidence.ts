import type { Alert } from "../model/alert.js";
import type { HostEvent } from "../model/event.js";
import type { AnswerState } from "../model/observation.js";
import type { Canary } from "../siem/siem.js";

/** A span of a host's own time, inclusive, milliseconds since 1970. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Everything that a SIEM has shown of one trial so far. What it has shown once is not forgotten when a later answer lacks
 * it: such an answer is not whole, whatever it says of itself (a replica that lags, rows cut off).
 */
export class Evidence {
  /** When the SIEM was first asked: milliseconds since 1970, our clock. */
  readonly askedAt: number;
  /** Whether an alert was seen that only the host's other events can explain, so that these are asked for too. */
  wide = false;
  readonly #events = new Map<string, HostEvent>();
  readonly #alerts = new Map<string, Alert>();
  #canary: Canary = { begin: null, end: null };
  #span: Span | null = null;
  #shrunk = false;
  #print = "";
  #agreeing = 0;

  constructor(askedAt: number) {
    this.askedAt = askedAt;
  }

  get canary(): Canary {
    return this.#canary;
  }

  get events(): HostEvent[] {
    return [...this.#events.values()].sort((a, b) => a.sequence - b.sequence || (a.id < b.id ? -1 : 1));
  }

  get alerts(): Alert[] {
    return [...this.#alerts.values()];
  }

  hasEvent(id: string): boolean {
    return this.#events.has(id);
  }

  addCanary({ begin, end }: Canary): void {
    const known = this.#canary;
    this.#shrunk ||= (begin === null && known.begin !== null) || (end === null && known.end !== null);
    this.#canary = { begin: begin ?? known.begin, end: end ?? known.end };
  }

  /** @param span that was asked about: an answer about less than before may well hold less */
  addEvents(events: readonly HostEvent[], span: Span): void {
    const covers = this.#span !== null && span.from <= this.#span.from && span.to >= this.#span.to;
    this.#shrunk ||= covers && lacks(this.#events, events);
    this.#span = span;
    for (const event of events) {
      const known = this.#events.get(event.id);
      // A record that was delivered twice counts from its first arrival.
      if (known === undefined || event.ingestedAt < known.ingestedAt) this.#events.set(event.id, event);
    }
  }

  /** @param concerns which of the alerts may be the trial's */
  addAlerts(alerts: readonly Alert[], concerns: (alert: Alert) => boolean): void {
    this.#shrunk ||= lacks(this.#alerts, alerts);
    for (const alert of alerts) {
      const known = this.#alerts.get(alert.id);
      if (concerns(alert) && (known === undefined || alert.updatedAt >= known.updatedAt))
        this.#alerts.set(alert.id, alert);
    }
  }

  /** Whether an answer of this round lacked what an earlier round had shown. */
  takeShrunk(): boolean {
    const shrunk = this.#shrunk;
    this.#shrunk = false;
    return shrunk;
  }

  /**
   * Counts the rounds in a row whose answers were whole and held the same.
   * @param asked whether events and alerts were asked for in this round
   */
  count(state: AnswerState, asked: boolean): number {
    if (state !== "complete" || !asked) {
      this.#agreeing = 0;
      return 0;
    }
    const print = JSON.stringify([
      [...this.#events.keys()].sort(),
      this.alerts.map(({ id, updatedAt }) => `${id}@${updatedAt}`).sort(),
    ]);
    this.#agreeing = print === this.#print ? this.#agreeing + 1 : 1;
    this.#print = print;
    return this.#agreeing;
  }
}

function lacks<T extends { readonly id: string }>(
  known: ReadonlyMap<string, T>,
  answer: readonly T[],
): boolean {
  if (known.size === 0) return false;
  const ids = new Set(answer.map(({ id }) => id));
  return [...known.keys()].some((id) => !ids.has(id));
}
