import { sentinelOf } from "../../model/event.js";
import type { HostEvent } from "../../model/event.js";
import type { Background } from "../../model/verdict.js";

/** Sessions that are told apart for one rule on one host; older ones keep the class that they have by then. */
const MAXIMUM_SESSIONS = 10_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

interface Matches {
  /** By session, with null for events outside any. */
  readonly bySession: Map<string | null, number>;
  /** Matches of sessions that are no longer told apart and were not Tyrian's. */
  settled: number;
  /** One was of a log that tells no sentinel of Tyrian's, so that what Tyrian did looks like everybody's. */
  untold: boolean;
}

interface HostHistory {
  first: number;
  last: number;
  /** Sessions with a sentinel: they are Tyrian's as a whole, before and after it, whichever run it belonged to. */
  readonly own: Set<string>;
  /** A sentinel came outside any session, so that Tyrian's other events without a session cannot be told from others'. */
  ownWithoutSession: boolean;
  readonly rules: Map<string, Matches>;
}

/** An event, as far as it tells whose session it is. */
export type ObservedEvent = Pick<HostEvent, "host" | "time" | "session"> & Parameters<typeof sentinelOf>[0];

/** How often each rule matched on each host outside Tyrian's own sessions. */
export class BackgroundBook {
  readonly #hosts = new Map<string, HostHistory>();

  /** Takes note of an event, whether a rule matches it or not. */
  observe(event: ObservedEvent): void {
    const history = this.#historyOf(event.host);
    history.first = Math.min(history.first, event.time);
    history.last = Math.max(history.last, event.time);
    if (sentinelOf(event) === null) return;
    if (event.session === null) history.ownWithoutSession = true;
    else history.own.add(event.session);
  }

  /** Whether an event is of a session that is Tyrian's, as far as that is known by now. */
  isOwn({ host, session }: Pick<HostEvent, "host" | "session">): boolean {
    return session !== null && this.#hosts.get(host)?.own.has(session) === true;
  }

  /** @param event that a rule matched; for a rule over several events the host, with no session */
  matched(rule: string, event: Pick<HostEvent, "host" | "session"> & Partial<Pick<HostEvent, "kind">>): void {
    const history = this.#historyOf(event.host);
    const matches = history.rules.get(rule) ?? {
      bySession: new Map<string | null, number>(),
      ...{ settled: 0, untold: false },
    };
    history.rules.set(rule, matches);
    matches.untold ||= event.kind === "message" || event.kind === "activity";
    const { bySession } = matches;
    bySession.set(event.session, (bySession.get(event.session) ?? 0) + 1);
    if (bySession.size <= MAXIMUM_SESSIONS) return;
    const [session, count] = bySession.entries().next().value as [string | null, number];
    bySession.delete(session);
    if (session === null || !history.own.has(session)) matches.settled += count;
  }

  /** Forgets the matches of a rule, before it is evaluated over the history again. */
  forget(rule: string): void {
    for (const { rules } of this.#hosts.values()) rules.delete(rule);
  }

  of(rule: string, host: string): { background: Background; detail: string } {
    const history = this.#hosts.get(host);
    if (history === undefined)
      return { background: { matches: 0, observedHours: 0, perDay: null }, detail: "" };
    const known = history.rules.get(rule);
    let matches = known?.settled ?? 0;
    for (const [session, count] of known?.bySession ?? []) {
      if (session === null || !history.own.has(session)) matches += count;
    }
    const observedMs = history.last - history.first;
    const withoutSession =
      (history.ownWithoutSession && (known?.bySession.get(null) ?? 0) > 0) ||
      (history.own.size > 0 && known?.untold === true);
    return {
      background: {
        matches,
        observedHours: observedMs / HOUR_MS,
        perDay: observedMs < MINUTE_MS ? null : (matches / observedMs) * 24 * HOUR_MS,
      },
      detail: withoutSession
        ? "Tyrian's own events carry no session there, so that some of the matches may be its own"
        : "",
    };
  }

  #historyOf(host: string): HostHistory {
    let history = this.#hosts.get(host);
    if (history === undefined) {
      history = {
        first: Infinity,
        last: -Infinity,
        own: new Set(),
        ownWithoutSession: false,
        rules: new Map(),
      };
      this.#hosts.set(host, history);
    }
    return history;
  }
}
