import { SENTINEL_WORD } from "../../model/event.js";
import {
  absentRule,
  type AlertsWanted,
  type Connector,
  type FoundAlert,
  type FoundRule,
  type NativeQuery,
  type RuleDefinition,
  type SearchSpan,
  type SiemDocument,
} from "../connector/connector.js";
import { sentinelSpan } from "../connector/sentinel-span.js";
import type { SiemHttp } from "../http/client.js";
import { inTurns } from "../http/in-turns.js";
import { type Found, found } from "../http/pages.js";
import { RememberedEvaluations } from "../ruler/evaluations.js";
import { withOwnTimes } from "../ruler/log-records.js";
import type { HostSpan, TrialOnHost } from "../siem.js";
import { RulePusher } from "../push/rule-pusher.js";
import { GraylogRules } from "./push.js";
import { doneEvaluations, type EventDefinition, eventDefinition, graylogDefinition } from "./definitions.js";
import { alertOf, graylogEvents } from "./events.js";
import { anyOf, graylogClock, graylogMessage, graylogMessages } from "./messages.js";
import type { GraylogSettings } from "./settings.js";

/** Events of one span whose messages are fetched. */
const MOST_MESSAGES = 200;
/** Milliseconds by which a definition must look back further than its interval. */
const OVERLAP_MS = 60_000;

/** Graylog: messages, and events that its event definitions made of them. */
export class GraylogConnector implements Connector {
  readonly languages = ["lucene"] as const;
  readonly #evaluations = new RememberedEvaluations();

  constructor(
    private readonly http: SiemHttp,
    private readonly settings: GraylogSettings,
  ) {}

  clock(signal: AbortSignal): Promise<{ now: number; errorMs: number }> {
    return graylogClock(this.http, this.settings, signal);
  }

  sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>> {
    const { textField } = this.settings.telemetry;
    const trials = asked.map(({ trial }) => trial);
    const hosts = asked.map(({ host }) => host);
    const words = `${anyOf(textField, [SENTINEL_WORD])} AND ${anyOf(textField, trials)}`;
    const span = { hosts, ...sentinelSpan() };
    return this.#messages("the sentinels of trials", words, span, signal);
  }

  documents({ host, from, to }: HostSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#messages("the events of a host", "*", { hosts: [host], from, to }, signal);
  }

  async alerts(wanted: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>> {
    const events = await graylogEvents(this.http, this.settings.eventHostField, wanted, signal);
    const looked = events.rows.slice(0, MOST_MESSAGES);
    const alerts = await inTurns(looked, async (event) => {
      const { message } = event;
      if (message === null) return alertOf(event, null);
      const { index, id } = message;
      return alertOf(event, await graylogMessage(this.http, this.settings, index, id, signal));
    });
    const { rules, hosts } = wanted;
    const own = alerts.filter(
      ({ rule, host }) => rules.includes(rule) || (host !== null && hosts.includes(host)),
    );
    if (looked.length === events.rows.length) return found(own, events.lacks);
    const more = `there are ${events.rows.length} events, and ${MOST_MESSAGES} are looked into`;
    return found(own, events.lacks === null ? more : `${events.lacks}; ${more}`);
  }

  async rule(id: string, since: number, signal: AbortSignal): Promise<FoundRule> {
    const [definition, { now, errorMs }] = await Promise.all([
      eventDefinition(this.http, id, signal),
      this.clock(signal),
    ]);
    if (definition === null) return absentRule;
    this.#evaluations.add(id, doneEvaluations(definition, since, now + errorMs));
    const base = { present: true, enabled: definition.enabled, throttles: [], stateful: false };
    const { everyMs, withinMs } = definition;
    if (everyMs === null || withinMs === null)
      return { ...base, schedule: { type: "streaming" }, lacks: `how often ${id} is evaluated is not told` };
    return {
      ...base,
      schedule: {
        type: "scheduled",
        intervalMs: everyMs,
        lookBackMs: withinMs,
        windowOver: "event-time",
        evaluations: this.#evaluations.of(id).filter(({ completedAt }) => completedAt >= since),
      },
      lacks: await this.#lackOf(id, definition, everyMs, withinMs, since, signal),
    };
  }

  definition(id: string, signal: AbortSignal): Promise<RuleDefinition | null> {
    return graylogDefinition(this.http, id, signal);
  }

  search({ text }: NativeQuery, span: SearchSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return graylogMessages(this.http, this.settings, "a query", text, span, signal);
  }

  pusher(): RulePusher {
    return new RulePusher(this.http.siem, new GraylogRules(this.http, this.settings.telemetry));
  }

  close(): Promise<void> {
    return this.http.close();
  }

  async #lackOf(
    id: string,
    { cron, limit, enabled }: EventDefinition,
    everyMs: number,
    withinMs: number,
    since: number,
    signal: AbortSignal,
  ): Promise<string | null> {
    if (!enabled) return null;
    if (cron) return `the event definition ${id} has a cron schedule: when it was evaluated is not told`;
    // When exactly an evaluation began is not told: what came in meanwhile must be in the next one too.
    if (withinMs < everyMs + OVERLAP_MS)
      return `the event definition ${id} must search a minute further back than it is executed`;
    if (limit === null) return null;
    const wanted = { rules: [id], hosts: [], from: since, to: Date.now() + OVERLAP_MS };
    const { rows, lacks } = await graylogEvents(this.http, this.settings.eventHostField, wanted, signal);
    return rows.length < limit
      ? lacks
      : `the event definition ${id} makes no more than ${limit} events at once`;
  }

  async #messages(
    what: string,
    query: string,
    span: SearchSpan,
    signal: AbortSignal,
  ): Promise<Found<SiemDocument>> {
    const messages = await graylogMessages(this.http, this.settings, what, query, span, signal);
    return withOwnTimes(messages, this.settings.telemetry.format);
  }
}
