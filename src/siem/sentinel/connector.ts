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
import { timeAt } from "../connector/values.js";
import type { SiemHttp } from "../http/client.js";
import type { Found } from "../http/pages.js";
import type { HostSpan, TrialOnHost } from "../siem.js";
import { RulePusher } from "../push/rule-pusher.js";
import { SentinelRules } from "./push.js";
import { SentinelAlerts } from "./alerts.js";
import { TableDocuments } from "./documents.js";
import { Workspace } from "./query.js";
import { AnalyticsRules, definitionOf, durationMs } from "./rules.js";
import { stateOfRule } from "./runs.js";
import type { SentinelSettings } from "./settings.js";

/** Microsoft Sentinel: everything but its rules is asked in KQL. */
export class SentinelConnector implements Connector {
  readonly languages = ["kql"] as const;
  readonly #workspace: Workspace;
  readonly #documents: TableDocuments;
  readonly #alerts: SentinelAlerts;
  readonly #rules: AnalyticsRules;

  /** @param doors where tokens come from, to be closed too */
  constructor(
    private readonly http: SiemHttp,
    private readonly management: SiemHttp,
    private readonly settings: SentinelSettings,
    private readonly doors: readonly SiemHttp[],
  ) {
    this.#workspace = new Workspace(http, settings.workspace.id);
    this.#documents = new TableDocuments(this.#workspace, settings.telemetry);
    this.#alerts = new SentinelAlerts(this.#workspace, this.#documents);
    this.#rules = new AnalyticsRules(management, settings.workspace);
  }

  /** By what `now()` is when the query runs, at some moment of the round trip. */
  async clock(signal: AbortSignal): Promise<{ now: number; errorMs: number }> {
    const sometime = { from: Date.now() - 60_000, to: Date.now() };
    const { rows, sentAt, receivedAt } = await this.#workspace.run(
      "the clock",
      "print Now = now()",
      sometime,
      signal,
    );
    const now = timeAt(rows[0], "Now");
    if (now === undefined) throw this.http.error("siem-answer-invalid", "the clock: the answer has no time");
    const halfMs = (receivedAt - sentAt) / 2;
    return { now: now + halfMs, errorMs: halfMs };
  }

  sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#documents.sentinels(asked, signal);
  }

  documents({ host, ...span }: HostSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#documents.find("the events of a host", { hosts: [host], ...span }, signal);
  }

  alerts(wanted: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>> {
    return this.#alerts.find(wanted, signal);
  }

  /** A rule with suppression does not run for a time after each alert. */
  async rule(name: string, since: number, signal: AbortSignal): Promise<FoundRule> {
    const rule = await this.#rules.find(name, signal);
    if (rule === undefined) return absentRule;
    const state = await stateOfRule(this.#workspace, rule, since, signal);
    const { suppressionEnabled, suppressionDuration } = rule.properties;
    if (!suppressionEnabled) return state;
    const suppressMs = durationMs(suppressionDuration);
    if (suppressMs === null)
      return { ...state, lacks: state.lacks ?? `for how long the rule ${name} is suppressed cannot be read` };
    const wanted = { rules: [name], hosts: [], from: since - suppressMs, to: Date.now() + 3_600_000 };
    const openers = await this.#alerts.find(wanted, signal);
    const throttles = openers.rows.map(({ id, createdAt }) => ({
      from: createdAt,
      until: createdAt + suppressMs,
      openedBy: id,
    }));
    return { ...state, throttles, lacks: state.lacks ?? openers.lacks };
  }

  async definition(name: string, signal: AbortSignal): Promise<RuleDefinition | null> {
    const rule = await this.#rules.find(name, signal);
    return rule === undefined ? null : definitionOf(rule);
  }

  search({ text }: NativeQuery, span: SearchSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#documents.find("a query", span, signal, { query: text });
  }

  pusher(): RulePusher {
    return new RulePusher(this.http.siem, new SentinelRules(this.management, this.settings));
  }

  async close(): Promise<void> {
    await Promise.all([this.http, this.management, ...this.doors].map((http) => http.close()));
  }
}
