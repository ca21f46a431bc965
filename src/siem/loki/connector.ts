import { z } from "zod";
import { quotedText } from "../../detection/convert/quoted-text.js";
import { SENTINEL_WORD } from "../../model/event.js";
import type {
  AlertsWanted,
  Connector,
  FoundAlert,
  FoundRule,
  NativeQuery,
  RuleDefinition,
  SearchSpan,
  SiemDocument,
} from "../connector/connector.js";
import { sentinelSpan } from "../connector/sentinel-span.js";
import type { SiemHttp } from "../http/client.js";
import { clockOfDate } from "../http/date.js";
import type { Found } from "../http/pages.js";
import { RememberedEvaluations } from "../ruler/evaluations.js";
import { firedAlerts } from "../ruler/history.js";
import { alertsWithEvents, withOwnTimes } from "../ruler/log-records.js";
import { rulerDefinition, rulerRules, type RulerRule } from "../ruler/rules.js";
import { re2Text } from "../ruler/selector.js";
import { rulerStatus } from "../ruler/status.js";
import type { HostSpan, TrialOnHost } from "../siem.js";
import { RulePusher } from "../push/rule-pusher.js";
import { LokiRules } from "./push.js";
import { lokiEntries, lokiHeaders, onHosts } from "./entries.js";
import { lookBackOf } from "./look-back.js";
import type { LokiSettings } from "./settings.js";

/** Milliseconds by which an evaluation may begin after the moment for which it is made. */
const BEGUN_LATE_MS = 1_000;

/** Loki with its ruler, and the store to which the ruler writes its alerts. */
export class LokiConnector implements Connector {
  readonly languages = ["logql"] as const;
  /** The ruler tells of the last evaluation alone. */
  readonly #evaluations = new RememberedEvaluations();

  constructor(
    private readonly http: SiemHttp,
    private readonly history: SiemHttp,
    private readonly settings: LokiSettings,
  ) {}

  async clock(signal: AbortSignal): Promise<{ now: number; errorMs: number }> {
    return clockOfDate(
      this.http,
      await this.http.request({
        what: "the clock",
        method: "GET",
        path: "/loki/api/v1/status/buildinfo",
        headers: lokiHeaders(this.settings),
        schema: z.object({ version: z.string() }),
        signal,
      }),
    );
  }

  sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>> {
    const trials = re2Text(asked.map(({ trial }) => trial));
    const hosts = asked.map(({ host }) => host);
    const span = { hosts, ...sentinelSpan() };
    const words = `|= ${quotedText(SENTINEL_WORD)} |~ ${trials}`;
    return this.#records("the sentinels of trials", words, span, signal);
  }

  documents({ host, from, to }: HostSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#records("the events of a host", "", { hosts: [host], from, to }, signal);
  }

  async alerts(wanted: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>> {
    const { alertLabels, telemetry } = this.settings;
    const rules = await this.#rules(signal);
    const intervalOf = (name: string): number | null =>
      rules.find((rule) => rule.name === name)?.intervalMs ?? null;
    const fired = await firedAlerts(this.history, alertLabels.host, wanted, intervalOf, signal);
    // The moment for which a rule is evaluated is the one at which it is.
    return await alertsWithEvents(
      fired,
      alertLabels,
      telemetry.format,
      (_, evaluatedFor) => evaluatedFor,
      (span) => this.documents(span, signal),
    );
  }

  async rule(name: string, since: number, signal: AbortSignal): Promise<FoundRule> {
    const rules = (await this.#rules(signal)).filter((rule) => rule.name === name);
    const [rule] = rules;
    const lookBackMs = rule === undefined ? null : lookBackOf(rule.query);
    const status = rulerStatus(name, rules, since, lookBackMs, this.#evaluations.of(name));
    // Windows that only just touch each other are not known well enough.
    return rule !== undefined && lookBackMs !== null && lookBackMs < rule.intervalMs + 2 * BEGUN_LATE_MS
      ? { ...status, lacks: status.lacks ?? `the range of rule ${name} is no longer than its interval` }
      : status;
  }

  async definition(name: string, signal: AbortSignal): Promise<RuleDefinition | null> {
    return rulerDefinition(name, await this.#rules(signal));
  }

  async search({ text }: NativeQuery, span: SearchSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    const query = `${text} ${onHosts(this.settings, span.hosts)}`;
    return await lokiEntries(this.http, this.settings, "a query", query, span, signal);
  }

  pusher(): RulePusher {
    return new RulePusher(this.http.siem, new LokiRules(this.http, this.settings));
  }

  async close(): Promise<void> {
    await Promise.all([this.http.close(), this.history.close()]);
  }

  async #records(
    what: string,
    filter: string,
    span: SearchSpan,
    signal: AbortSignal,
  ): Promise<Found<SiemDocument>> {
    const { selector, format } = this.settings.telemetry;
    const query = `${selector} ${filter} ${onHosts(this.settings, span.hosts)}`;
    return withOwnTimes(await lokiEntries(this.http, this.settings, what, query, span, signal), format);
  }

  async #rules(signal: AbortSignal): Promise<RulerRule[]> {
    const rules = await rulerRules(this.http, "/prometheus/api/v1/rules", lokiHeaders(this.settings), signal);
    for (const rule of rules) this.#remember(rule);
    return rules;
  }

  #remember({ name, query, failure, lastEvaluatedAt: startedAt, lastTookMs }: RulerRule): void {
    const lookBackMs = lookBackOf(query);
    if (startedAt === null || failure !== null || lookBackMs === null) return;
    this.#evaluations.add(name, [
      {
        startedAt,
        completedAt: startedAt + lastTookMs,
        // What is exactly as old as the range is not a part of it.
        from: startedAt - lookBackMs + 1,
        to: startedAt - BEGUN_LATE_MS,
      },
    ]);
  }
}
