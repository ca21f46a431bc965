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
import { type Found, found } from "../http/pages.js";
import { RememberedEvaluations } from "../ruler/evaluations.js";
import { firedAlerts } from "../ruler/history.js";
import { alertsWithEvents, withOwnTimes } from "../ruler/log-records.js";
import { rulerDefinition, rulerRules, type RulerRule } from "../ruler/rules.js";
import { rulerStatus } from "../ruler/status.js";
import type { HostSpan, TrialOnHost } from "../siem.js";
import type { RuleFiles } from "../push/rule-files.js";
import { vmalertFiles } from "./push.js";
import { recordsSchema, resultsSchema, tenantHeaders, victoriaLogsRecords } from "./records.js";
import type { VictoriaLogsSettings } from "./settings.js";
import { lookBackOf, ruleUpdates, type RuleUpdate } from "./vmalert.js";

/** Milliseconds, beside an interval, by which vmalert may evaluate later than the moment for which it does. */
const EVALUATED_LATE_MS = 60_000;

/** VictoriaLogs, vmalert, and the store to which vmalert writes its alerts. */
export class VictoriaLogsConnector implements Connector {
  readonly languages = ["logsql"] as const;
  readonly #evaluations = new RememberedEvaluations<RuleUpdate>();

  constructor(
    private readonly http: SiemHttp,
    private readonly vmalert: SiemHttp,
    private readonly history: SiemHttp,
    private readonly settings: VictoriaLogsSettings,
  ) {}

  async clock(signal: AbortSignal): Promise<{ now: number; errorMs: number }> {
    return clockOfDate(
      this.http,
      await this.http.request({
        what: "the clock",
        method: "POST",
        path: "/select/logsql/query",
        headers: tenantHeaders(this.settings),
        // Of a span without records.
        body: { form: { query: "*", start: "1", end: "2", limit: "1" } },
        format: "ndjson",
        schema: z.array(z.unknown()),
        signal,
      }),
    );
  }

  sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>> {
    const text = quotedText(this.settings.telemetry.textField);
    const trials = [...new Set(asked.map(({ trial }) => trial))].map(
      (trial) => `${text}:${quotedText(trial)}`,
    );
    const hosts = asked.map(({ host }) => host);
    return this.#records(
      "the sentinels of trials",
      `${text}:${quotedText(SENTINEL_WORD)} AND (${trials.join(" OR ")})`,
      { hosts, ...sentinelSpan() },
      signal,
    );
  }

  documents({ host, from, to }: HostSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#records("the events of a host", "*", { hosts: [host], from, to }, signal);
  }

  async alerts(wanted: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>> {
    const { alertLabels, telemetry } = this.settings;
    const rules = await this.#rules(signal);
    const intervalOf = (name: string): number | null =>
      rules.find((rule) => rule.name === name)?.intervalMs ?? null;
    const lateMs = EVALUATED_LATE_MS + Math.max(0, ...wanted.rules.map((name) => intervalOf(name) ?? 0));
    const evaluatedFor = { ...wanted, from: wanted.from - lateMs };
    const fired = await firedAlerts(this.history, alertLabels.host, evaluatedFor, intervalOf, signal);
    const concerned = new Set(fired.rows.map(({ rule }) => rule));
    await Promise.all(
      rules.filter(({ name }) => concerned.has(name)).map((rule) => this.#remember(rule, signal)),
    );
    // vmalert evaluates for a moment that is past (`-rule.evalDelay`): the alert came when that was done.
    const momentOf = (name: string, moment: number): number | null =>
      this.#evaluations.of(name).find(({ at }) => at === moment)?.completedAt ?? null;
    const alerts = await alertsWithEvents(fired, alertLabels, telemetry.format, momentOf, (span) =>
      this.documents(span, signal),
    );
    const { from, to } = wanted;
    const inSpan = alerts.rows.filter(({ createdAt, updatedAt }) => updatedAt >= from && createdAt <= to);
    return found(inSpan, alerts.lacks);
  }

  async rule(name: string, since: number, signal: AbortSignal): Promise<FoundRule> {
    const rules = (await this.#rules(signal)).filter((rule) => rule.name === name);
    const [rule] = rules;
    if (rule !== undefined) await this.#remember(rule, signal);
    const lookBackMs = rule === undefined ? null : lookBackOf(rule);
    const evaluations = this.#evaluations.of(name).map(({ at: _, ...evaluation }) => evaluation);
    return rulerStatus(name, rules, since, lookBackMs, evaluations);
  }

  async definition(name: string, signal: AbortSignal): Promise<RuleDefinition | null> {
    return rulerDefinition(name, await this.#rules(signal));
  }

  async search({ text }: NativeQuery, span: SearchSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return await victoriaLogsRecords(
      this.http,
      this.settings,
      { what: "a query", query: text, schema: resultsSchema },
      span,
      signal,
    );
  }

  pusher(): RuleFiles {
    return vmalertFiles(this.http.siem, this.settings);
  }

  async close(): Promise<void> {
    await Promise.all([this.http, this.vmalert, this.history].map((http) => http.close()));
  }

  async #records(
    what: string,
    query: string,
    span: SearchSpan,
    signal: AbortSignal,
  ): Promise<Found<SiemDocument>> {
    const records = await victoriaLogsRecords(
      this.http,
      this.settings,
      { what, query, schema: recordsSchema },
      span,
      signal,
    );
    return withOwnTimes(records, this.settings.telemetry.format);
  }

  #rules(signal: AbortSignal): Promise<RulerRule[]> {
    return rulerRules(this.vmalert, "/api/v1/rules", {}, signal);
  }

  async #remember(rule: RulerRule, signal: AbortSignal): Promise<void> {
    const lookBackMs = lookBackOf(rule) ?? 0;
    this.#evaluations.add(rule.name, await ruleUpdates(this.vmalert, rule, lookBackMs, signal));
  }
}
